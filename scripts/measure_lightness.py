# SPDX-License-Identifier: Apache-2.0
"""Measure with scikit-image how well lightness is kept: every pixel of every photo of a folder, before any encoding.

    python scripts/measure_lightness.py SCANS --model gan

For each photo the lightness of the colored rows is turned back into the neutral gray that has it, and compared with the
scan's own neutral gray; differences are in levels of 255. The scan's neutral is not rounded to 8 bits on the way.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from skimage.color import lab2rgb, rgb2lab

import bwcolor
from bwcolor.photo.formats import is_photo

STRIP = 256  # rows measured at a time


def levels(rgb: np.ndarray) -> np.ndarray:
    """Return the neutral gray (in levels of 255) of (h, w, 3) pixels' L*, by scikit-image."""
    lab = rgb2lab(rgb / np.iinfo(rgb.dtype).max)
    lab[..., 1:] = 0
    return lab2rgb(lab)[..., 1] * 255


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="gan")
    parser.add_argument("--weights", type=Path)
    arguments = parser.parse_args()
    colorizer = bwcolor.load(arguments.model, weights=arguments.weights)
    worst = 0.0
    for path in sorted(p for p in arguments.folder.iterdir() if is_photo(p)):
        photo = bwcolor.read_photo(path)
        color = colorizer.colorize(photo)
        largest, total = 0.0, 0.0
        for y0 in range(0, photo.height, STRIP):
            y1 = min(y0 + STRIP, photo.height)
            gray = np.repeat(photo.rows(y0, y1)[..., None], 3, axis=-1)
            moved = np.abs(levels(color.rows(y0, y1)) - levels(gray))
            largest, total = max(largest, float(moved.max())), total + float(moved.sum())
        worst = max(worst, largest)
        mean = total / (photo.width * photo.height)
        print(
            f"{largest:6.3f} largest  {mean:6.3f} mean  {color.depth:2d} bits  {photo.source.channels:8s}  {path.name}"
        )
    print(f"{worst:6.3f} levels of 255 at the worst pixel of all")


if __name__ == "__main__":
    main()
