#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bwcolor against the plain loop that people write: same network, same photos, same machine, in turn.

    OMP_WAIT_POLICY=PASSIVE python scripts/bench/versus_plain.py [--model NAME] [--photos 24] [--rounds 2]

The plain loop takes one photo after the other: Pillow decodes, scikit-image converts to Lab, the network sees the
photo once, squeezed to 256 x 256, ab is enlarged bilinearly, scikit-image converts back, Pillow saves. torch may use
all cores. Loading Python and the network counts for neither. Photos: 12-megapixel grainy gray JPEGs, as throughput.py
makes them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import cv2
import numpy as np
import torch
from PIL import Image
from skimage.color import lab2rgb, rgb2lab
from throughput import make

from bwcolor import load
from bwcolor.archive import machine
from bwcolor.archive.job import ColorOptions, Job
from bwcolor.archive.plan import Request
from bwcolor.archive.run import colorize
from bwcolor.colorizer import Colorizer
from bwcolor.models.inference import Small

SIDE = 256


def plain(network: Colorizer, scans: Path, out: Path) -> float:
    """Color a folder with the plain loop and return the seconds."""
    out.mkdir()
    torch.set_num_threads(machine.cores())
    cv2.setNumThreads(machine.cores())
    begun = time.perf_counter()
    for path in sorted(scans.iterdir()):
        rgb = np.asarray(Image.open(path).convert("RGB"))
        lab = rgb2lab(rgb)
        lightness = lab[..., 0].astype(np.float32)
        small = cv2.resize(lightness, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        (prediction,) = network.predict([Small(small)])
        lab[..., 1:] = cv2.resize(prediction.ab, lightness.shape[::-1], interpolation=cv2.INTER_LINEAR)
        Image.fromarray((lab2rgb(lab) * 255).round().astype(np.uint8)).save(out / path.name, quality=95)
    return time.perf_counter() - begun


def ours(model: str, scans: Path, out: Path) -> float:
    """Color a folder with bwcolor and return the seconds."""
    summary = colorize(Job(Request((scans,), out), ColorOptions(model=model)))
    if summary.failures:
        sys.exit(str(summary.failures[0]))
    return summary.seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="gan")
    parser.add_argument("--photos", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=2)
    wish = parser.parse_args()
    network = load(wish.model, quality="fast")  # one look
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        make(root / "scans", wish.photos, 0, [(4000, 3000)])
        runs = {
            "plain": lambda out: plain(network, root / "scans", out),
            "bwcolor": lambda out: ours(wish.model, root / "scans", out),
        }
        best: dict[str, tuple[float, float]] = {}
        for _ in range(wish.rounds):
            for label, run in runs.items():
                before = os.times()
                wall = run(root / "out") / wish.photos
                after = os.times()
                work = (sum(after[:4]) - sum(before[:4])) / wish.photos
                best[label] = min(best.get(label, (float("inf"), 0.0)), (wall, work))
                shutil.rmtree(root / "out")
                print(f"{label}: {wall:.2f} s per photo, {work:.2f} s of processor time", flush=True)
        (wall, work), (own_wall, own_work) = best["plain"], best["bwcolor"]
        print(f"bwcolor is {wall / own_wall:.1f} times as fast, with {work / own_work:.1f} times less work")


if __name__ == "__main__":
    main()
