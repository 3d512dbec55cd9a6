# SPDX-License-Identifier: Apache-2.0
"""Options that say which photos, and where to."""

from pathlib import Path
from typing import Annotated

import typer

PANEL = "Which photos"

Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Folders (with all below them) and single files.", metavar="PATHS...", show_default=False),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="Output folder (default: FOLDER-color beside each folder).", metavar="DIR"),
]
Include = Annotated[
    list[str] | None,
    typer.Option(
        help="Only names that match, such as '*_large.tif' or '1910s/*'; may be repeated.",
        metavar="GLOB",
        rich_help_panel=PANEL,
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(help="No names that match; may be repeated.", metavar="GLOB", rich_help_panel=PANEL),
]
FilesFrom = Annotated[
    Path | None,
    typer.Option(
        help="Only the files of this list, one name in each line (or ended by zero bytes); - is stdin.",
        metavar="LIST",
        rich_help_panel=PANEL,
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(help="Only the first N photos.", metavar="N", min=1, rich_help_panel=PANEL),
]
Sample = Annotated[
    int | None,
    typer.Option(
        help="Only N photos drawn from all, for a trial before the night.",
        metavar="N",
        min=1,
        rich_help_panel=PANEL,
    ),
]
Seed = Annotated[
    int,
    typer.Option(
        help="Another number draws other photos (--sample) and other colors (--samples: those after it).",
        metavar="S",
        min=0,
        rich_help_panel=PANEL,
    ),
]
Shard = Annotated[
    str | None,
    typer.Option(
        help="Only this machine's share of the photos, such as 3/16; each gets about as many bytes.",
        metavar="K/N",
        rich_help_panel=PANEL,
    ),
]
RedoFailed = Annotated[
    bool, typer.Option("--redo-failed", help="Only photos that failed before.", rich_help_panel=PANEL)
]
