#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measure networks and write the figures into docs/quality.md, between its two marks.

python scripts/bench/quality.py FOLDER --model gan,classify

Afterwards scripts/make_measured.py and scripts/make_readme.py carry them on to ``bwcolor models`` and to README.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from bwcolor import __version__
from bwcolor.evaluation.comparison import Comparison, Request, compare
from bwcolor.evaluation.report import cell_of, heading, number

PAGE = Path(__file__).resolve().parents[2] / "docs" / "quality.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


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
    written = tables(found, command)
    if arguments.print:
        print(written)
        return 0
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{written}\n\n{END}{after}", encoding="utf-8")
    return int(bool(found.scores.failed))


if __name__ == "__main__":
    sys.exit(main())
