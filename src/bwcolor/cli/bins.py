# SPDX-License-Identifier: Apache-2.0
"""``bwcolor bins``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

BIN_PANEL = "Bins"
WEIGHT_PANEL = "Weights"
MAPS_SUFFIX = ".png"


def bins(
    data: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Color photographs: folders, tar shards, lists, patterns, files. Default: `data` of bwcolor.toml, "
            "else ./photos.",
            metavar="DATA",
        ),
    ] = None,
    space: Annotated[
        str, typer.Option(help="lab (bins of ab) or yuv (bins of U and V).", rich_help_panel=BIN_PANEL)
    ] = "lab",
    step: Annotated[
        int,
        typer.Option(
            help="Lab units between bins; for yuv, into how many cells U and V are cut.",
            min=1,
            rich_help_panel=BIN_PANEL,
        ),
    ] = 10,
    keep: Annotated[
        int,
        typer.Option(
            help="Keep only so many, the most frequent; 0 keeps all. yuv-bins is trained with 32.",
            min=0,
            rich_help_panel=BIN_PANEL,
        ),
    ] = 0,
    rebalancing_mix: Annotated[
        float,
        typer.Option(
            "--lambda",
            help="Share of the uniform distribution in the weights: 0 is full inverse frequency, 1 none.",
            min=0,
            max=1,
            rich_help_panel=WEIGHT_PANEL,
        ),
    ] = 0.5,
    sigma: Annotated[
        float,
        typer.Option(help="Smoothing of the frequencies, in bins; 0 for none.", min=0, rich_help_panel=WEIGHT_PANEL),
    ] = 0.5,
    looked_at: Annotated[
        int, typer.Option(help="How many photographs are looked at, drawn by the seed; 0 for all.", min=0)
    ] = 2000,
    seed: Annotated[int, typer.Option(help="Of that draw.")] = 0,
    out: Annotated[
        Path, typer.Option(help="File of the bins, .json or .npz; the maps lie beside it as .png.", metavar="FILE")
    ] = Path("bins.json"),
) -> None:
    """Measure which colors photographs have.

    Colors are counted in bins of ab, or of U and V, smoothed, and rebalanced: the rarer a color, the more it weighs in
    training. The file goes into a training with --set bins=FILE. Four maps show colors, frequencies, their inverse and
    the weights.

    Examples:
        bwcolor bins photos

        bwcolor bins photos --space yuv --keep 32 --lambda 0.2 --sigma 0 --out beach.json
    """
    import logging

    from bwcolor.cli.train import photographs
    from bwcolor.training.data import open_photos
    from bwcolor.training.palette import PaletteOptions, measure_palette, write_palette
    from bwcolor.training.palette_maps import draw_maps

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options = PaletteOptions(
        space=space, step=step, keep=keep, mix=rebalancing_mix, sigma=sigma, photos=looked_at, seed=seed
    )
    palette = measure_palette(open_photos(photographs(tuple(data or ()))), options)
    written = write_palette(palette, out)
    drawn = draw_maps(palette, out.with_suffix(MAPS_SUFFIX))
    typer.echo(f"{len(palette.centers)} bins of {palette.photos} photographs")
    typer.echo(written)
    typer.echo(drawn)
