# SPDX-License-Identifier: Apache-2.0
"""Metrics on 8-bit sRGB: squared and absolute error, PSNR, SSIM, differing pixels, colorfulness, saturation."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from bwcolor.metrics.metric import Measure, Sums, ratio, sums
from bwcolor.metrics.pair import Pair, Picture

PEAK = 255.0  # of 8-bit codes

# SSIM: Wang, Bovik, Sheikh, Simoncelli 2004
SSIM_SIGMA = 1.5  # pixels
SSIM_RADIUS = 5  # pixels; the window is 11 x 11
SSIM_C1 = (0.01 * PEAK) ** 2
SSIM_C2 = (0.03 * PEAK) ** 2

# Colorfulness: Hasler and Suesstrunk 2003
MEAN_WEIGHT = 0.3


def _difference(pair: Pair) -> NDArray[np.int32]:
    return pair.prediction.codes.astype(np.int32) - pair.truth.codes


def mse(pair: Pair) -> float:
    """Return the mean squared error over pixels and channels, of values 0..1."""
    return float(np.square(_difference(pair)).mean()) / PEAK**2


def mae(pair: Pair) -> float:
    """Return the mean absolute error over pixels and channels, in levels of 255."""
    return float(np.abs(_difference(pair)).mean())


def psnr(pair: Pair) -> Sums:
    """Measure the peak signal-to-noise ratio: dB, photos, and how many of them were identical to the truth."""
    error = mse(pair)
    return sums(-10.0 * math.log10(error), 1.0, 0.0) if error > 0 else sums(0.0, 1.0, 1.0)


def mean_psnr(totals: Sums) -> Sums:
    """Return the mean over photos in dB; infinite where one was identical to the truth."""
    return np.where(totals[..., 2] > 0, np.inf, ratio(totals[..., :2]))


def ssim(pair: Pair) -> float:
    """Return the structural similarity: Gaussian window, each channel, mean over the windows that fit.

    Args:
        pair: 8-bit sRGB is compared.

    Returns:
        -1..1; NaN for a picture smaller than the window (11 pixels).
    """
    if min(pair.truth.shape) <= 2 * SSIM_RADIUS:
        return math.nan
    x, y = (picture.codes.astype(np.float64) for picture in (pair.prediction, pair.truth))
    mean_x, mean_y = _window(x), _window(y)
    variances = _window(x * x) - mean_x**2 + _window(y * y) - mean_y**2
    covariance = _window(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + SSIM_C1) / (mean_x**2 + mean_y**2 + SSIM_C1)
    return float((luminance * (2 * covariance + SSIM_C2) / (variances + SSIM_C2)).mean())


def _window(planes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Gaussian-weighted means, where the whole window lies inside."""
    size = 2 * SSIM_RADIUS + 1
    means = cv2.GaussianBlur(planes, (size, size), SSIM_SIGMA, borderType=cv2.BORDER_REFLECT)
    inside = slice(SSIM_RADIUS, -SSIM_RADIUS)
    valid: NDArray[np.float64] = means[inside, inside].astype(np.float64, copy=False)
    return valid


def pixel_difference(tolerance: int) -> Callable[[Pair], float]:
    """Return a measure: percent of pixels of which some channel is off by more than ``tolerance`` levels of 255."""

    def measure(pair: Pair) -> float:
        return 100.0 * float((np.abs(_difference(pair)).max(axis=2) > tolerance).mean())

    return measure


def colorfulness_of(picture: Picture, absolute: bool = False) -> float:
    """Return the colorfulness M of Hasler and Suesstrunk.

    Args:
        picture: Its 8-bit sRGB is looked at.
        absolute: Take |R - G| and |(R + G) / 2 - B|, as DDColor's and other public code does.

    Returns:
        0 (gray) upwards; their scale: 15 slightly, 33 moderately, 45 averagely, 59 quite, 82 highly, 109 extremely.
    """
    red, green, blue = np.moveaxis(picture.codes, -1, 0).astype(np.float64)
    opponents = (red - green, 0.5 * (red + green) - blue)
    if absolute:
        opponents = (np.abs(opponents[0]), np.abs(opponents[1]))
    spread = math.sqrt(sum(float(plane.var()) for plane in opponents))
    return spread + MEAN_WEIGHT * math.hypot(*(float(plane.mean()) for plane in opponents))


def both_colorfulness(absolute: bool = False) -> Measure:
    """Return a measure: the prediction's colorfulness, the truth's, and 1."""
    return lambda pair: sums(*(colorfulness_of(p, absolute) for p in (pair.prediction, pair.truth)), 1.0)


def mean_of_first(totals: Sums) -> Sums:
    """Return the mean of the first over the photos that the third counts."""
    return ratio(totals[..., [0, 2]])


def gap_of_means(totals: Sums) -> Sums:
    """Return |mean of the first - mean of the second| over the photos that the third counts."""
    return ratio(np.stack([np.abs(totals[..., 0] - totals[..., 1]), totals[..., 2]], axis=-1))


def saturation_difference(pair: Pair) -> float:
    """Return by how many percent the mean saturation (HSV) deviates from the truth's; NaN for a gray truth."""
    ours, true = (_saturation(picture).sum() for picture in (pair.prediction, pair.truth))
    return 100.0 * abs(float(ours - true)) / float(true) if true > 0 else math.nan


def _saturation(picture: Picture) -> NDArray[np.float64]:
    largest, least = (function(picture.codes, axis=2).astype(np.float64) for function in (np.max, np.min))
    saturation: NDArray[np.float64] = (largest - least) / np.maximum(largest, 1.0)
    return saturation
