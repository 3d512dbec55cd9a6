# SPDX-License-Identifier: Apache-2.0
"""`Photo`: a header and a stream of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# rows(y0, y1) -> (y1 - y0, W) uint8 | uint16, or (y1 - y0, W, 3) for color
Rows = Callable[[int, int], NDArray[np.uint8] | NDArray[np.uint16]]


@dataclass(frozen=True)
class Source:
    """Where a photo came from and what its file was.

    Attributes:
        path: The file.
        format: Its row of the FORMATS table ("jpeg", "png", "tiff", ...).
        depth: Bits per channel of the scan, rounded up to what can be written: 8 or 16.
        channels: What the file held: "gray", "rgb", "palette", "cmyk", ...
        size: Bytes of the file.
        sha256: Hash of the file's bytes, hexadecimal.
    """

    path: Path
    format: str
    depth: int
    channels: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Metadata:
    """Everything a file carried beside its pixels, as bytes wherever nothing must change."""

    exif: bytes | None = None
    xmp: bytes | None = None
    icc: bytes | None = None
    dpi: tuple[float, float] | None = None
    text: tuple[tuple[str, str], ...] = ()
    extra: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Photo:
    """A black-and-white photograph, upright, as a header and a stream of rows.

    Attributes:
        width: Pixels, after the EXIF orientation was applied.
        height: Pixels, after the EXIF orientation was applied.
        rows: ``rows(y0, y1) -> (y1 - y0, width) uint8 | uint16``: the sRGB-encoded neutral gray that has the scan's
            lightness, full scale 255 or 65535. Any 0 <= y0 < y1 <= height, in any order, from any thread.
        metadata: What the file carried beside its pixels.
        source: Where it came from.
    """

    width: int
    height: int
    rows: Rows
    metadata: Metadata
    source: Source
