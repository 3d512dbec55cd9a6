# SPDX-License-Identifier: Apache-2.0
"""``index.html`` of a run: curves, the metrics of every evaluation, sample sheets. It reloads itself while it grows."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from html import escape
from pathlib import Path

import cv2
import numpy as np

from bwcolor import __version__
from bwcolor.errors import OutputError
from bwcolor.models.table import find_model
from bwcolor.pages.charts import trends
from bwcolor.pages.document import Cell, Section, page, table
from bwcolor.pages.pictures import address, small
from bwcolor.training.configuration import as_toml
from bwcolor.training.journal import EVALUATIONS, STEPS, read_rows
from bwcolor.training.options import TrainOptions

NAME = "index.html"
REFRESH_SECONDS = 30
POINTS = 240  # of a curve; the steps between are averaged
SHEETS = 4  # shown: the last one, and others on the way to it
SHEET_SIDE = 1400  # pixels
ROWS = 20  # evaluations in the table, the newest first
SIDE_BY_SIDE = "display: grid; grid-template-columns: repeat(auto-fit, minmax(28rem, 1fr)); gap: 1rem"
FRAME = ("step", "seen", "seconds", "skipped")
WORDS = {
    "loss": "reconstruction loss",
    "psnr": "PSNR (dB)",
    "psnr_gray": "PSNR of gray (dB)",
    "chroma_ratio": "chroma ratio",
    "rate": "learning rate (thousandths)",
    "cross_entropy": "cross-entropy",
    "huber": "Huber distance of ab",
    "l1": "L1 distance of Lab",
    "squares": "squared distance of ab",
    "uv_distance": "distance of U and V",
    "discriminator": "discriminator's loss",
    "generator": "discriminator's verdict on our colors",
    "classes": "distance to the teacher's classes",
    "gradient": "norm of the gradient",
    "gradient_refining": "norm of the ab head's gradient",
    "gradient_judge": "norm of the discriminator's gradient",
}
SCALES = {"rate": 1000.0}
SMALLER_IS_BETTER = ("loss",)
LARGER_IS_BETTER = ("psnr",)


def write_page(run: Path, options: TrainOptions, running: bool) -> Path:
    """Write the page of a run from what its journal holds.

    Args:
        run: Its folder.
        options: Its recipe.
        running: Whether it goes on: the page then loads itself again now and then.

    Returns:
        The page.

    Raises:
        OutputError: It cannot be written.
    """
    steps, evaluations = read_rows(run / STEPS), read_rows(run / EVALUATIONS)
    sections = [
        Section("Curves", _curves(steps, evaluations)),
        Section("Evaluations", _table(evaluations)),
        Section("Samples", _sheets(run)),
        Section("Recipe", f"<pre>{escape(as_toml(options))}</pre>"),
    ]
    text = page(
        f"Training {options.model}: {run.name}",
        _lead(steps, options, running),
        sections,
        f"<p>bwcolor {escape(__version__)}</p>",
        refresh=REFRESH_SECONDS if running else 0,
    )
    target, part = run / NAME, run / f".{NAME}.{os.getpid()}.part"
    try:
        part.write_text(text, encoding="utf-8", errors="replace")
        part.replace(target)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error}.") from error
    return target


def _lead(steps: Sequence[dict[str, str]], options: TrainOptions, running: bool) -> str:
    last = steps[-1] if steps else {}
    done, seen = int(last.get("step", 0)), int(last.get("seen", 0))
    skipped = int(last.get("skipped") or 0)
    state = "It goes on; this page loads itself again." if running else "It has stopped."
    lost = f" {skipped} steps without a finite gradient were skipped." if skipped else ""
    summary = escape(find_model(options.model).summary)
    return f"<p>{summary}</p><p>Step {done:,} of {options.steps:,}, {seen:,} crops seen. {state}{lost}</p>"


def _curves(steps: Sequence[dict[str, str]], evaluations: Sequence[dict[str, str]]) -> str:
    """Return a chart for each term of the steps, and for each metric of the evaluations."""
    drawn = []
    metrics = [name for name in (evaluations[0] if evaluations else {}) if name != "step"]
    for name in metrics:
        if name == "psnr_gray":
            continue
        series = [("ours", _points(evaluations, name))]
        if name == "psnr":
            series.append(("gray", _points(evaluations, "psnr_gray")))
        if series[0][1]:
            drawn.append(trends(f"{_words(name)}, held-out photographs", series, "step", _words(name)))
    names = [name for name in (steps[0] if steps else {}) if name not in FRAME]
    for name in names:
        points = _points(steps, name)
        if points:
            drawn.append(trends(_words(name), [("last", points)], "step", _words(name), _is_steep(points)))
    return f'<div style="{SIDE_BY_SIDE}">{"".join(drawn)}</div>' if drawn else "<p>Nothing yet.</p>"


def _points(rows: Sequence[dict[str, str]], name: str) -> list[tuple[float, float]]:
    """Return the finite values of a column by step, averaged over neighbours where they are many."""
    scale = SCALES.get(name, 1.0)
    found = [(float(row["step"]), float(row[name]) * scale) for row in rows if row.get(name)]
    found = [(step, value) for step, value in found if math.isfinite(value)]
    every = max(math.ceil(len(found) / POINTS), 1)
    blocks = [found[begin : begin + every] for begin in range(0, len(found), every)]
    return [(block[-1][0], float(np.mean([value for _, value in block]))) for block in blocks]


def _is_steep(points: Sequence[tuple[float, float]]) -> bool:
    values = [value for _, value in points]
    return min(values) > 0 and max(values) > 10 * min(values)


def _words(name: str) -> str:
    return WORDS.get(name, name.replace("_", " "))


def _table(evaluations: Sequence[dict[str, str]]) -> str:
    """Return the newest evaluations, the best values of all marked."""
    if not evaluations:
        return "<p>None yet.</p>"
    names = [name for name in evaluations[0] if name != "step" and any(row.get(name) for row in evaluations)]
    best = {name: min(float(row[name]) for row in evaluations if row[name]) for name in SMALLER_IS_BETTER}
    best |= {name: max(float(row[name]) for row in evaluations if row[name]) for name in LARGER_IS_BETTER}
    rows = [
        [Cell(row["step"])]
        + [Cell(_number(row[name]), best=name in best and float(row[name] or "nan") == best[name]) for name in names]
        for row in list(evaluations)[: -ROWS - 1 : -1]
    ]
    caption = "Averaged weights on held-out photographs, the newest first"
    return table(caption, [Cell("step"), *(Cell(_words(name)) for name in names)], rows)


def _number(text: str) -> str:
    return f"{float(text):.4g}" if text else ""


def _sheets(run: Path) -> str:
    """Return the last sample sheet and some on the way to it, the newest first."""
    paths = sorted((run / "samples").glob("step-*.png"), reverse=True)
    if not paths:
        return "<p>None yet.</p>"
    chosen = dict.fromkeys(paths[round(at)] for at in np.linspace(0, len(paths) - 1, min(SHEETS, len(paths))))
    figures = []
    for path in chosen:
        step = int(path.stem.removeprefix("step-"))
        decoded = cv2.imdecode(np.frombuffer(path.read_bytes(), dtype=np.uint8), cv2.IMREAD_COLOR)
        if decoded is None:
            continue
        shown = small(np.ascontiguousarray(decoded[..., ::-1]).astype(np.uint8), SHEET_SIDE)
        height, width = shown.shape[:2]
        figures.append(
            f'<figure><img src="{address(shown)}" width="{width}" height="{height}" loading="lazy" '
            f'alt="Sample sheet of step {step}: gray, ours and truth of each photograph, side by side">'
            f"<figcaption>Step {step}: gray, ours, truth</figcaption></figure>"
        )
    return "\n".join(figures)
