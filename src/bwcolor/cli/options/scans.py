# SPDX-License-Identifier: Apache-2.0
"""Options that say how scans are read."""

from typing import Annotated

import typer

PANEL = "Scans"

Invert = Annotated[bool, typer.Option("--invert", help="The scans are negatives.", rich_help_panel=PANEL)]
AllowTruncated = Annotated[
    bool,
    typer.Option(
        "--allow-truncated",
        help="Color photos of which a part is missing, and say so in the ledger.",
        rich_help_panel=PANEL,
    ),
]
MaxPixels = Annotated[
    str,
    typer.Option(help="Refuse photos that announce more.", metavar="AMOUNT", rich_help_panel=PANEL),
]
IfColor = Annotated[
    str,
    typer.Option(
        help="Scans in color already, and copies that bwcolor has made: skip, copy or recolor.",
        rich_help_panel=PANEL,
    ),
]
