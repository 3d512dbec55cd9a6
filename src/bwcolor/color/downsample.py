# SPDX-License-Identifier: Apache-2.0
"""The lightness of a whole photo made as small as a network wants it, read strip by strip."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from bwcolor.color.merge import lightness_of

# rows(y0, y1) -> (y1 - y0, W) uint8 | uint16, sRGB-encoded neutral gray
GrayRows = Callable[[int, int], NDArray[np.uint8] | NDArray[np.uint16]]

LONGEST_SIDE = 4096  # pixels; a panorama's short side shrinks rather than its long side passing this
STRIP_PIXELS = 1 << 21  # read at a time


def lightness_rows(rows: GrayRows) -> Callable[[int, int], NDArray[np.float32]]:
    """Return ``rows(y0, y1) -> (y1 - y0, W) float32`` CIE L* 0..100 for rows of neutral gray."""

    def lightness(y0: int, y1: int) -> NDArray[np.float32]:
        return lightness_of(rows(y0, y1))

    return lightness


def working_shape(
    height: int, width: int, working_size: int, multiple: int, longest: int = LONGEST_SIDE
) -> tuple[int, int]:
    """Return the (height, width) at which a network sees a photo: aspect kept, sides rounded to ``multiple``."""
    scale = min(working_size / min(height, width), longest / max(height, width))
    return (
        max(round(height * scale / multiple), 1) * multiple,
        max(round(width * scale / multiple), 1) * multiple,
    )


def shrink(rows: GrayRows, height: int, width: int, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Make a photo's lightness small by exact area averaging, reading it in strips.

    Args:
        rows: ``rows(y0, y1) -> (n, width)`` uint8 or uint16 neutral gray.
        height: Rows of the photo.
        width: Pixels per row.
        shape: (height, width) wanted; a side that grows is interpolated linearly.

    Returns:
        ``shape`` float32, CIE L* 0..100.
    """
    lightness = lightness_rows(rows)
    if shape[0] > height or shape[1] > width:
        whole = lightness(0, height)
        lower = (min(shape[1], width), min(shape[0], height))
        if lower != (width, height):
            whole = cv2.resize(whole, lower, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
        return cv2.resize(whole, shape[::-1], interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)
    result = np.zeros(shape, dtype=np.float32)
    edges = np.arange(shape[0] + 1, dtype=np.float64) * (height / shape[0])
    step = max(STRIP_PIXELS // width, 1)
    for y0 in range(0, height, step):
        y1 = min(y0 + step, height)
        narrow = cv2.resize(lightness(y0, y1), (shape[1], y1 - y0), interpolation=cv2.INTER_AREA)
        first = int(np.searchsorted(edges, y0, side="right")) - 1
        last = min(int(np.searchsorted(edges, y1, side="left")), shape[0])
        y = np.arange(y0, y1, dtype=np.float64)
        top, bottom = edges[first:last, None], edges[first + 1 : last + 1, None]
        overlap = np.clip(np.minimum(bottom, y + 1) - np.maximum(top, y), 0, None) / (bottom - top)
        result[first:last] += overlap.astype(np.float32) @ narrow
    return result
