# SPDX-License-Identifier: Apache-2.0
"""Charts as SVG inside a page, in the page's own colors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 600, 340  # CSS pixels
LEFT, RIGHT, TOP, BOTTOM = 74, 156, 18, 46  # margins
GAP = 14  # between labels
COLORS = 6  # the page's --s0 .. --s5


@dataclass(frozen=True)
class Point:
    """A point with its interval.

    Attributes:
        x: Where it lies.
        y: How high.
        low: Lower end of its interval.
        high: Upper end.
        label: Its name.
        color: Which of the page's colors it has; the same in all charts of a page.
    """

    x: float
    y: float
    low: float
    high: float
    label: str
    color: int = 0


@dataclass(frozen=True)
class Axis:
    """An axis.

    Attributes:
        low: Its beginning.
        high: Its end.
        label: What it shows, with the unit.
        logarithmic: Whether equal ratios are equal distances.
    """

    low: float
    high: float
    label: str
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Return where a value lies, 0..1."""
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return round values inside."""
        if self.logarithmic:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            steps = (1, 2, 5) if self.high > 5 * self.low else range(1, 10)
            found = [step * 10.0**power for power in powers for step in steps]
        else:
            step = round_step((self.high - self.low) / 5)
            first = math.ceil(self.low / step - 1e-9)
            found = [step * (first + index) for index in range(12)]
        return [value for value in found if self.low * (1 - 1e-9) <= value <= self.high * (1 + 1e-9)]


def round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is not below ``least``."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least * (1 - 1e-9))


def axis(values: Sequence[float], label: str, logarithmic: bool = False) -> Axis:
    """Return an axis that holds all values with some air around them."""
    low, high = min(values), max(values)
    if logarithmic:
        air = max((high / low) ** 0.12, 1.3)
        return Axis(low / air, high * air, label, logarithmic=True)
    air = max((high - low) * 0.08, abs(high) * 1e-3, 1e-9)
    return Axis(low - air, high + air, label)


def scatter(title: str, points: Sequence[Point], lines: Sequence[tuple[str, float]], across: str, upwards: str) -> str:
    """Return points with intervals, beside lines that they are to be compared with.

    Args:
        title: What it shows.
        points: x above 0, on a logarithmic axis.
        lines: Names and heights of baselines.
        across: What x is.
        upwards: What y is.
    """
    heights = [v for p in points for v in (p.y, p.low, p.high) if math.isfinite(v)] + [y for _, y in lines]
    x_axis, y_axis = axis([point.x for point in points], across, logarithmic=True), axis(heights, upwards)
    drawn: list[str] = []
    labels: list[tuple[float, float, str]] = []
    for name, height in lines:
        y = _y(y_axis, height)
        drawn.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--base)" '
            'stroke-dasharray="5 4"/>'
        )
        labels.append((WIDTH - RIGHT + 6, y, name))
    for point in points:
        x, y, color = _x(x_axis, point.x), _y(y_axis, point.y), f"var(--s{point.color % COLORS})"
        if math.isfinite(point.low):
            ends = [_y(y_axis, end) for end in (point.low, point.high)]
            drawn.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{ends[0]:.1f}" y2="{ends[1]:.1f}" stroke="{color}"/>')
        drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{color}"/>')
        labels.append((x + 9, y, point.label))
    words = "; ".join(f"{p.label}: {across} {p.x:.3g}, {upwards} {p.y:.4g}" for p in points)
    return _chart(title, words, x_axis, y_axis, drawn + _labels(labels))


def curves(title: str, series: Sequence[tuple[str, Sequence[float]]], across: str) -> str:
    """Return for each series the share of its values below each value.

    Args:
        title: What it shows.
        series: Names and their finite values.
        across: What the values are.
    """
    series = [(name, sorted(values)) for name, values in series if len(values)]
    x_axis = axis([value for _, values in series for value in (values[0], values[-1])], across)
    y_axis = Axis(0.0, 100.0, "% of the photos below")
    drawn, labels = [], []
    for index, (name, values) in enumerate(series):
        steps = [(value, 100.0 * (rank + 0.5) / len(values)) for rank, value in enumerate(values)]
        path = " ".join(f"{_x(x_axis, x):.1f},{_y(y_axis, y):.1f}" for x, y in steps)
        color = f"var(--s{index % COLORS})"
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        middle = values[len(values) // 2]
        row = TOP + 14 + GAP * index
        drawn.append(f'<rect x="{WIDTH - RIGHT + 8}" y="{row - 9}" width="12" height="4" fill="{color}"/>')
        labels.append((WIDTH - RIGHT + 26.0, row - 7.0, f"{name} ({middle:.4g})"))
    words = "; ".join(f"{name}: median {values[len(values) // 2]:.4g}" for name, values in series)
    return _chart(title, words, x_axis, y_axis, drawn + [_text(*label) for label in labels])


def trends(
    title: str,
    series: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    across: str,
    upwards: str,
    logarithmic: bool = False,
) -> str:
    """Return lines through points, each named with its last value.

    Args:
        title: What they show.
        series: Names and their points (x, y), finite, with x growing from 0 or above.
        across: What x is.
        upwards: What y is.
        logarithmic: Whether equal ratios of y are equal distances; y is above 0 then.
    """
    series = [(name, points) for name, points in series if points]
    furthest = max(points[-1][0] for _, points in series)
    x_axis = Axis(0.0, max(furthest, 1e-9), across)
    y_axis = axis([y for _, points in series for _, y in points], upwards, logarithmic)
    drawn, labels = [], []
    for index, (name, points) in enumerate(series):
        path = " ".join(f"{_x(x_axis, x):.1f},{_y(y_axis, y):.1f}" for x, y in points)
        color = f"var(--s{index % COLORS})"
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.6"/>')
        x, y = points[-1]
        drawn.append(f'<circle cx="{_x(x_axis, x):.1f}" cy="{_y(y_axis, y):.1f}" r="3" fill="{color}"/>')
        labels.append((WIDTH - RIGHT + 8.0, _y(y_axis, y), f"{name} {y:.4g}"))
    words = "; ".join(f"{name}: from {points[0][1]:.4g} to {points[-1][1]:.4g}" for name, points in series)
    return _chart(title, words, x_axis, y_axis, drawn + _labels(labels))


def _x(scale: Axis, value: float) -> float:
    return LEFT + scale.place(value) * (WIDTH - LEFT - RIGHT)


def _y(scale: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - scale.place(value) * (HEIGHT - TOP - BOTTOM)


def _text(x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}" class="{kind}">{escape(words)}</text>'


def _labels(labels: list[tuple[float, float, str]]) -> list[str]:
    """Write labels, moved apart where they would lie upon one another."""
    placed: list[tuple[float, float]] = []
    written = []
    for x, wanted, words in sorted(labels, key=lambda label: label[1]):
        y = wanted
        while any(abs(y - other) < GAP and abs(x - beside) < 110 for beside, other in placed):
            y += 2
        placed.append((x, y))
        written.append(_text(x, y, words))
    return written


def _chart(title: str, words: str, x_axis: Axis, y_axis: Axis, inside: list[str]) -> str:
    frame: list[str] = []
    write: Callable[[str], None] = frame.append
    floor, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for value in y_axis.ticks():
        y = _y(y_axis, value)
        write(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        write(_text(LEFT - 8, y, f"{value:.4g}", "end", "quiet"))
    for value in x_axis.ticks():
        x = _x(x_axis, value)
        write(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{floor}" y2="{floor + 4}"/>')
        write(_text(x, floor + 15, f"{value:.4g}", "middle", "quiet"))
    write(f'<line class="axis" x1="{LEFT}" x2="{right}" y1="{floor}" y2="{floor}"/>')
    write(_text((LEFT + right) / 2, HEIGHT - 12, x_axis.label, "middle"))
    write(f'<text transform="translate(14 {(TOP + floor) / 2:.0f}) rotate(-90)" text-anchor="middle">'
          f"{escape(y_axis.label)}</text>")  # fmt: skip
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">'
        f"<title>{escape(title)}</title><desc>{escape(words)}</desc>{''.join(frame)}{''.join(inside)}</svg>"
        f"<figcaption>{escape(title)}</figcaption></figure>"
    )
