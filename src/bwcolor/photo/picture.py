# SPDX-License-Identifier: Apache-2.0
"""`Picture`: what a codec writes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bwcolor.photo.options import WriteOptions
from bwcolor.photo.photo import Metadata, Rows, Source


@dataclass(frozen=True)
class Picture:
    """A picture in color on its way into a file.

    Attributes:
        width: Pixels, upright.
        height: Pixels, upright.
        depth: Bits per channel, 8 or 16, that the format can hold.
        rows: ``rows(y0, y1) -> (n, width, 3)`` of that depth, sRGB.
        alpha: ``alpha(y0, y1) -> (n, width)`` of that depth; None where there is none or the format holds none.
        metadata: Made true for this picture already: upright, no profile but `profile`.
        profile: The ICC profile to embed.
        source: What the scan's file was.
        options: What was asked for.
    """

    width: int
    height: int
    depth: int
    rows: Rows
    alpha: Rows | None
    metadata: Metadata
    profile: bytes
    source: Source
    options: WriteOptions

    def band(self, y0: int, y1: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """Return ``(n, width, 3 | 4)`` rows, alpha last."""
        rgb = self.rows(y0, y1)
        if self.alpha is None:
            return rgb
        return np.concatenate([rgb, self.alpha(y0, y1)[..., None]], axis=2)

    @property
    def channels(self) -> int:
        """3, or 4 with alpha."""
        return 3 if self.alpha is None else 4


def at_depth(rows: Rows, depth: int) -> Rows:
    """Return rows at another depth, rounded to the nearest level.

    Args:
        rows: uint8 or uint16 rows of any shape.
        depth: 8 or 16.
    """

    def converted(y0: int, y1: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
        pixels = rows(y0, y1)
        if pixels.dtype == np.uint16 and depth == 8:
            return ((pixels.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
        if pixels.dtype == np.uint8 and depth == 16:
            return pixels.astype(np.uint16) * np.uint16(257)
        return pixels

    return converted
