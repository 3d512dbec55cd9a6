# SPDX-License-Identifier: Apache-2.0
"""Simulated color hints, as a user would place them (Zhang et al., SIGGRAPH 2017, section 3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STOP_PROBABILITY = 1 / 8  # of the geometric number of points: 7 on average, often 0
LARGEST_PATCH = 9  # pixels


def simulate_hints(
    ab: NDArray[np.float32], generator: np.random.Generator, reveal_share: float = 0.0
) -> NDArray[np.float32]:
    """Reveal the mean color of some small patches.

    Args:
        ab: ``(2, h, w)`` float32, the truth in Lab units.
        generator: Source of chance.
        reveal_share: Probability that all of the truth is shown instead.

    Returns:
        ``(3, h, w)`` float32: a, b where the mask is 1, and the mask.
    """
    _, height, width = ab.shape
    if generator.random() < reveal_share:
        return np.concatenate([ab, np.ones((1, height, width), dtype=np.float32)])
    hints = np.zeros((3, height, width), dtype=np.float32)
    for _ in range(int(generator.geometric(STOP_PROBABILITY)) - 1):
        size = int(generator.integers(1, LARGEST_PATCH + 1))
        y, x = (
            int(np.clip(generator.normal((side - size) / 2, side / 4), 0, max(side - size, 0)))
            for side in (height, width)
        )
        patch = np.s_[y : y + size, x : x + size]
        hints[:2][:, *patch] = ab[:, *patch].mean(axis=(1, 2), keepdims=True)
        hints[2][patch] = 1.0
    return hints
