# SPDX-License-Identifier: Apache-2.0
"""Options that say how color copies are written."""

from pathlib import Path
from typing import Annotated

import typer

PANEL = "Color copies"

Format = Annotated[
    str,
    typer.Option(
        help="keep (the scan's own, TIFF where that is not written), jpeg, png, tiff, webp, ...",
        rich_help_panel=PANEL,
    ),
]
Depth = Annotated[
    int | None,
    typer.Option(help="Bits per channel, 8 or 16 (default: the scan's).", rich_help_panel=PANEL),
]
Quality = Annotated[
    int | None,
    typer.Option(
        help="Of JPEG and WebP, 1 to 100 (default: a JPEG scan's own quantization tables).",
        min=1,
        max=100,
        rich_help_panel=PANEL,
    ),
]
Progressive = Annotated[bool, typer.Option("--progressive", help="Write progressive JPEG.", rich_help_panel=PANEL)]
Suffix = Annotated[
    str,
    typer.Option(help="Added to each name: with _color, a.jpg becomes a_color.jpg.", rich_help_panel=PANEL),
]
KeepTimes = Annotated[
    bool,
    typer.Option("--keep-times", help="Give copies the file times of the scans.", rich_help_panel=PANEL),
]
Access = Annotated[
    str | None,
    typer.Option(
        help="Also write a small copy of each photo into OUT-access: jpeg, webp:80 or jpeg:85:1600 (quality, long "
        "side).",
        metavar="KIND",
        rich_help_panel=PANEL,
    ),
]
Uncertainty = Annotated[
    bool,
    typer.Option(
        "--uncertainty",
        help="Also write NAME.uncertainty.png beside each copy: white where the network is sure.",
        rich_help_panel=PANEL,
    ),
]
CopySidecars = Annotated[
    bool, typer.Option("--copy-sidecars", help="Copy .xmp, .txt and .json along.", rich_help_panel=PANEL)
]
Provenance = Annotated[
    bool,
    typer.Option(help="Write into each copy's XMP that, and how, it was colored.", rich_help_panel=PANEL),
]
SourceType = Annotated[
    str | None,
    typer.Option(
        help="IPTC DigitalSourceType of the copies (default: compositeWithTrainedAlgorithmicMedia).",
        metavar="URI",
        rich_help_panel=PANEL,
    ),
]
Stamp = Annotated[
    bool,
    typer.Option(
        "--stamp",
        help="Write the time into each copy; without it, they can be reproduced.",
        rich_help_panel=PANEL,
    ),
]
C2pa = Annotated[
    Path | None,
    typer.Option(
        help="Sign each copy with a C2PA manifest by this certificate, with its issuers' (needs the extra c2pa).",
        metavar="CERT",
        rich_help_panel=PANEL,
    ),
]
C2paKey = Annotated[
    Path | None,
    typer.Option(help="The certificate's private key, PEM.", metavar="KEY", rich_help_panel=PANEL),
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Also color again what was colored with other options or changed since, and replace files that "
        "bwcolor did not write.",
        rich_help_panel=PANEL,
    ),
]
