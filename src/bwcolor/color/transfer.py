# SPDX-License-Identifier: Apache-2.0
"""The colors of one picture brought near those of another, by their statistics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STRETCH = (0.5, 2.0)  # limits of the factor on the spread of a and of b
SHIFT = 10.0  # Lab units that the mean color moves at most: more is a wash over the picture
_SMALLEST_SPREAD = 1e-3  # Lab units


@dataclass(frozen=True)
class AbStatistics:
    """Mean and standard deviation of a picture's colors.

    Attributes:
        mean: a and b, Lab units.
        spread: Standard deviations of a and b, Lab units.
    """

    mean: tuple[float, float]
    spread: tuple[float, float]


def statistics_of(ab: NDArray[np.float32]) -> AbStatistics:
    """Return the statistics of ``(..., 2)`` float ab in Lab units."""
    flat = ab.reshape(-1, 2).astype(np.float64)
    mean, spread = flat.mean(axis=0), flat.std(axis=0)
    return AbStatistics((float(mean[0]), float(mean[1])), (float(spread[0]), float(spread[1])))


def match(ab: NDArray[np.float32], reference: AbStatistics) -> NDArray[np.float32]:
    """Give colors, within limits, the mean and the spread of a reference.

    Reinhard, Ashikhmin, Gooch, Shirley, "Color Transfer between Images" (IEEE CG&A 2001), on a and b alone; stretch and
    shift are limited, so that a calm scene does not become a garish one, and white paper not a red one.

    Args:
        ab: ``(h, w, 2)`` float32, Lab units.
        reference: Of the picture whose colors are wanted.

    Returns:
        ``(h, w, 2)`` float32, Lab units.
    """
    own = statistics_of(ab)
    stretch = np.clip(np.array(reference.spread) / np.maximum(own.spread, _SMALLEST_SPREAD), *STRETCH)
    shift = np.array(reference.mean) - np.array(own.mean)
    shift *= SHIFT / max(float(np.hypot(*shift)), SHIFT)
    moved: NDArray[np.float32] = ((ab - np.array(own.mean)) * stretch + np.array(own.mean) + shift).astype(np.float32)
    return moved
