# SPDX-License-Identifier: Apache-2.0
"""`Scan`: what a codec finds in a file, before it is upright and before it is gray."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bwcolor.photo.photo import Metadata, Rows

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class Scan:
    """Decoded samples as they lie in the file, and what lies beside them.

    Attributes:
        width: Pixels as stored.
        height: Pixels as stored.
        samples: ``samples(y0, y1) -> (n, width)`` for gray or ``(n, width, 3 | 4)`` for rgb and cmyk, uint8 or uint16,
            full scale 255 or 65535, 0 is black (for cmyk: no ink), not yet converted by any profile.
        space: "gray", "rgb" or "cmyk": what the samples are.
        channels: What the file held, for the record: "gray", "rgb", "palette", "cmyk", "ycck", ...
        bits: Bits per sample of the file.
        alpha: ``alpha(y0, y1) -> (n, width)`` of the samples' dtype; None without.
        orientation: EXIF orientation 1 to 8, still to be applied.
        gamma: Exponent of the samples where the file names one and has no profile: linear = sample ** gamma.
        metadata: What lies beside the pixels.
        notes: What a record should say of how the file was read.
        truncated: Whether a part of the picture is missing.
        pages: Further full-size pages of the same file.
        streams: Whether ``samples`` reads the file as it is called, instead of holding the picture in memory.
    """

    width: int
    height: int
    samples: Rows
    space: str
    channels: str
    bits: int
    metadata: Metadata
    alpha: Rows | None = None
    orientation: int = 1
    gamma: float | None = None
    notes: tuple[str, ...] = ()
    truncated: bool = False
    streams: bool = False
    pages: tuple[Scan, ...] = ()


def rows_of(pixels: Pixels) -> Rows:
    """Return the stream of rows of a picture held in memory."""

    def rows(y0: int, y1: int) -> Pixels:
        return pixels[y0:y1]

    return rows


def scaled(codes: NDArray[np.integer], bits: int) -> Pixels:
    """Stretch codes of any depth to full scale, exactly where the depths divide.

    Args:
        codes: Any shape, 0 .. 2**bits - 1.
        bits: 1 to 32.

    Returns:
        uint8 for up to 8 bits, else uint16, rounded to the nearest.
    """
    if bits == 8:
        return codes.astype(np.uint8, copy=False)
    if bits == 16:
        return codes.astype(np.uint16, copy=False)
    full, kind = (255, np.uint8) if bits < 8 else (65535, np.uint16)
    most = 2**bits - 1
    if bits <= 16:
        table: Pixels = ((np.arange(most + 1, dtype=np.uint64) * full + most // 2) // most).astype(kind)
        return table.take(codes)
    wide: Pixels = ((codes.astype(np.uint64) * full + most // 2) // most).astype(kind)
    return wide


def parted(picture: NDArray[Any]) -> tuple[Pixels, Pixels | None]:
    """Part a picture in memory into color and alpha.

    Args:
        picture: ``(h, W)`` or ``(h, W, 1 .. 4)`` uint8 or uint16: gray, gray and alpha, RGB, RGB and alpha.

    Returns:
        ``(h, W)`` or ``(h, W, 3)`` color, and ``(h, W)`` alpha or None.
    """
    if picture.ndim == 2:
        return picture, None
    colors = 1 if picture.shape[2] <= 2 else 3
    color = np.ascontiguousarray(picture[..., 0] if colors == 1 else picture[..., :3])
    return color, np.ascontiguousarray(picture[..., colors]) if picture.shape[2] > colors else None
