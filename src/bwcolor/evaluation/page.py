# SPDX-License-Identifier: Apache-2.0
"""The page of a comparison: numbers, plots, and the photographs themselves, worst first."""

from __future__ import annotations

import math
from html import escape

import numpy as np

from bwcolor import __version__
from bwcolor.errors import PhotoError
from bwcolor.evaluation.comparison import Comparison
from bwcolor.evaluation.photographs import read_truth, shown
from bwcolor.evaluation.report import cell_of, heading, judge, number, reference, remarks, span
from bwcolor.evaluation.systems import System
from bwcolor.metrics.ciede2000 import delta_e
from bwcolor.metrics.metric import Metric
from bwcolor.metrics.pair import Picture, as_depth
from bwcolor.pages import charts, document, pictures
from bwcolor.pages.document import Cell, Section

WORST = 24  # photos shown
MAP_TOP = 40.0  # dE00 that is brightest in error maps


def page(found: Comparison, worst: int = WORST) -> str:
    """Return a self-contained HTML page.

    Args:
        found: What came out.
        worst: How many photos are shown; they are colorized anew for it.
    """
    metric = judge(found.scores)
    sections = [Section("Values", _values(found)), Section("Paired differences", _differences(found))]
    if metric is not None:
        sections.append(Section("Plots", _plots(found, metric)))
        sections.append(Section("Photographs, worst first", _photographs(found, metric, worst)))
    sections.append(Section("Metrics", _legend(found)))
    lead = (
        f'<p class="soft">{len(found.scores.photos)} photographs; intervals are 95 % bootstraps over photographs. '
        "Every system was given the neutral gray with the truth's own lightness.</p>"
        + "".join(f"<p>{escape(line)}</p>" for line in remarks(found))
    )
    names = ", ".join(system.name for system in found.systems if not system.baseline)
    return document.page(f"Comparison: {names}", lead, sections, f"<p>Made by bwcolor {__version__}.</p>")


def _values(found: Comparison) -> str:
    scores = found.scores
    own = [system.name for system in found.systems if not system.baseline]
    rows = []
    for metric in scores.metrics:
        estimates = {name: scores.estimate(name, metric) for name in scores.systems}
        best = _best(metric, {name: estimates[name].value for name in own})
        cells = [
            Cell(*cell_of(estimates[name], metric.decimals), best=name in best and len(own) > 1)
            for name in scores.systems
        ]
        rows.append([Cell(heading(metric), title=metric.summary), *cells])
    costs = [found.costs[name] for name in scores.systems]
    if any(cost.device for cost in costs):
        rows.append([Cell("seconds per photo"), *(Cell(number(c.seconds or math.nan, 3), c.device) for c in costs)])
        rows.append([Cell("GFLOP per photo"), *(Cell(number(c.gflop or math.nan, 2)) for c in costs)])
    head = [Cell(""), *(Cell(system.name, title=system.summary) for system in found.systems)]
    caption = "With 95 % intervals" + ("; a star marks the best of those compared." if len(own) > 1 else ".")
    return document.table(caption, head, rows)


def _best(metric: Metric, values: dict[str, float]) -> set[str]:
    """Return the names of the best values; none where the metric has no better."""
    known = {name: value for name, value in values.items() if not math.isnan(value)}
    if metric.goal is None or not known:
        return set()
    badness = {name: float(metric.badness(np.array(value))) for name, value in known.items()}
    return {name for name, value in badness.items() if value == min(badness.values())}


def _differences(found: Comparison) -> str:
    scores, base = found.scores, reference(found.systems)
    others = [name for name in scores.systems if name != base]
    rows = [
        [
            Cell(heading(metric), title=metric.summary),
            *(Cell(*cell_of(scores.difference(name, base, metric), metric.decimals, signed=True)) for name in others),
        ]
        for metric in scores.metrics
    ]
    caption = "On the same photographs; where the interval holds no zero, the difference is no chance."
    return document.table(caption, [Cell(""), *(Cell(f"{name} - {base}") for name in others)], rows)


def _plots(found: Comparison, metric: Metric) -> str:
    scores, label = found.scores, heading(metric)
    estimates = {name: scores.estimate(name, metric) for name in scores.systems}
    lines = [(s.name, estimates[s.name].value) for s in found.systems if not found.costs[s.name].device]
    drawn = []
    for words, costs in (
        ("seconds per photo", {name: cost.seconds for name, cost in found.costs.items()}),
        ("GFLOP per photo", {name: cost.gflop for name, cost in found.costs.items()}),
    ):
        points = [
            charts.Point(costs[name], one.value, one.low, one.high, name, color)
            for color, (name, one) in enumerate(estimates.items())
            if costs[name] > 0 and math.isfinite(one.value)
        ]
        if points:
            drawn.append(charts.scatter(f"{metric.name} against {words}", points, lines, words, label))
    values = {name: scores.per_photo(name, metric) for name in scores.systems}
    series = [(name, [float(v) for v in found_values if math.isfinite(v)]) for name, found_values in values.items()]
    if any(each for _, each in series):
        drawn.append(charts.curves(f"{metric.name} photo by photo (median in brackets)", series, label))
    return f'<div class="plots">{"".join(drawn)}</div>'


def _photographs(found: Comparison, metric: Metric, worst: int) -> str:
    base = reference(found.systems)
    order = found.scores.worst(base, metric, worst)
    introduction = (
        f"<p>The {len(order)} photographs on which {escape(base)} does worst by {escape(metric.name)}. "
        "The map shows its color difference (CIEDE2000).</p>"
    )
    articles = [_photograph(found, metric, base, index) for index in order]
    return introduction + pictures.ramp(MAP_TOP, "dE00") + "\n".join(articles)


def _photograph(found: Comparison, metric: Metric, base: str, index: int) -> str:
    name = found.scores.photos[index]
    truth = Picture(read_truth(found.photos[name]))
    figures = []
    for system in found.systems:
        if system.name == "tint" and len(found.systems) > 2:
            continue
        predicted = _prediction(system, name, truth)
        value = float(found.scores.per_photo(system.name, metric)[index])
        caption = f"{system.name} {number(value, metric.decimals)} {metric.unit}".rstrip()
        figures.append(pictures.figure(predicted.codes, caption, f"{shown(name)}, {system.name}"))
        if system.name == base:
            error = pictures.heat(delta_e(predicted.lab, truth.lab), MAP_TOP)
    figures.append(pictures.figure(truth.codes, "truth", f"{shown(name)} in its true colors"))
    figures.append(pictures.figure(error, f"error of {base}", f"Map of the color difference of {base}"))
    return f'<article><h3>{escape(shown(name))}</h3><div class="row">{"".join(figures)}</div></article>'


def _prediction(system: System, name: str, truth: Picture) -> Picture:
    try:
        return Picture(as_depth(system.predict(name, truth), truth.rgb.dtype))
    except PhotoError as error:
        raise PhotoError(f"{name} was there when it was measured, and is gone: {error.message}") from error


def _legend(found: Comparison) -> str:
    rows = [
        [
            Cell(metric.name),
            Cell(metric.summary, words=True),
            Cell(metric.direction),
            Cell(f"{span(metric)} {metric.unit}".rstrip()),
            Cell(metric.source, words=True),
        ]
        for metric in found.scores.metrics
    ]
    return document.table(
        "What is measured, where it comes from",
        [Cell("metric"), Cell("what", words=True), Cell("better"), Cell("range"), Cell("source", words=True)],
        rows,
    )
