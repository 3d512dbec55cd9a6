# SPDX-License-Identifier: Apache-2.0
"""EXIF orientation, applied once (CIPA DC-008, tag 274)."""

from __future__ import annotations

import math
import tempfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bwcolor.photo.photo import Rows

SPOOL_BYTES = 1 << 30  # a plane larger than this waits in a temporary file while it is turned
STRIP_PIXELS = 1 << 22


def turned(picture: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return a picture upright, as a view.

    Args:
        picture: ``(h, W, ...)`` as stored.
        orientation: 1 to 8.

    Returns:
        ``(h, W, ...)``, or ``(W, h, ...)`` for 5 to 8.
    """
    if orientation > 4:
        picture = picture.swapaxes(0, 1)
    # 5 to 8 are 1, 4, 3 and 2 after the axes were exchanged
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}.get(orientation, ())
    return np.flip(picture, flips) if flips else picture


def turned_rows(rows: Rows, width: int, height: int, orientation: int) -> Rows:
    """Return the rows of a picture upright.

    Args:
        rows: ``rows(y0, y1) -> (n, width)`` or ``(n, width, 3)`` as stored.
        width: Pixels as stored.
        height: Pixels as stored.
        orientation: 1 to 8.

    Returns:
        The rows upright: made from single rows for 1 to 4; for 5 to 8 the whole plane is read once and kept.
    """
    if orientation == 1:
        return rows
    if orientation <= 4:

        def flipped(y0: int, y1: int) -> NDArray[Any]:
            if orientation != 2:
                y0, y1 = height - y1, height - y0
            return np.ascontiguousarray(turned(rows(y0, y1), orientation))

        return flipped
    first = rows(0, 1)
    plane = _plane((width, height, *first.shape[2:]), first.dtype)
    step = max(STRIP_PIXELS // width, 1)
    for y0 in range(0, height, step):
        y1 = min(y0 + step, height)
        columns = slice(height - y1, height - y0) if orientation in (6, 7) else slice(y0, y1)
        plane[:, columns] = turned(rows(y0, y1), orientation)
    return lambda y0, y1: np.asarray(plane[y0:y1])


def _plane(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return room for a plane, in memory or in a file without a name."""
    if math.prod(shape) * dtype.itemsize <= SPOOL_BYTES:
        return np.empty(shape, dtype)
    return np.memmap(tempfile.TemporaryFile(), dtype, "w+", shape=shape)  # the map keeps the file
