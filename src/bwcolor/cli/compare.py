# SPDX-License-Identifier: Apache-2.0
"""``bwcolor compare``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from bwcolor.cli.options import color


def compare(
    photos: Annotated[list[Path], typer.Argument(help="Black-and-white photos.", metavar="PHOTO", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sheet: .jpg, .png or .webp.", metavar="FILE")] = Path(
        "comparison.jpg"
    ),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a sheet that is there.")] = False,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            help="Networks, with commas between (default: all for photographs whose weights are on this machine).",
            metavar="NAMES",
            show_default=False,
            rich_help_panel=color.PANEL,
        ),
    ] = None,
    device: color.Device = "auto",
    precision: color.Precision = "auto",
    saturation: color.Saturation = 1.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")] = False,
) -> None:
    """Show photos by every network at hand, on one sheet.

    A row for each photo: in gray first, then by each network, made small. The photos themselves are only read.

    Examples:
        bwcolor compare scans/harbor.jpg scans/wedding.tif

        bwcolor compare scans/harbor.jpg --model gan,classify --out harbor.png
    """
    from bwcolor.errors import NothingToDoError
    from bwcolor.models.table import find_model

    named = [name.strip() for name in (model or "").split(",") if name.strip()]
    for name in named:
        find_model(name)
    missing = next((photo for photo in photos if not photo.is_file()), None)
    if missing is not None:
        raise NothingToDoError(f"{missing} is no file.", "Name photos, not folders.")
    from bwcolor.cli.terminal import print_json, shown
    from bwcolor.evaluation.sheet import check_target, make_sheet, networks_at_hand, write_sheet

    check_target(out, photos, overwrite)
    models, absent = (tuple(named), ()) if named else networks_at_hand()
    options = {"device": device, "precision": precision, "saturation": saturation}
    write_sheet(make_sheet(photos, models, options, _progress), out)
    if json:
        print_json(
            {"sheet": str(out), "photos": [shown(photo) for photo in photos], "models": models, "absent": absent}
        )
        return
    typer.echo(f"{shown(out)}: {len(photos)} photos by {', '.join(models)}")
    if absent:
        typer.echo(f"Their weights are not here: {', '.join(absent)}")


def _progress(photos: Iterable[Path]) -> Iterable[Path]:
    """Show progress on stderr where that is a terminal."""
    from tqdm import tqdm

    return tqdm(photos, unit="photo", disable=None, dynamic_ncols=True)
