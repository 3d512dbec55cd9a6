# SPDX-License-Identifier: Apache-2.0
"""Options that say how colors are made; commands that run networks share them."""

from pathlib import Path
from typing import Annotated

import typer

PANEL = "Color"

Model = Annotated[
    str,
    typer.Option("--model", "-m", help="Network; `bwcolor models` lists them.", rich_help_panel=PANEL),
]
Weights = Annotated[
    Path | None,
    typer.Option(help="Weights of your own (.safetensors or .onnx).", metavar="FILE", rich_help_panel=PANEL),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.", rich_help_panel=PANEL)]
Devices = Annotated[
    str,
    typer.Option(
        "--device",
        help="auto, cpu, cuda, cuda:N or mps; or several that take photos in turn, such as cuda:0,cuda:1.",
        metavar="NAMES",
        rich_help_panel=PANEL,
    ),
]
Precision = Annotated[str, typer.Option(help="auto, fp32, bf16 or fp16 (CUDA only).", rich_help_panel=PANEL)]
Backend = Annotated[
    str,
    typer.Option(
        help="What computes the network: torch, openvino (CPU; needs the extra openvino), or auto: what is installed.",
        rich_help_panel=PANEL,
    ),
]
WorkingSize = Annotated[
    int | None,
    typer.Option(
        help="Short side in pixels at which the network sees a photo (default: the model's own).",
        rich_help_panel=PANEL,
    ),
]
Temperature = Annotated[
    float | None,
    typer.Option(
        help="Lower is more vivid and patchier, higher calmer (default: the model's own).",
        rich_help_panel=PANEL,
    ),
]
Saturation = Annotated[float, typer.Option(help="Factor on the colors.", rich_help_panel=PANEL)]
Strength = Annotated[float, typer.Option(help="Blend with the gray photo: 0 gray to 1 color.", rich_help_panel=PANEL)]
Upsample = Annotated[
    str,
    typer.Option(help="edge carries color along the scan's edges, bilinear does not.", rich_help_panel=PANEL),
]
Levels = Annotated[
    str,
    typer.Option(
        help="How the network sees faded photos: stretch (black and white moved apart; the copy's lightness stays the "
        "scan's), scan (as they are), or auto: the model's own.",
        rich_help_panel=PANEL,
    ),
]
Effort = Annotated[
    str,
    typer.Option(
        help="fast (one look), best (several looks are averaged), or auto: the model's own.",
        rich_help_panel=PANEL,
    ),
]
TileSize = Annotated[
    int | None,
    typer.Option(
        help="See a photo in overlapping tiles of so many pixels, too, at twice the working size or that of "
        "--working-size: more detail; the colors at large stay those of the whole photo.",
        metavar="PIXELS",
        rich_help_panel=PANEL,
    ),
]
TileOverlap = Annotated[
    int | None,
    typer.Option(
        help="Pixels that neighbouring tiles share at least (default: a quarter of a tile).",
        metavar="PIXELS",
        rich_help_panel=PANEL,
    ),
]
AsPublished = Annotated[
    bool,
    typer.Option(
        "--as-published",
        help="Run the network's authors' own pipeline, 8 bits and all, to compare with published pictures.",
        rich_help_panel=PANEL,
    ),
]
Decisions = Annotated[
    Path | None,
    typer.Option(
        help="What people decided on the page of `bwcolor review`: rejected photos are colored again, with their hints "
        "or by another sample; accepted ones are left alone, whatever options change.",
        metavar="FILE",
        rich_help_panel=PANEL,
    ),
]
Consistent = Annotated[
    bool,
    typer.Option(
        "--consistent",
        help="Draw the white points of each folder's photos together: one album, one look (every photo is looked at "
        "twice).",
        rich_help_panel=PANEL,
    ),
]
Sequence = Annotated[
    bool,
    typer.Option(
        "--sequence",
        help="Take each folder for the frames of a film, in the order of their names: color is averaged over "
        "neighboring frames along the motion.",
        rich_help_panel=PANEL,
    ),
]
Hints = Annotated[
    Path | None,
    typer.Option(
        help="Known colors of a single photo, JSON or PNG (NAME.hints.json beside a scan counts without it).",
        metavar="FILE",
        rich_help_panel=PANEL,
    ),
]
Samples = Annotated[
    int | None,
    typer.Option(
        help="Make N plausible colorings of each photo instead of the likeliest one, in OUT-sample-1, -2, ...",
        metavar="N",
        min=1,
        rich_help_panel=PANEL,
    ),
]
Reference = Annotated[
    Path | None,
    typer.Option(
        help="A photograph in color whose palette the copies shall come near.", metavar="FILE", rich_help_panel=PANEL
    ),
]
