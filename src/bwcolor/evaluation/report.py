# SPDX-License-Identifier: Apache-2.0
"""Telling what was measured: grids of words for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bwcolor import __version__
from bwcolor.errors import OutputError
from bwcolor.evaluation.comparison import Comparison
from bwcolor.evaluation.photographs import shown
from bwcolor.evaluation.scoring import Scores
from bwcolor.evaluation.systems import System
from bwcolor.metrics.intervals import Estimate
from bwcolor.metrics.metric import Metric

MOST_COLUMNS = 6  # metrics; more of them become the rows
ARROWS = {"higher": "↑", "lower": "↓", "-": ""}


@dataclass(frozen=True)
class Grid:
    """A table in words.

    Attributes:
        title: Over it.
        columns: Headings; those that end in # are of numbers.
        rows: As many words each as there are columns.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def number(value: float, decimals: int) -> str:
    """Write a number, "-" for one that is none."""
    if math.isnan(value):
        return "-"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:.{decimals}f}"


def cell_of(estimate: Estimate, decimals: int, signed: bool = False) -> tuple[str, str]:
    """Write an estimate and its interval: ("23.41", "23.02..23.80"); the interval is empty where there is none."""
    value = number(estimate.value, decimals)
    if signed and estimate.value > 0:
        value = f"+{value}"
    if math.isnan(estimate.low):
        return value, ""
    return value, f"{number(estimate.low, decimals)}..{number(estimate.high, decimals)}"


def heading(metric: Metric) -> str:
    """Write a metric's name with its unit and what is better: psnr dB ↑."""
    arrow = ARROWS.get(metric.direction, f"→{metric.direction.rpartition(' ')[2]}")
    return " ".join(filter(None, (metric.name, metric.unit, arrow)))


def reference(systems: Sequence[System]) -> str:
    """Return the system that the others are compared with: the first that is no baseline, else the first."""
    return next((system.name for system in systems if not system.baseline), systems[0].name)


def judge(scores: Scores) -> Metric | None:
    """Return the metric by which photos are called bad: the first that has a better, photo by photo."""
    return next((metric for metric in scores.metrics if metric.goal is not None and not metric.whole), None)


def grids(found: Comparison, worst: int) -> list[Grid]:
    """Return a comparison in words: values, paired differences, worst photos.

    Args:
        found: What came out.
        worst: How many of the worst photos are listed.
    """
    result = [_values(found), _differences(found)]
    metric = judge(found.scores)
    if worst and metric:
        result.append(_worst(found, metric, worst))
    return result


def _values(found: Comparison) -> Grid:
    scores = found.scores
    lines = [
        (name, *(_joined(scores.estimate(name, metric), metric.decimals) for metric in scores.metrics))
        for name in scores.systems
    ]
    heads = ["", *(heading(metric) for metric in scores.metrics)]
    if any(str(found.costs[name]) for name in scores.systems):
        heads.append("cost per photo")
        lines = [(*line, str(found.costs[name])) for line, name in zip(lines, scores.systems, strict=True)]
    return _turned_if_wide(f"{len(scores.photos)} photos; 95 % intervals over photos", heads, lines)


def _differences(found: Comparison) -> Grid:
    scores, base = found.scores, reference(found.systems)
    lines = [
        (
            f"{name} - {base}",
            *(
                _joined(scores.difference(name, base, metric), metric.decimals, signed=True)
                for metric in scores.metrics
            ),
        )
        for name in scores.systems
        if name != base
    ]
    title = "Paired differences on the same photos (no chance where the interval holds no zero)"
    return _turned_if_wide(title, ["", *(heading(metric) for metric in scores.metrics)], lines)


def _worst(found: Comparison, metric: Metric, count: int) -> Grid:
    system = reference(found.systems)
    values = found.scores.per_photo(system, metric)
    rows = tuple(
        (shown(found.scores.photos[index]), number(float(values[index]), metric.decimals))
        for index in found.scores.worst(system, metric, count)
    )
    return Grid(f"Worst photos of {system} by {metric.name}", ("photo", f"{heading(metric)}#"), rows)


def _joined(estimate: Estimate, decimals: int, signed: bool = False) -> str:
    value, interval = cell_of(estimate, decimals, signed)
    return f"{value} [{interval}]" if interval else value


def _turned_if_wide(title: str, heads: Sequence[str], lines: Sequence[Sequence[str]]) -> Grid:
    """Return systems by metrics, or metrics by systems where there are many metrics."""
    whole = [tuple(heads), *(tuple(line) for line in lines)]
    if len(heads) > MOST_COLUMNS + 2:
        whole = list(zip(*whole, strict=True))
    first, *numbers = whole[0]
    return Grid(title, (first, *(f"{name}#" for name in numbers)), tuple(whole[1:]))


def remarks(found: Comparison) -> list[str]:
    """Return what else there is to say: what the systems are, what was left out, what failed."""
    lines = [f"{system.name}: {shown(system.summary)}" for system in found.systems]
    if found.left_out:
        names = ", ".join(f"{metric.name} (needs {metric.needs})" for metric in found.left_out)
        lines.append(f"Left out of all: {names}.")
    lines += [f"Failed: {shown(name)}: {shown(reason)}" for name, reason in found.scores.failed]
    return lines


def list_metrics(metrics: Sequence[Metric]) -> Grid:
    """Return the METRICS table in words."""
    rows = (
        (metric.name, metric.unit, metric.direction, span(metric), metric.needs, metric.summary, metric.source)
        for metric in metrics
    )
    return Grid("Metrics", ("name", "unit", "better", "range", "needs", "what", "source"), tuple(rows))


def span(metric: Metric) -> str:
    """Write the range of a metric: 0..100."""
    return f"{number(metric.low, 1).removesuffix('.0')}..{number(metric.high, 1).removesuffix('.0')}"


def as_csv(scores: Scores) -> str:
    """Return one line per photo and system with its value of every metric; empty where it has none."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    metrics = [metric for metric in scores.metrics if not metric.whole]
    writer.writerow(["photo", "system", *(metric.name for metric in metrics)])
    values = {(s, m.name): scores.per_photo(s, m) for s in scores.systems for m in metrics}
    for index, photo in enumerate(scores.photos):
        for system in scores.systems:
            found = (float(values[system, metric.name][index]) for metric in metrics)
            writer.writerow([shown(photo), system, *("" if math.isnan(v) else repr(v) for v in found)])
    return stream.getvalue()


def as_json(found: Comparison) -> dict[str, Any]:
    """Return everything but the photos' own values as plain data; numbers that are none are null."""
    scores, base = found.scores, reference(found.systems)
    return {
        "bwcolor": __version__,
        "photos": len(scores.photos),
        "pixels": sum(height * width for height, width in scores.shapes),
        "failed": [{"photo": shown(name), "reason": shown(reason)} for name, reason in scores.failed],
        "reference": base,
        "systems": [_system(found, system, base) for system in found.systems],
        "metrics": [described(metric) for metric in scores.metrics],
        "left_out": [{"name": metric.name, "needs": metric.needs} for metric in found.left_out],
    }


def _system(found: Comparison, system: System, base: str) -> dict[str, Any]:
    scores, cost = found.scores, found.costs[system.name]
    return {
        "name": system.name,
        "summary": shown(system.summary),
        "baseline": system.baseline,
        "seconds_per_photo": cost.seconds or None,
        "gflop_per_photo": cost.gflop or None,
        "settings": dict(cost.settings),
        "metrics": {m.name: _plain(scores.estimate(system.name, m)) for m in scores.metrics},
        "minus_reference": {m.name: _plain(scores.difference(system.name, base, m)) for m in scores.metrics},
    }


def described(metric: Metric) -> dict[str, Any]:
    """Return a row of the METRICS table as plain data."""
    return {
        "name": metric.name,
        "summary": metric.summary,
        "unit": metric.unit,
        "better": metric.direction,
        "low": _finite(metric.low),
        "high": _finite(metric.high),
        "needs": metric.needs,
        "source": metric.source,
    }


def _plain(estimate: Estimate) -> dict[str, Any]:
    return {
        "value": _finite(estimate.value),
        "low": _finite(estimate.low),
        "high": _finite(estimate.high),
        "photos": estimate.photos,
    }


def _finite(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return ("inf" if value > 0 else "-inf") if math.isinf(value) else value


def write(path: Path, text: str) -> None:
    """Write a report.

    Raises:
        OutputError: It cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.", "Name another place.") from error
