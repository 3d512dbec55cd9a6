# SPDX-License-Identifier: Apache-2.0
"""Metrics of document 000 on U and V: the regression loss as a number, and the share of matching bins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bwcolor.color.spaces import U_MAX, V_MAX
from bwcolor.metrics.pair import Pair

BINS = 50  # equal steps over each channel's whole range, as in the report's classifier
EDGE = 1e-9  # bins; gray lies on the edge of two bins, and rounding noise must not choose between them
U, V = 0, 1
_RANGE = (U_MAX, V_MAX)


def squared_error(pair: Pair) -> float:
    """Return L_reg: the squared error of U plus that of V, summed over pixels (YUV of values 0..1)."""
    return float(np.square(pair.prediction.uv - pair.truth.uv).sum())


def squared_error_per_pixel(pair: Pair) -> float:
    """Return L_reg by the number of pixels."""
    return squared_error(pair) / pair.pixels


def accuracy(channel: int) -> Callable[[Pair], float]:
    """Return a measure: percent of pixels whose U (0) or V (1) falls into the true one's bin."""

    def bin_of(plane: NDArray[np.float64]) -> NDArray[np.int64]:
        share = (plane + _RANGE[channel]) / (2 * _RANGE[channel])
        return np.clip(np.floor(share * BINS + EDGE), 0, BINS - 1).astype(np.int64)

    def measure(pair: Pair) -> float:
        return 100.0 * float((bin_of(pair.prediction.uv[channel]) == bin_of(pair.truth.uv[channel])).mean())

    return measure
