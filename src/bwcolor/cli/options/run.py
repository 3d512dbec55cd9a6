# SPDX-License-Identifier: Apache-2.0
"""Options that say how a run goes on."""

from pathlib import Path
from typing import Annotated

import typer

PANEL = "Run"

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.", rich_help_panel=PANEL)
]
Jobs = Annotated[
    int | None,
    typer.Option(
        help="Photos at once (default: one more than cores; with --engine ray, as many workers as there are cores).",
        min=1,
        rich_help_panel=PANEL,
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        help="Who does the work: local (this machine), or ray (all machines of a cluster; needs the extra ray).",
        rich_help_panel=PANEL,
    ),
]
RayAddress = Annotated[
    str | None,
    typer.Option(
        help="Of the cluster, or auto (default: RAY_ADDRESS, one that runs here, or else a new one of this machine).",
        metavar="ADDRESS",
        rich_help_panel=PANEL,
    ),
]
BatchSize = Annotated[
    str,
    typer.Option(
        help="Photos of one shape that share a pass through the network: auto or a number.",
        rich_help_panel=PANEL,
    ),
]
OnOom = Annotated[
    str,
    typer.Option(
        help="When one photo alone does not fit into the device's memory: fail, or cpu.", rich_help_panel=PANEL
    ),
]
MaxMemory = Annotated[
    str | None,
    typer.Option(
        help="For photos in work, such as 4GB (default: half of the machine's).",
        metavar="AMOUNT",
        rich_help_panel=PANEL,
    ),
]
MaxMinutes = Annotated[
    float | None,
    typer.Option(help="Stop in good order after so long.", rich_help_panel=PANEL),
]
Until = Annotated[
    str | None,
    typer.Option(help="Stop in good order at this time of day.", metavar="HH:MM", rich_help_panel=PANEL),
]
TimeLimit = Annotated[
    float,
    typer.Option(help="Seconds after which a stage of one photo is given up.", min=1, rich_help_panel=PANEL),
]
FailFast = Annotated[
    bool, typer.Option("--fail-fast", help="Stop at the first photo that fails.", rich_help_panel=PANEL)
]
Json = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.", rich_help_panel=PANEL)]
LogFile = Annotated[
    Path | None,
    typer.Option(help="Append a JSON line for each photo to this file.", metavar="FILE", rich_help_panel=PANEL),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.", rich_help_panel=PANEL)]
Verbose = Annotated[
    int, typer.Option("--verbose", "-v", help="Tell of every photo.", count=True, rich_help_panel=PANEL)
]
