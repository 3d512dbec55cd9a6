# SPDX-License-Identifier: Apache-2.0
"""Known colors spread from where they were given, as far as lightness stays alike.

After Levin, Lischinski, Weiss, "Colorization using Optimization" (SIGGRAPH 2004): neighbouring cells of like lightness
get like colors. Here it is the *correction* of a prediction that spreads, and it fades with distance, so that one known
color mends the thing it lies on and leaves the rest of the picture as it was.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RANGE_SIGMA = 5.0  # L* units within which neighbouring cells count as one thing
FADING = 0.03  # how strongly a correction falls back to none at each cell
ROUNDS = 400  # of relaxation; a correction reaches about 1 / sqrt(FADING) = 6 cells, so this is many times enough


def spread(ab: NDArray[np.float32], hints: NDArray[np.float32], guide: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give a prediction its known colors, and what is of one piece with them the same correction.

    Args:
        ab: ``(h, w, 2)`` float32, the prediction in Lab units.
        hints: ``(3, H, W)`` float32, H and W multiples of h and w: a, b where the mask is 1, and the mask.
        guide: ``(h, w)`` float32, CIE L* 0..100 averaged to the grid.

    Returns:
        ``(h, w, 2)`` float32, Lab units; equal to the hints where they lie.
    """
    height, width = guide.shape
    down, across = hints.shape[1] // height, hints.shape[2] // width
    cells = hints.reshape(3, height, down, width, across)
    share = cells[2].mean(axis=(1, 3))
    known = share > 0
    color = (cells[:2] * cells[2]).mean(axis=(2, 4)) / np.maximum(share, 1e-6)
    correction = np.where(known[..., None], color.transpose(1, 2, 0) - ab, 0.0)
    links = [_alike(guide, axis) for axis in (0, 1)]
    one = np.ones((height, width, 1))
    total = FADING + _both_ways(one, links[0], 0) + _both_ways(one, links[1], 1)
    field: NDArray[np.float64] = correction.astype(np.float64)
    for _ in range(ROUNDS):
        around = _both_ways(field, links[0], 0) + _both_ways(field, links[1], 1)
        field = np.where(known[..., None], correction, around / total)
    moved: NDArray[np.float32] = (ab + field).astype(np.float32)
    return moved


def _alike(guide: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Return how much each cell and its next one along an axis are of one piece, 0..1."""
    step = np.diff(guide, axis=axis)
    likeness: NDArray[np.float32] = np.exp(-(step**2) / (2 * RANGE_SIGMA**2)).astype(np.float32)
    return likeness[..., None]


def _both_ways(field: NDArray[np.float64], link: NDArray[np.float32], axis: int) -> NDArray[np.float64]:
    """Return for each cell the sum of its two neighbours along an axis, weighted by their links."""
    result = np.zeros_like(field)
    first = (slice(None),) * axis + (slice(None, -1),)
    last = (slice(None),) * axis + (slice(1, None),)
    result[first] += link * field[last]
    result[last] += link * field[first]
    return result
