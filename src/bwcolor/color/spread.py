# SPDX-License-Identifier: Apache-2.0
"""Known colors spread from where they were given, as far as lightness stays alike.

After Levin, Lischinski, Weiss, "Colorization using Optimization" (SIGGRAPH 2004): neighbouring cells of like lightness
get like colors. Here it is the *correction* of a prediction that spreads, and it fades with distance, so that one known
color mends the thing it lies on and leaves the rest of the picture as it was. What one thing is, the prediction knows
too: a face and the cap above it may be equally dark, and were not given one color.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from bwcolor.color.upsample import AbUpsampler

LARGEST = 64  # cells of the short side of the grid on which corrections spread; a finer one is averaged to that
RANGE_SIGMA = 5.0  # L* units within which neighbouring cells count as one thing
COLOR_SIGMA = 2.5  # Lab units of predicted ab within which they do
FADING = 0.03  # how strongly a correction falls back to none at each cell
_LEAST_SHARE = 1e-6  # of a cell that is hinted
ROUNDS = 400  # of relaxation; a correction reaches about 1 / sqrt(FADING) = 6 cells, so this is many times enough


def spread(ab: NDArray[np.float32], hints: NDArray[np.float32], guide: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give a prediction its known colors, and what is of one piece with them the same correction.

    Args:
        ab: ``(h, w, 2)`` float32, the prediction in Lab units.
        hints: ``(3, H, W)`` float32, at least as large as the grid: a, b where the mask is 1, and the mask.
        guide: ``(h, w)`` float32, CIE L* 0..100 averaged to the grid.

    Returns:
        ``(h, w, 2)`` float32, Lab units; equal to the hints where they lie.
    """
    factor = max(min(guide.shape) // LARGEST, 1)
    shape = (-(-guide.shape[0] // factor), -(-guide.shape[1] // factor))
    coarse, predicted = _averaged(guide, shape), _averaged(ab, shape)
    known, color = _known(hints, shape)
    features = np.dstack([coarse / RANGE_SIGMA, predicted / COLOR_SIGMA])
    field = _relaxed(np.where(known[..., None], color - predicted, 0.0), known, features)
    if factor > 1:
        field = AbUpsampler(field, coarse, guide.shape).rows(lambda y0, y1: guide[y0:y1], 0, guide.shape[0])
        known, color = _known(hints, guide.shape)
        return np.where(known[..., None], color, ab + field).astype(np.float32)
    return (ab + field).astype(np.float32)


def _known(hints: NDArray[np.float32], shape: tuple[int, int]) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Return which cells hold hints, and their mean color ``(h, w, 2)``."""
    share = _averaged(hints[2], shape)
    told = np.ascontiguousarray((hints[:2] * hints[2]).transpose(1, 2, 0))
    color = _averaged(told, shape) / np.maximum(share, _LEAST_SHARE)[..., None]
    return share > 0, color.astype(np.float32)


def _averaged(planes: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return ``(H, W, ...)`` averaged to a grid."""
    small = cv2.resize(np.ascontiguousarray(planes, np.float32), shape[::-1], interpolation=cv2.INTER_AREA)
    return small.reshape(*shape, *planes.shape[2:]).astype(np.float32, copy=False)


def _relaxed(
    correction: NDArray[np.float32], known: NDArray[np.bool_], features: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Let corrections ``(h, w, 2)`` spread from the known cells to those of like features ``(h, w, k)``."""
    height, width = known.shape
    links = [_alike(features, axis) for axis in (0, 1)]
    one = np.ones((height, width, 1))
    total = FADING + _both_ways(one, links[0], 0) + _both_ways(one, links[1], 1)
    field: NDArray[np.float64] = correction.astype(np.float64)
    for _ in range(ROUNDS):
        around = _both_ways(field, links[0], 0) + _both_ways(field, links[1], 1)
        field = np.where(known[..., None], correction, around / total)
    return field.astype(np.float32)


def _alike(features: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Return how much each cell and its next one along an axis are of one piece, 0..1; 1 step is a sigma."""
    step = np.diff(features, axis=axis)
    likeness: NDArray[np.float32] = np.exp(-(step**2).sum(axis=-1, keepdims=True) / 2).astype(np.float32)
    return likeness


def _both_ways(field: NDArray[np.float64], link: NDArray[np.float32], axis: int) -> NDArray[np.float64]:
    """Return for each cell the sum of its two neighbours along an axis, weighted by their links."""
    result = np.zeros_like(field)
    first = (slice(None),) * axis + (slice(None, -1),)
    last = (slice(None),) * axis + (slice(1, None),)
    result[first] += link * field[last]
    result[last] += link * field[first]
    return result
