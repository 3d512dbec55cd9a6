# SPDX-License-Identifier: Apache-2.0
"""Telling what was measured: a table for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bwcolor import __version__
from bwcolor.errors import OutputError
from bwcolor.evaluation.comparison import Comparison
from bwcolor.evaluation.scoring import Scores
from bwcolor.evaluation.systems import System
from bwcolor.metrics.intervals import Estimate
from bwcolor.metrics.metric import Metric

if TYPE_CHECKING:
    from rich.table import Table

MOST_COLUMNS = 6  # metrics; more of them become the table's rows
ARROWS = {"higher": "↑", "lower": "↓", "-": ""}


def number(value: float, decimals: int) -> str:
    """Write a number, "-" for one that is none."""
    if math.isnan(value):
        return "-"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:.{decimals}f}"


def cell(estimate: Estimate, decimals: int, signed: bool = False) -> str:
    """Write an estimate, and on a second line its interval."""
    value = number(estimate.value, decimals)
    if signed and estimate.value > 0:
        value = f"+{value}"
    if math.isnan(estimate.low):
        return value
    return f"{value}\n[{number(estimate.low, decimals)}, {number(estimate.high, decimals)}]"


def heading(metric: Metric) -> str:
    """Write a metric's name, and on a second line its unit and what is better: dB ↑."""
    arrow = ARROWS.get(metric.direction, f"→{metric.direction.rpartition(' ')[2]}")
    return "\n".join(filter(None, (metric.name, " ".join(filter(None, (metric.unit, arrow))))))


def reference(systems: Sequence[System]) -> str:
    """Return the system that the others are compared with: the first that is no baseline, else the first."""
    return next((system.name for system in systems if not system.baseline), systems[0].name)


def table(found: Comparison) -> Table:
    """Return the main table: systems by metrics, or turned where there are many metrics."""
    scores = found.scores
    grid = [["", *(heading(metric) for metric in scores.metrics)]]
    for name in scores.systems:
        grid.append([name, *(cell(scores.estimate(name, metric), metric.decimals) for metric in scores.metrics)])
    costs = ["cost\nper photo", *(str(found.costs[name]) for name in scores.systems)]
    if any(costs[1:]):
        grid = [[*row, cost] for row, cost in zip(grid, costs, strict=True)]
    caption = "; ".join(f"{system.name}: {system.summary}" for system in found.systems)
    title = f"{len(scores.photos)} photos, 95 % intervals over photos"
    return _rich(grid if len(scores.metrics) <= MOST_COLUMNS else _turned(grid), title, caption)


def difference_table(scores: Scores, base: str) -> Table:
    """Return the table of paired differences from ``base``."""
    others = [name for name in scores.systems if name != base]
    grid = [["", *(heading(metric) for metric in scores.metrics)]]
    for name in others:
        cells = (cell(scores.difference(name, base, metric), metric.decimals, signed=True) for metric in scores.metrics)
        grid.append([f"{name} - {base}", *cells])
    turned = grid if len(scores.metrics) <= MOST_COLUMNS else _turned(grid)
    return _rich(turned, "Paired differences on the same photos (no chance where the interval holds no zero)")


def worst_table(scores: Scores, system: str, metric: Metric, count: int) -> Table:
    """Return the list of the photos on which a system does worst."""
    values = scores.per_photo(system, metric)
    grid = [["photo", heading(metric)]]
    for index in scores.worst(system, metric, count):
        grid.append([_shown(scores.photos[index]), number(float(values[index]), metric.decimals)])
    return _rich(grid, f"Worst of {system} by {metric.name}")


def _turned(grid: list[list[str]]) -> list[list[str]]:
    """Return rows as columns, each on one line."""
    return [[text.replace("\n", " ") for text in row] for row in zip(*grid, strict=True)]


def _rich(grid: list[list[str]], title: str, caption: str = "") -> Table:
    from rich.table import Table
    from rich.text import Text

    result = Table(title=Text(title), caption=Text(caption) if caption else None, title_justify="left")
    for index, text in enumerate(grid[0]):
        result.add_column(Text(text), justify="right" if index else "left", overflow="fold")
    for row in grid[1:]:
        result.add_row(*(Text(text) for text in row))
    return result


def _shown(name: str) -> str:
    return name.encode("utf-8", "replace").decode("utf-8")


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
            writer.writerow([_shown(photo), system, *("" if math.isnan(v) else repr(v) for v in found)])
    return stream.getvalue()


def as_json(found: Comparison) -> dict[str, Any]:
    """Return everything but the photos' own values as plain data; numbers that are none are null."""
    scores, systems = found.scores, found.systems
    base = reference(systems)
    return {
        "bwcolor": __version__,
        "photos": len(scores.photos),
        "pixels": sum(height * width for height, width in scores.shapes),
        "failed": [{"photo": _shown(name), "reason": _shown(reason)} for name, reason in scores.failed],
        "systems": [
            {
                "name": system.name,
                "summary": system.summary,
                "baseline": system.baseline,
                "seconds_per_photo": found.costs[system.name].seconds or None,
                "gflop_per_photo": found.costs[system.name].gflop or None,
                "settings": dict(found.costs[system.name].settings),
                "metrics": {m.name: _plain(scores.estimate(system.name, m)) for m in scores.metrics},
                "minus_reference": {m.name: _plain(scores.difference(system.name, base, m)) for m in scores.metrics},
            }
            for system in systems
        ],
        "reference": base,
        "metrics": [_described(metric) for metric in scores.metrics],
        "left_out": [{"name": metric.name, "needs": metric.needs} for metric in found.left_out],
    }


def described(metrics: Sequence[Metric]) -> list[dict[str, Any]]:
    """Return the METRICS table's rows as plain data."""
    return [_described(metric) for metric in metrics]


def _described(metric: Metric) -> dict[str, Any]:
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


def tables(found: Comparison, worst: int) -> list[Table]:
    """Return the tables of a comparison: values, paired differences, worst photos.

    Args:
        found: What came out.
        worst: How many of the worst photos are listed.
    """
    base = reference(found.systems)
    result = [table(found), difference_table(found.scores, base)]
    judge = next((m for m in found.scores.metrics if m.goal is not None and not m.whole), None)
    if worst and judge:
        result.append(worst_table(found.scores, base, judge, worst))
    return result


def remarks(found: Comparison) -> list[str]:
    """Return what else there is to say: metrics that were left out, photos that failed."""
    lines = []
    if found.left_out:
        names = ", ".join(f"{metric.name} (needs {metric.needs})" for metric in found.left_out)
        lines.append(f"Left out of all: {names}")
    lines += [_shown(f"Failed: {name}: {reason}") for name, reason in found.scores.failed]
    return lines


def write(path: Path, text: str) -> None:
    """Write a report.

    Raises:
        OutputError: It cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.") from error
