#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measure what known colors are worth: python scripts/bench/hints.py FOLDER [--model gan] [--weights FILE].

Each color photograph of FOLDER is made gray and colorized with 0, 1, 5 and 10 points whose colors are the truth's, and
are placed as training places them. It is done in three manners: the points' corrections are spread along lightness
after the network ("spread"), the network alone is told them ("branch"), and both. Printed is a Markdown table:

- PSNR, and how much of it the points gained, in dB, mean over photographs;
- flooding: how far colors moved (ab, Lab units, mean) farther than a quarter of the short side from every point, and
  how much farther from the truth, or nearer (negative), that brought them. Colors that moved far and came no nearer
  have flooded the picture.

A network whose manner "branch" or "both" wins without flooding deserves ``takes_hints`` in its row of models/table.py.
"""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bwcolor.colorizer import Colorizer, load
from bwcolor.evaluation.photographs import read_truth
from bwcolor.metrics.pair import Pair, Picture
from bwcolor.metrics.rgb import psnr
from bwcolor.models.loading import load_network
from bwcolor.photo.folders import find_photographs
from bwcolor.photo.hints import POINT_RADIUS, Hints, Stroke
from bwcolor.photo.photo import Metadata, Photo, Source

COUNTS = (0, 1, 5, 10)
MANNERS = ("spread", "branch", "both")
FAR = 0.25  # of the short side
LEAST_FAR = 0.05  # share of a picture that must be far from every point to count


@dataclass(frozen=True)
class Measured:
    """One photograph, one manner, one number of points; far away where there is enough of it."""

    psnr: float
    moved: float = np.nan
    worse: float = np.nan


def points_on(truth: Picture, count: int, name: str) -> Hints:
    """Return points with the mean color of what lies under them, the first ones of the same ten."""
    draw = np.random.default_rng(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big"))
    shares = np.clip(draw.normal(0.5, 0.25, (max(COUNTS), 2)), 0.0, 0.999)[:count]
    height, width = truth.shape
    radius = max(round(POINT_RADIUS * min(height, width)), 1)
    strokes = []
    for x, y in shares:
        row, column = int(y * height), int(x * width)
        patch = truth.lab[1:, max(row - radius, 0) : row + radius + 1, max(column - radius, 0) : column + radius + 1]
        strokes.append(Stroke(((float(x), float(y)),), tuple(float(mean) for mean in patch.mean(axis=(1, 2)))))
    return Hints(tuple(strokes))


def far_from(hints: Hints, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels that are far from every point."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    far = np.ones(shape, dtype=bool)
    for stroke in hints.strokes:
        ((x, y),) = stroke.points
        far &= np.hypot(columns - x * shape[1], rows - y * shape[0]) > FAR * min(shape)
    return far


def colored(colorizer: Colorizer, photo: Photo, hints: Hints | None, manner: str) -> Picture:
    """Return a photo in color, at 16 bits."""
    small = colorizer.prepare(photo, hints)
    (prediction,) = colorizer.predict([small])
    if manner == "branch":
        small = replace(small, hints=None)  # what was told the network is not spread after it
    return Picture(colorizer.finish(photo, small, prediction).rows(0, photo.height))


def measure(colorizers: dict[str, Colorizer], truth: Picture, name: str) -> dict[tuple[str, int], Measured]:
    """Measure one photograph in every manner."""
    height, width = truth.shape
    photo = Photo(
        width, height, lambda y0, y1: truth.gray[y0:y1], Metadata(), Source(Path(), "array", 16, "gray", 0, "")
    )
    plain = colored(colorizers["spread"], photo, None, "spread")
    found = {(manner, 0): Measured(float(psnr(Pair(plain, truth))[0])) for manner in colorizers}
    for count in COUNTS[1:]:
        hints = points_on(truth, count, name)
        far = far_from(hints, truth.shape)
        for manner, colorizer in colorizers.items():
            hinted = colored(colorizer, photo, hints, manner)
            one = Measured(float(psnr(Pair(hinted, truth))[0]))
            if far.mean() >= LEAST_FAR:
                moved, after, before = (
                    np.hypot(*(a.lab[1:, far] - b.lab[1:, far])).mean()
                    for a, b in ((hinted, plain), (hinted, truth), (plain, truth))
                )
                one = replace(one, moved=float(moved), worse=float(after - before))
            found[manner, count] = one
    return found


def table(rows: list[dict[tuple[str, int], Measured]]) -> str:
    """Return the means as Markdown."""
    lines = [
        "| manner | points | PSNR, dB | gained, dB | far away: moved | far away: farther from the truth |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for manner, count in rows[0]:
        here = [row[manner, count] for row in rows]
        gained = np.mean([one.psnr - row[manner, 0].psnr for one, row in zip(here, rows, strict=True)])
        cells = [manner, str(count), f"{np.mean([one.psnr for one in here]):.2f}", f"{gained:+.2f}"]
        far = [one for one in here if not np.isnan(one.moved)]
        cells += [f"{np.mean([getattr(one, what) for one in far]):.2f}" if far else "-" for what in ("moved", "worse")]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="gan")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--photos", type=int, default=60, help="the first so many")
    parser.add_argument("--effort", default="fast")
    given = parser.parse_args()
    usual = load(given.model, weights=given.weights, quality=given.effort)
    loaded = load_network(given.model, given.weights)
    colorizers = {
        manner: Colorizer(
            loaded.network, replace(usual.model, takes_hints=manner != "spread"), usual.settings, loaded.sha256
        )
        for manner in MANNERS
    }
    files = list(find_photographs([given.folder]).items())[: given.photos]
    rows = [measure(colorizers, Picture(read_truth(path)), name) for name, path in tqdm(files)]
    print(f"{given.model}, weights {loaded.sha256[:16]}, {len(rows)} photographs\n\n{table(rows)}")


if __name__ == "__main__":
    main()
