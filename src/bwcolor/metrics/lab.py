# SPDX-License-Identifier: Apache-2.0
"""Metrics on CIELAB: chroma, hue, the error of ab, and whether lightness was kept."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bwcolor.metrics.metric import Sums, sums
from bwcolor.metrics.pair import Pair

AUC_LIMIT = 150  # Lab units; thresholds 0, 1, ..., 150 (Zhang et al. 2016)

# eps-accuracy: percent of the range of a and b (-110..110), as in the code of Nazeri et al. 2018
AB_PERCENT = 2.2  # Lab units

HUE_CHROMA = 15.0  # Lab units; truths below have no hue to get wrong
FAINT_CHROMA = 1.0  # Lab units; rounding to 8 bits alone makes chroma up to about 1, of any hue


def chroma_ratio(pair: Pair) -> Sums:
    """Measure the chroma of the prediction and of the truth, summed over pixels."""
    return sums(float(pair.prediction.chroma.sum()), float(pair.truth.chroma.sum()))


def ab_error(pair: Pair) -> NDArray[np.float64]:
    """Return ``(H, W)`` the distance in the ab plane, Lab units."""
    a, b = pair.prediction.lab[1:] - pair.truth.lab[1:]
    distance: NDArray[np.float64] = np.hypot(a, b)
    return distance


def threshold_share(error: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each error the share of the thresholds 0..150 that it does not exceed, 0..1."""
    share: NDArray[np.float64] = np.clip(AUC_LIMIT + 1 - np.ceil(error), 0, None) / (AUC_LIMIT + 1)
    return share


def auc(pair: Pair) -> float:
    """Return the mean height, in percent, of the curve "share of pixels with an ab error of at most t"."""
    return 100.0 * float(threshold_share(ab_error(pair)).mean())


def eps_accuracy(percent: float) -> Callable[[Pair], float]:
    """Return a measure: percent of pixels whose a and b both lie within so many percent of their range.

    Values are rounded first, as in the published code; its condition on L is met wherever lightness is kept.
    """

    def measure(pair: Pair) -> float:
        off = np.abs(np.rint(pair.prediction.lab[1:]) - np.rint(pair.truth.lab[1:])).max(axis=0)
        return 100.0 * float((off <= percent * AB_PERCENT).mean())

    return measure


def hue_error(pair: Pair) -> Sums:
    """Measure pixels whose hue is off by more than 90 degrees (times 100), and pixels whose truth has a hue.

    A hue that is off by more than a right angle points away from the true color; a prediction without chroma points
    nowhere and is no hue error.
    """
    away = (pair.prediction.lab[1:] * pair.truth.lab[1:]).sum(axis=0) < 0
    colored = pair.truth.chroma > HUE_CHROMA
    wrong = away & colored & (pair.prediction.chroma > FAINT_CHROMA)
    return sums(100.0 * float(wrong.sum()), float(colored.sum()))


def lightness_levels(pair: Pair) -> NDArray[np.float64]:
    """Return ``(H, W)`` how far lightness is off, in levels of 255 of the neutral gray with that lightness."""
    return np.abs(pair.prediction.neutral - pair.truth.neutral) * 255.0


def lightness_error(pair: Pair) -> float:
    """Return the mean error of lightness in levels of 255."""
    return float(lightness_levels(pair).mean())


def lightness_lost(pair: Pair) -> float:
    """Return the percent of pixels whose lightness is off by more than one level of 255."""
    return 100.0 * float((lightness_levels(pair) > 1.0).mean())


def ab_psnr(pair: Pair) -> float:
    """Return the peak signal-to-noise ratio of a and b with a peak of 255 Lab units; NaN for identical ab."""
    error = float(np.square(ab_error(pair)).mean()) / 2
    return 10.0 * math.log10(255.0**2 / error) if error > 0 else math.nan
