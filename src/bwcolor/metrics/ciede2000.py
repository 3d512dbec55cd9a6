# SPDX-License-Identifier: Apache-2.0
"""The CIEDE2000 color difference: its formula, and its mean and percentiles over pixels.

Follows CIE 142-2001 as Sharma, Wu and Dalal spell it out (Color Research and Application 30, 2005).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bwcolor.metrics.metric import Sums
from bwcolor.metrics.pair import Pair

_Plane = NDArray[np.float64]

_BIG = 25.0**7

# The histogram that percentiles are read from: differences in steps of 0.1, all above the last edge together
STEP = 0.1
EDGES = np.arange(0.0, 120.0 + STEP / 2, STEP)


def delta_e(first: _Plane, second: _Plane) -> _Plane:
    """Return the color difference.

    Args:
        first: ``(3, ...)`` float64 CIELAB, L 0..100.
        second: The same shape; the order of the two does not matter.

    Returns:
        ``(...)`` float64; about 1 is just noticeable.
    """
    lightness = (first[0] + second[0]) / 2
    mean_chroma = (np.hypot(first[1], first[2]) + np.hypot(second[1], second[2])) / 2
    stretch = 1.5 - 0.5 * _saturating(mean_chroma)  # of a, so that grays spread
    chroma1, hue1 = _polar(stretch * first[1], first[2])
    chroma2, hue2 = _polar(stretch * second[1], second[2])
    gray = chroma1 * chroma2 == 0
    turn = np.where(gray, 0.0, (hue2 - hue1 + 180.0) % 360.0 - 180.0)
    # two hues that lie opposite each other: the standard turns forward
    turn = np.where((turn == -180.0) & (hue2 > hue1), 180.0, turn)
    hue = np.where(gray, hue1 + hue2, _mean_hue(hue1, hue2))
    chroma = (chroma1 + chroma2) / 2
    across = 2 * np.sqrt(chroma1 * chroma2) * np.sin(np.radians(turn / 2))
    weight = 1 - 0.17 * _cos(hue - 30) + 0.24 * _cos(2 * hue) + 0.32 * _cos(3 * hue + 6) - 0.20 * _cos(4 * hue - 63)
    around_middle = (lightness - 50) ** 2
    d_lightness = (second[0] - first[0]) / (1 + 0.015 * around_middle / np.sqrt(20 + around_middle))
    d_chroma = (chroma2 - chroma1) / (1 + 0.045 * chroma)
    d_hue = across / (1 + 0.015 * chroma * weight)
    angle = np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2)))
    rotation = -2 * _saturating(chroma) * np.sin(angle)
    squared = d_lightness**2 + d_chroma**2 + d_hue**2 + rotation * d_chroma * d_hue
    difference: _Plane = np.sqrt(np.maximum(squared, 0.0))
    return difference


def _saturating(chroma: _Plane) -> _Plane:
    seventh = chroma**7
    root: _Plane = np.sqrt(seventh / (seventh + _BIG))
    return root


def _polar(a: _Plane, b: _Plane) -> tuple[_Plane, _Plane]:
    """Return chroma and hue in degrees, 0..360."""
    return np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360.0


def _mean_hue(first: _Plane, second: _Plane) -> _Plane:
    total = first + second
    wrapped = np.where(total < 360, total / 2 + 180, total / 2 - 180)
    mean: _Plane = np.where(np.abs(first - second) > 180, wrapped, total / 2)
    return mean


def _cos(degrees: _Plane) -> _Plane:
    cosine: _Plane = np.cos(np.radians(degrees))
    return cosine


def distribution(pair: Pair) -> Sums:
    """Measure the summed color difference, and how many pixels differ by how much: ``(1 + 1201,)``."""
    difference = delta_e(pair.prediction.lab, pair.truth.lab)
    index = np.minimum((difference / STEP).astype(np.int64), len(EDGES) - 1)
    counts = np.bincount(index.ravel(), minlength=len(EDGES))
    return np.concatenate([[difference.sum()], counts])


def mean(totals: Sums) -> Sums:
    """Return the mean over pixels of `distribution` sums ``(..., 1202)``."""
    value: Sums = totals[..., 0] / totals[..., 1:].sum(axis=-1)
    return value


def percentile(percent: float) -> Callable[[Sums], Sums]:
    """Return what reads a percentile from `distribution` sums ``(..., 1202)``, to within 0.1."""

    def read(totals: Sums) -> Sums:
        counts = totals[..., 1:]
        cumulated = counts.cumsum(axis=-1)
        wanted = cumulated[..., -1:] * (percent / 100.0)
        place = (cumulated < wanted).sum(axis=-1, keepdims=True)
        inside = np.take_along_axis(counts, place, axis=-1)
        before = np.take_along_axis(cumulated, place, axis=-1) - inside
        value: Sums = ((place + (wanted - before) / inside) * STEP)[..., 0]
        return value

    return read
