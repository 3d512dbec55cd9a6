#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether tiles leave seams: python scripts/bench/seams.py FOLDER [--model gan] [--photos 40].

FOLDER holds color photographs. Their gray versions are colorized as a whole at the model's own working size, as a whole
at twice that size, in locked and feathered tiles at twice that size, and, to show what the metric sees, in tiles that
are merely put side by side. For each: the mean of the metrics `seam` and `psnr`, and the seconds of the network.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import cv2
import numpy as np
import torch
from PIL import Image

from bwcolor import load
from bwcolor.colorizer import Colorizer
from bwcolor.metrics.edges import seam
from bwcolor.metrics.pair import Pair, Picture
from bwcolor.models.inference import Prediction, Small
from bwcolor.photo import read_photo
from bwcolor.photo.options import ReadOptions


def side_by_side(colorizer: Colorizer, small: Small, tile: int) -> Prediction:
    """Color tiles alone and put them side by side."""
    height, width = small.lightness.shape
    stride = colorizer.model.ab_stride
    ab = np.zeros((height // stride, width // stride, 2), np.float32)
    for y in range(0, height, tile):
        for x in range(0, width, tile):
            part = np.ascontiguousarray(small.lightness[y : y + tile, x : x + tile])
            (found,) = colorizer.predict([Small(part)])
            ab[y // stride :, x // stride :][: found.ab.shape[0], : found.ab.shape[1]] = found.ab
    return Prediction(ab, None)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="gan")
    parser.add_argument("--photos", type=int, default=40)
    wish = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    plain = load(wish.model)
    size = plain.model.working_size
    large = load(wish.model, working_size=2 * size)
    tiled = load(wish.model, tile_size=size)
    ways: dict[str, tuple[Colorizer, Callable[[Small], Prediction]]] = {
        f"whole at {size}": (plain, lambda small: plain.predict([small])[0]),
        f"whole at {2 * size}": (large, lambda small: large.predict([small])[0]),
        f"tiles of {size} at {2 * size}": (tiled, lambda small: tiled.predict([small])[0]),
        "the same side by side, alone": (large, lambda small: side_by_side(plain, small, size)),
    }
    paths = sorted(path for path in wish.folder.iterdir() if path.suffix in (".jpg", ".png", ".webp"))
    paths = paths[:: max(len(paths) // wish.photos, 1)][: wish.photos]
    print("| seen | seam, Lab | worst | PSNR, dB | network, s |\n| --- | --- | --- | --- | --- |")
    for name, (colorizer, way) in ways.items():
        seams, psnrs, seconds = [], [], 0.0
        for path in paths:
            with Image.open(path) as image:
                truth = np.asarray(image.convert("RGB"))
            photo = read_photo(path, ReadOptions())
            small = colorizer.prepare(photo)
            begun = time.thread_time()
            prediction = way(small)
            seconds += time.thread_time() - begun
            color = colorizer.finish(photo, small, prediction).rows(0, photo.height)
            seams.append(seam(Pair(Picture(color), Picture(truth))))
            psnrs.append(cv2.PSNR(color, truth))
        row = [f"{fmean(seams):.2f}", f"{max(seams):.2f}", f"{fmean(psnrs):.2f}", f"{seconds / len(paths):.2f}"]
        print(f"| {name} | {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
