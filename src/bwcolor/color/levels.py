# SPDX-License-Identifier: Apache-2.0
"""Levels: a faded photo's black and white points, moved apart for the network's view of it.

Networks learn from photographs that reach from black to white. Shown a print whose blacks have gone gray or whose paper
has darkened, they paint one wash over it. Only what the network sees is changed, never the copy's lightness.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bwcolor.color import spaces

# Shares of full scale, sRGB-encoded: what training's fading reaches is left alone (see docs/experiments.md)
BLACK_AT_MOST = 0.15
WHITE_AT_LEAST = 0.85
TAILS = (0.5, 99.5)  # percentiles that stand for black and white, so that dust and holes do not
LEAST_RANGE = 0.05  # of full scale; a flatter photo is not blown up beyond this


def stretch_levels(lightness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a photo's lightness with black and white points as far apart as photographs have them.

    A photo that already reaches from ``BLACK_AT_MOST`` or less to ``WHITE_AT_LEAST`` or more is returned as it is.

    Args:
        lightness: ``(h, w)`` float32, CIE L* 0..100.

    Returns:
        ``(h, w)`` float32, CIE L* 0..100.
    """
    gray = spaces.gray_from_lightness(lightness)
    black, white = (float(level) for level in np.percentile(gray, TAILS))
    if black <= BLACK_AT_MOST and white >= WHITE_AT_LEAST:
        return lightness
    to_black, to_white = min(black, BLACK_AT_MOST), max(white, WHITE_AT_LEAST)
    gain = (to_white - to_black) / max(white - black, LEAST_RANGE)
    stretched = spaces.lightness_from_gray(np.clip(to_black + (gray - black) * gain, 0, 1))
    return np.asarray(stretched, dtype=np.float32)
