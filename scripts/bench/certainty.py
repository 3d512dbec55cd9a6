#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measure whether networks know what they do not know: python scripts/bench/certainty.py FOLDER [--models NAMES].

For each color photograph of FOLDER its gray version is colorized, and the network's certainty (mean over the picture,
as in the ledger) is held against the error of its colors (mean distance in ab, Lab units). Printed is the rank
correlation: near -1 means that the photos to be looked at first are found by their certainty, near 0 that they are not.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bwcolor.colorizer import load
from bwcolor.evaluation.photographs import read_truth
from bwcolor.metrics.pair import Picture
from bwcolor.photo.folders import find_photographs
from bwcolor.photo.photo import Metadata, Photo, Source


def ranks(values: list[float]) -> np.ndarray:
    """Return each value's rank; equal ones share the mean of theirs."""
    ordered = np.sort(values)
    return (np.searchsorted(ordered, values) + np.searchsorted(ordered, values, "right") - 1) / 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", default="gan,classify")
    given = parser.parse_args()
    files = list(find_photographs([given.folder]).items())
    for model in given.models.split(","):
        colorizer = load(model)
        certainties, errors = [], []
        for _, path in tqdm(files, desc=model):
            truth = Picture(read_truth(path))
            source = Source(Path(), "array", 16, "gray", 0, "")
            photo = Photo(*truth.shape[::-1], lambda y0, y1, gray=truth.gray: gray[y0:y1], Metadata(), source)
            color = colorizer.colorize(photo)
            certainties.append(color.certainty)
            errors.append(float(np.hypot(*(Picture(color.rows(0, photo.height)).lab - truth.lab)[1:]).mean()))
        rank = np.corrcoef(ranks(certainties), ranks(errors))[0, 1]
        print(f"{model}: rank correlation of certainty and ab error {rank:+.2f} on {len(files)} photographs")


if __name__ == "__main__":
    main()
