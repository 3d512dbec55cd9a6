# SPDX-License-Identifier: Apache-2.0
"""`Metric`: what is measured of one photo, as sums, and how sums over photos become a number.

Sums add up: over photos, over machines, over a bootstrap's draws. So totals, per-photo lists, paired differences and
intervals are the same few lines for every metric (see ``metrics/intervals.py``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from bwcolor.metrics.pair import Pair

Sums = NDArray[np.float64]
Measure = Callable[[Pair], Sums]

HIGHER = math.inf
LOWER = -math.inf


def ratio(totals: Sums) -> Sums:
    """Return the first sum divided by the second; NaN where nothing was counted.

    Args:
        totals: ``(..., 2)`` float64.

    Returns:
        ``(...)`` float64.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(totals[..., 1] > 0, totals[..., 0] / totals[..., 1], np.nan)


def sums(*values: float) -> Sums:
    """Return sums as an array."""
    return np.array(values, dtype=np.float64)


def mean_of(measure: Callable[[Pair], float]) -> Measure:
    """Turn a value per photo into sums whose ratio is the mean over photos; NaN is left out of the mean."""

    def measured(pair: Pair) -> Sums:
        value = measure(pair)
        return sums(0.0, 0.0) if math.isnan(value) else sums(value, 1.0)

    return measured


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        name: What ``--metrics`` takes.
        summary: One line for people.
        unit: "dB", "%", "Lab", ...; empty for a pure number.
        goal: `HIGHER` or `LOWER` is better, or the value that is best; None where no value is better in itself.
        low: Smallest value it can take.
        high: Largest value it can take.
        source: Where it comes from.
        measure: ``measure(pair) -> (k,)`` sums of one photo, or "module:function" that returns such a function, for
            metrics that load something first.
        reduce: ``reduce((..., k) totals) -> (...)`` values.
        decimals: Digits worth showing.
        needs: What has to be there beside photos: "", "download" or "frames".
        whole: ``whole((n, k) rows) -> value`` for metrics of a whole set, in place of `reduce`.
        left_out: ``left_out((n, k) rows) -> (n,)`` values of the set without each photo (jackknife); None where the
            metric has no interval.
        least: Fewest photos that it is meaningful for.
        instead: What to take below that number.
    """

    name: str
    summary: str
    unit: str
    goal: float | None
    low: float
    high: float
    source: str
    measure: Measure | str
    reduce: Callable[[Sums], Sums] = ratio
    decimals: int = 2
    needs: str = ""
    whole: Callable[[Sums], float] | None = None
    left_out: Callable[[Sums], Sums] | None = None
    least: int = 1
    instead: str = ""

    @property
    def direction(self) -> str:
        """The goal in words: "higher", "lower", "nearer 1", or "-"."""
        if self.goal is None:
            return "-"
        return {HIGHER: "higher", LOWER: "lower"}.get(self.goal, f"nearer {self.goal:g}")

    def prepare(self) -> Measure:
        """Return what measures one pair; loads what the metric needs.

        Raises:
            WeightsError: A network that it needs is not there and cannot be downloaded.
        """
        if not isinstance(self.measure, str):
            return self.measure
        module, _, name = self.measure.partition(":")
        measure: Measure = getattr(import_module(module), name)()
        return measure

    def badness(self, values: Sums) -> Sums:
        """Return values turned so that larger is worse; NaN stays.

        Raises:
            ValueError: No value of this metric is better than another.
        """
        if self.goal is None:
            raise ValueError(f"{self.name} has no better and no worse")
        if math.isinf(self.goal):
            return -values if self.goal > 0 else values
        return np.abs(values - self.goal)
