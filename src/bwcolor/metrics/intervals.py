# SPDX-License-Identifier: Apache-2.0
"""Rows of sums become numbers with intervals: totals, values per photo, paired differences.

Intervals are percentile bootstraps over photos (Efron, Tibshirani: An introduction to the bootstrap, 1993). All draws
come from one seed, so two models measured on the same photos are compared draw by draw.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bwcolor.metrics.metric import Metric, Sums

DRAWS = 1000
SEED = 20_03  # any number; fixed, so that the same photos give the same intervals
PERCENTILES = (2.5, 97.5)
NORMAL_QUANTILE = 1.959964  # of 97.5 %, for jackknife intervals
_CHUNK = 4_000_000  # draws times photos held at once


@dataclass(frozen=True)
class Estimate:
    """A number and how sure it is.

    Attributes:
        value: Of the whole set; NaN where nothing could be measured.
        low: Lower end of the 95 % interval; NaN where there is none.
        high: Upper end.
        photos: How many photos took part.
    """

    value: float
    low: float
    high: float
    photos: int


def per_photo(metric: Metric, rows: Sums) -> Sums:
    """Return the value of each photo; NaN where it has none.

    Args:
        metric: What the rows are sums of.
        rows: ``(n, k)`` float64.

    Returns:
        ``(n,)`` float64.
    """
    return np.full(len(rows), np.nan) if metric.whole else metric.reduce(rows)


def estimate(metric: Metric, rows: Sums) -> Estimate:
    """Reduce rows of sums to the set's value with its 95 % interval.

    Args:
        metric: What the rows are sums of.
        rows: ``(n, k)`` float64, one row per photo.
    """
    _check(metric, rows)
    if metric.whole:
        value = metric.whole(rows)
        return Estimate(value, *_jackknife(value, metric.left_out(rows) if metric.left_out else None), len(rows))
    value = float(metric.reduce(rows.sum(axis=0)))
    draws = np.concatenate([metric.reduce(counts @ rows) for counts in _draws(len(rows))])
    return Estimate(value, *_percentiles(draws, len(rows)), int((~np.isnan(metric.reduce(rows))).sum()))


def difference(metric: Metric, rows: Sums, other: Sums) -> Estimate:
    """Compare two models on the same photos.

    Args:
        metric: What the rows are sums of.
        rows: ``(n, k)`` float64 of one model.
        other: ``(n, k)`` float64 of the other, photo by photo.

    Returns:
        The first model's value less the other's; if the interval holds no zero, the difference is no chance.
    """
    _check(metric, rows)
    _check(metric, other)
    if rows.shape != other.shape:
        raise ValueError(f"pairs need the same photos: {rows.shape}, {other.shape}")
    if metric.whole:
        value = metric.whole(rows) - metric.whole(other)
        left_out = metric.left_out(rows) - metric.left_out(other) if metric.left_out else None
        return Estimate(value, *_jackknife(value, left_out), len(rows))
    value = float(metric.reduce(rows.sum(axis=0)) - metric.reduce(other.sum(axis=0)))
    draws = [metric.reduce(counts @ rows) - metric.reduce(counts @ other) for counts in _draws(len(rows))]
    both = ~np.isnan(metric.reduce(rows)) & ~np.isnan(metric.reduce(other))
    return Estimate(value, *_percentiles(np.concatenate(draws), len(rows)), int(both.sum()))


def _check(metric: Metric, rows: Sums) -> None:
    if rows.ndim != 2 or not len(rows):
        raise ValueError(f"{metric.name}: expected rows of sums of at least one photo, got shape {rows.shape}")
    if not np.isfinite(rows).all():
        raise ValueError(f"{metric.name}: sums that are not finite")


def _draws(photos: int) -> Iterator[NDArray[np.float64]]:
    """Yield how often each photo is drawn: arrays (draws, photos), the same ones every time."""
    generator = np.random.default_rng(SEED)
    step = max(_CHUNK // photos, 1)
    for start in range(0, DRAWS, step):
        size = min(step, DRAWS - start)
        yield generator.multinomial(photos, np.full(photos, 1.0 / photos), size=size).astype(np.float64)


def _percentiles(draws: NDArray[np.float64], photos: int) -> tuple[float, float]:
    if photos < 2:
        return np.nan, np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a metric that no photo has is NaN throughout
        low, high = np.nanpercentile(draws, PERCENTILES, method="nearest")
    return float(low), float(high)


def _jackknife(value: float, left_out: NDArray[np.float64] | None) -> tuple[float, float]:
    """Return the interval of a statistic from its values without each photo (Efron, Tibshirani 1993, chapter 11)."""
    if left_out is None or len(left_out) < 2:
        return np.nan, np.nan
    count = len(left_out)
    error = float(np.sqrt((count - 1) / count * np.square(left_out - left_out.mean()).sum()))
    return value - NORMAL_QUANTILE * error, value + NORMAL_QUANTILE * error
