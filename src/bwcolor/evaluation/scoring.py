# SPDX-License-Identifier: Apache-2.0
"""Measuring systems on photos: every metric of every photo, as rows of sums."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bwcolor.errors import NothingToDoError, PhotoError, UsageError
from bwcolor.evaluation.photographs import read_truth
from bwcolor.evaluation.systems import System
from bwcolor.metrics import intervals
from bwcolor.metrics.intervals import Estimate
from bwcolor.metrics.metric import Measure, Metric, Sums
from bwcolor.metrics.pair import Pair, Picture, as_depth

Progress = Callable[[Iterable[str]], Iterable[str]]


@dataclass(frozen=True)
class Scores:
    """What was measured.

    Attributes:
        photos: Names of the photos that every system was measured on.
        metrics: The metrics.
        systems: Names, in the order of the comparison; baselines first.
        rows: ``(n, k)`` float64 sums by (system, metric).
        failed: Photos that were left out, each with the reason.
        shapes: (height, width) of each photo.
    """

    photos: tuple[str, ...]
    metrics: tuple[Metric, ...]
    systems: tuple[str, ...]
    rows: Mapping[tuple[str, str], Sums]
    failed: tuple[tuple[str, str], ...] = ()
    shapes: tuple[tuple[int, int], ...] = ()
    _known: dict[tuple[str, ...], Estimate] = field(default_factory=dict, repr=False, compare=False)

    def estimate(self, system: str, metric: Metric) -> Estimate:
        """Return a system's value of a metric, with its interval."""
        key = (system, metric.name)
        if key not in self._known:
            self._known[key] = intervals.estimate(metric, self.rows[key])
        return self._known[key]

    def difference(self, system: str, other: str, metric: Metric) -> Estimate:
        """Return how much larger a system's value is than another's on the same photos, with its interval."""
        key = (system, other, metric.name)
        if key not in self._known:
            rows = self.rows[system, metric.name], self.rows[other, metric.name]
            self._known[key] = intervals.difference(metric, *rows)
        return self._known[key]

    def per_photo(self, system: str, metric: Metric) -> Sums:
        """Return ``(n,)`` values, NaN where a photo has none."""
        return intervals.per_photo(metric, self.rows[system, metric.name])

    def worst(self, system: str, metric: Metric, count: int) -> list[int]:
        """Return the indices of the photos on which a system does worst, the worst first."""
        badness = metric.badness(self.per_photo(system, metric))
        known = np.flatnonzero(~np.isnan(badness))
        return [int(index) for index in known[np.argsort(-badness[known], kind="stable")][:count]]


def mean_ab(photos: Mapping[str, Path]) -> tuple[float, float]:
    """Return the mean a and b over all pixels of photos, in Lab units; unreadable ones are left out."""
    total, pixels = np.zeros(2), 0
    for path in photos.values():
        try:
            lab = Picture(read_truth(path)).lab
        except PhotoError:
            continue
        total += lab[1:].sum(axis=(1, 2))
        pixels += lab[0].size
    a, b = total / max(pixels, 1)
    return float(a), float(b)


def score(
    photos: Mapping[str, Path],
    systems: Sequence[System],
    metrics: Sequence[Metric],
    progress: Progress = lambda names: names,
) -> Scores:
    """Measure systems on photos.

    Args:
        photos: The true photos by name; in the order of the names where they are frames of a sequence.
        systems: What is measured; their names differ.
        metrics: What is measured of them.
        progress: Wraps the names while they are worked through.

    Returns:
        Rows of sums; a photo that fails with one system is left out for all, so that pairs stay pairs.

    Raises:
        UsageError: A metric asks for more photos, or two systems bear one name.
        NothingToDoError: Not one photo could be measured.
    """
    for metric in metrics:
        if len(photos) < metric.least:
            raise UsageError(
                f"{metric.name} means nothing below {metric.least} photos, and these are {len(photos)}.",
                metric.instead,
            )
    names = tuple(system.name for system in systems)
    if len(set(names)) != len(names):
        raise UsageError(f"Two of what is compared bear the same name: {', '.join(names)}.")
    measures = {metric.name: metric.prepare() for metric in metrics}
    before: dict[str, Pair] = {}
    rows: dict[tuple[str, str], list[Sums]] = {(name, metric): [] for name in names for metric in measures}
    done: list[str] = []
    shapes: list[tuple[int, int]] = []
    failed: list[tuple[str, str]] = []
    for name in progress(list(photos)):
        try:
            measured, before = _measure(name, photos[name], systems, measures, before)
        except PhotoError as error:
            failed.append((name, error.message))
            before = {}
            continue
        for key, value in measured.items():
            rows[key].append(value)
        done.append(name)
        shapes.append(next(iter(before.values())).truth.shape)
    if not done:
        raise NothingToDoError(f"Not one photo could be measured; the first: {failed[0][0]}: {failed[0][1]}")
    stacked = {key: np.stack(value) for key, value in rows.items()}
    return Scores(tuple(done), tuple(metrics), names, stacked, tuple(failed), tuple(shapes))


def _measure(
    name: str, path: Path, systems: Sequence[System], measures: Mapping[str, Measure], before: Mapping[str, Pair]
) -> tuple[dict[tuple[str, str], Sums], dict[str, Pair]]:
    """Return the sums of one photo by (system, metric), and each system's pair."""
    truth = Picture(read_truth(path))
    pairs = {}
    for system in systems:
        predicted = Picture(as_depth(system.predict(name, truth), truth.rgb.dtype))
        if predicted.shape != truth.shape:
            sizes = [f"{width} x {height}" for height, width in (predicted.shape, truth.shape)]
            raise PhotoError(f"{system.name} is {sizes[0]} pixels, the truth {sizes[1]}.")
        previous = before.get(system.name)
        alone = Pair(previous.prediction, previous.truth) if previous else None
        pairs[system.name] = Pair(predicted, truth, alone)
    return {(s, m): sums for s, pair in pairs.items() for m, sums in _sums(pair, measures).items()}, pairs


def _sums(pair: Pair, measures: Mapping[str, Measure]) -> dict[str, Sums]:
    """Return the sums of one pair by metric; metrics that share a measure share its work."""
    done: dict[Measure, Sums] = {measure: measure(pair) for measure in dict.fromkeys(measures.values())}
    return {metric: done[measure] for metric, measure in measures.items()}
