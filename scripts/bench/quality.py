#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measure networks and write the figures into docs/quality.md, between its two marks.

python scripts/bench/quality.py FOLDER --model gan,classify

Three tables: the networks by all metrics; ``classify`` decoded in three ways; and, where the photographs' names begin
with a word and "_", all by that word. Printed besides: the photographs on which the first network does worst.

Afterwards scripts/make_measured.py and scripts/make_readme.py carry them on to ``bwcolor models`` and to README.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bwcolor import __version__
from bwcolor.colorizer import load
from bwcolor.evaluation.comparison import Comparison, Request, compare
from bwcolor.evaluation.report import cell_of, heading, number
from bwcolor.evaluation.scoring import Scores, score
from bwcolor.evaluation.systems import Network
from bwcolor.metrics import intervals
from bwcolor.metrics.metric import Metric

PAGE = Path(__file__).resolve().parents[2] / "docs" / "quality.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"

DECODED = "classify"
# temperatures; at the lowest one only the most probable color is left
DECODINGS = {"mean": 1.0, "annealed mean": 0.38, "mode": 0.01}
DECODED_METRICS = ("psnr", "ssim", "ciede2000", "colorfulness", "delta-colorfulness", "chroma-ratio", "hue-error")
DECODED_METRICS += ("auc-raw", "auc-rebalanced", "leak", "sat-diff")
GROUPED = "psnr,ciede2000,chroma-ratio,hue-error"
WORST = 20


def row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def tables(found: Comparison, command: str) -> str:
    scores = found.scores
    names = list(scores.systems)
    lines = [
        f"bwcolor {__version__}, {len(scores.photos)} photographs; in brackets the 95 % interval. Made by",
        "",
        f"    {command}",
        "",
        row(["", *names]),
        row(["---", *("---:" for _ in names)]),
    ]
    for metric in scores.metrics:
        cells = [cell_of(scores.estimate(name, metric), metric.decimals) for name in names]
        lines.append(row([heading(metric), *(f"{value} ({span})" if span else value for value, span in cells)]))
    gflop = [found.costs[name].gflop for name in names]
    lines.append(row(["GFLOP per photo ↓", *(number(each, 2) if each else "-" for each in gflop)]))
    lines += ["", *(f"- `{system.name}`: {system.summary}" for system in found.systems)]
    lines += [
        f"- `{name}`: weights {dict(cost.settings)['weights_sha256'][:16]}..., working size "
        f"{dict(cost.settings)['working_size']}, {dict(cost.settings)['precision']}"
        for name, cost in found.costs.items()
        if dict(cost.settings).get("weights_sha256")
    ]
    return "\n".join(lines)


def decodings(found: Comparison) -> str:
    """Return a Markdown table of the classifier decoded in three ways."""
    systems = [Network(load(DECODED, temperature=value), name) for name, value in DECODINGS.items()]
    metrics = [metric for metric in found.scores.metrics if metric.name in DECODED_METRICS]
    scores = score(found.photos, systems, metrics, lambda names: tqdm(names, disable=None))
    heads = [f"{DECODED}, {name} (T = {value:g})" for name, value in DECODINGS.items()]
    lines = [row(["", *heads]), row(["---", *("---:" for _ in heads)])]
    for metric in scores.metrics:
        lines.append(
            row([heading(metric), *(cell_of(scores.estimate(n, metric), metric.decimals)[0] for n in DECODINGS)])
        )
    return "\n".join(lines)


def groups(scores: Scores) -> str:
    """Return a Markdown table by the first word of the photographs' names; empty where they have none."""
    words = np.array([name.partition("_")[0] for name in scores.photos])
    kinds = list(dict.fromkeys(words))
    if not 1 < len(kinds) < len(words) / 10:
        return ""
    metrics = [metric for metric in scores.metrics if metric.name in GROUPED.split(",")]
    lines = [row(["photographs", "", *map(heading, metrics)]), row(["---", "---", *("---:" for _ in metrics)])]
    for kind in kinds:
        for system in scores.systems:
            cells = [grouped(scores, system, metric, words == kind) for metric in metrics]
            lines.append(row([f"{kind}, {(words == kind).sum()}", system, *cells]))
    return "\n".join(lines)


def grouped(scores: Scores, system: str, metric: Metric, chosen: NDArray[np.bool_]) -> str:
    """Return the mean of a metric over some photographs, with its interval in brackets."""
    value, span = cell_of(intervals.estimate(metric, scores.rows[system, metric.name][chosen]), metric.decimals)
    return f"{value} ({span})" if span else value


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="gan,classify")
    parser.add_argument("--metrics", default="all")
    parser.add_argument("--print", action="store_true", help="print the figures and leave the page alone")
    arguments = parser.parse_args()
    models = tuple(arguments.model.split(","))
    found = compare(
        Request((arguments.folder,), models, metrics=arguments.metrics), lambda names: tqdm(names, disable=None)
    )
    command = f"python scripts/bench/quality.py FOLDER --model {arguments.model}"
    parts = [tables(found, command), decodings(found), groups(found.scores)]
    written = "\n\n".join(filter(None, parts))
    psnr = next(metric for metric in found.scores.metrics if metric.name == "psnr")
    for index in found.scores.worst(models[0], psnr, WORST):
        values = (found.scores.per_photo(name, psnr)[index] for name in found.scores.systems)
        print(found.scores.photos[index], *(f"{value:.2f}" for value in values))
    if arguments.print:
        print(written)
        return 0
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{written}\n\n{END}{after}", encoding="utf-8")
    return int(bool(found.scores.failed))


if __name__ == "__main__":
    sys.exit(main())
