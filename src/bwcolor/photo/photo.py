# SPDX-License-Identifier: Apache-2.0
"""`Photo`: a header and a stream of rows, and the values around it."""

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
        format: Its row of the FORMATS table ("jpeg", "png", "tiff", ...), told by its content, not by its name.
        depth: Bits per channel at which the photo is colored and written, 8 or 16: the scan's own, rounded up, unless
            another was asked for.
        channels: What the file held: "gray", "rgb", "palette", "cmyk", ...
        size: Bytes of the file.
        sha256: Hash of the file's bytes, hexadecimal.
        bits: Bits per sample of the file, 1 to 64.
        notes: What a record of the work should say of how the file was read, in sentences.
        truncated: Whether a part of the picture is missing and was accepted so.
        orientation: EXIF orientation of the file, 1 to 8, which the photo's rows have applied.
    """

    path: Path
    format: str
    depth: int
    channels: str
    size: int
    sha256: str
    bits: int = 8
    notes: tuple[str, ...] = ()
    truncated: bool = False
    orientation: int = 1


@dataclass(frozen=True)
class Metadata:
    """Everything a file carried beside its pixels, as bytes wherever nothing must change.

    Attributes:
        exif: A TIFF structure as in a JPEG's APP1, without the "Exif" header before it.
        xmp: The packet, UTF-8.
        icc: The scan's own profile; outputs carry sRGB.
        dpi: Pixels per inch, across and down, upright.
        text: (keyword, text) of PNG.
        iptc: IPTC-IIM datasets.
        photoshop: Photoshop image resources ("8BIM"), which hold the IPTC-IIM in JPEG.
        comments: Free comments (JPEG COM, netpbm).
        extra: What only a file of the same format can hold, by names of that format's module.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    icc: bytes | None = None
    dpi: tuple[float, float] | None = None
    text: tuple[tuple[str, str], ...] = ()
    iptc: bytes | None = None
    photoshop: bytes | None = None
    comments: tuple[bytes, ...] = ()
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
        alpha: ``alpha(y0, y1) -> (y1 - y0, width) uint8 | uint16`` transparency, full scale is opaque; None without.
        tone: "neutral", "toned" (one hue, or none to speak of) or "color"; see ``toned.py``.
        pages: Further pages of the same file, each a photo of its own.
    """

    width: int
    height: int
    rows: Rows
    metadata: Metadata
    source: Source
    alpha: Rows | None = None
    tone: str = "neutral"
    pages: tuple[Photo, ...] = ()


@dataclass(frozen=True)
class Written:
    """A file that was written.

    Attributes:
        path: The file.
        format: Its row of the FORMATS table.
        depth: Bits per channel, 8 or 16.
        size: Bytes.
        sha256: Hash of the file's bytes, hexadecimal.
        lost: What the photo had and this file could not hold, by name ("IPTC", "alpha", ...).
    """

    path: Path
    format: str
    depth: int
    size: int
    sha256: str
    lost: tuple[str, ...] = ()
