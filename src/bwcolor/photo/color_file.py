# SPDX-License-Identifier: Apache-2.0
"""`read_color`: a file's picture in color, at full depth; for measuring what was written, and for comparing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bwcolor.photo.options import ReadOptions
from bwcolor.photo.orientation import turned_rows
from bwcolor.photo.photo import Rows
from bwcolor.photo.reading import guarded, opened, srgb_rows
from bwcolor.photo.scan import Pixels


@dataclass(frozen=True)
class ColorFile:
    """A picture in color, upright.

    Attributes:
        width: Pixels.
        height: Pixels.
        depth: Bits per channel of the file, rounded up to 8 or 16.
        format: Its row of the FORMATS table.
        rows: ``rows(y0, y1) -> (y1 - y0, width, 3)`` sRGB: the file's own codes where it is sRGB (uint8 or uint16),
            else converted by its profile (uint16). Any rows, in any order, from any thread.
    """

    width: int
    height: int
    depth: int
    format: str
    rows: Rows


def read_color(path: Path | str, options: ReadOptions | None = None) -> ColorFile:
    """Read a file's picture in color; of several pages the first.

    Args:
        path: A file of any row of the FORMATS table; a gray one gives R = G = B.
        options: How; ``depth`` and ``invert`` are of no matter here.

    Returns:
        The picture.

    Raises:
        PhotoError: As `read_photo`.
    """
    path, options = Path(path), options or ReadOptions()
    with opened(path, options) as found:
        scan = found.scan
        rows = turned_rows(_three_channels(srgb_rows(scan)), scan.width, scan.height, scan.orientation)
        width, height = (scan.height, scan.width) if scan.orientation > 4 else (scan.width, scan.height)
        return ColorFile(width, height, 16 if scan.bits > 8 else 8, found.format.name, guarded(rows, path))


def _three_channels(rows: Rows) -> Rows:
    def wide(y0: int, y1: int) -> Pixels:
        pixels = rows(y0, y1)
        if pixels.ndim == 3:
            return pixels
        gray: NDArray[Any] = np.repeat(pixels[..., None], 3, axis=2)
        return gray

    return wide
