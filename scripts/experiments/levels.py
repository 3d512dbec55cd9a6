# SPDX-License-Identifier: Apache-2.0
"""What a network gains when faded photographs are shown to it with black and white moved apart.

    python scripts/experiments/levels.py --data PHOTOS --count 60

PHOTOS is what the network was trained on; the photographs that training held out (by the hash of their names) are faded
on purpose and colorized, once as they are and once with stretched levels. The colors are judged on the unfaded
photograph: gain in PSNR over the gray photograph, and the ratio of mean chroma to the truth's.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

import bwcolor
from bwcolor.color.merge import merge_rows
from bwcolor.photo.photo import Metadata, Photo, Source
from bwcolor.training.data import open_photos

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from choose_decoding import mean_chroma, neutral, psnr

# black and white points of the print, shares of full scale (sRGB-encoded)
FADINGS = {
    "none": (0.0, 1.0),
    "even, 0.2 to 0.8": (0.2, 0.8),
    "even, 0.3 to 0.7": (0.3, 0.7),
    "light, 0.4 to 1": (0.4, 1.0),
    "dark, 0 to 0.5": (0.0, 0.5),
}


@dataclass
class Score:
    """Sums over photographs."""

    gain: float = 0.0
    chroma: float = 0.0
    truth: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="gan")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--held-out", type=int, default=1000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    begun = time.perf_counter()
    photos = open_photos((arguments.data,)).split(arguments.held_out)[1]
    step = max(len(photos) // arguments.count, 1)
    chosen = [photos[index * step] for index in range(min(arguments.count, len(photos)))]
    colorizers = {levels: bwcolor.load(arguments.model, levels=levels) for levels in ("scan", "stretch")}
    print("| print | gain as it is, dB | chroma | gain stretched, dB | chroma |")
    print("| --- | --- | --- | --- | --- |")
    for name, (black, white) in FADINGS.items():
        scores = [measure(colorizer, chosen, black, white) for colorizer in colorizers.values()]
        cells = [f"{score.gain / len(chosen):+.2f} | {score.chroma / score.truth:.2f}" for score in scores]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print(f"\n{len(chosen)} photographs, {time.perf_counter() - begun:.0f} s")


def measure(colorizer: bwcolor.Colorizer, truths: list[np.ndarray], black: float, white: float) -> Score:
    """Colorize faded photographs and judge the colors on the unfaded ones."""
    score = Score()
    for truth in truths:
        height, width = truth.shape[:2]
        gray = neutral(truth)
        faded = np.rint(65535 * black + gray * (white - black)).astype(np.uint16)
        source = Source(Path(), "array", 16, "gray", 0, "")
        photo = Photo(width, height, lambda y0, y1, faded=faded: faded[y0:y1], Metadata(), source)
        (prediction,) = colorizer.predict([colorizer.prepare(photo)])
        ab = cv2.resize(prediction.ab, (width, height), interpolation=cv2.INTER_LINEAR)
        ours, flat = merge_rows(gray, ab, 8), merge_rows(gray, np.zeros_like(ab), 8)
        score.gain += psnr(ours, truth) - psnr(flat, truth)
        score.chroma += mean_chroma(ours)
        score.truth += mean_chroma(truth)
    return score


if __name__ == "__main__":
    main()
