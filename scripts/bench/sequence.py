# SPDX-License-Identifier: Apache-2.0
"""Flicker of a film with and without --sequence: a slow pan over a photograph, colored frame by frame.

    OMP_WAIT_POLICY=PASSIVE python scripts/bench/sequence.py [PHOTO] [--frames 24] [--grain 3]

PHOTO is a color photograph, by default scikit-image's coffee cup. The pan moves two pixels down and three to the right
from frame to frame, over half of the photograph's width and height; each frame has a film grain of its own (standard
deviation in levels of 255). Printed are `flicker` (Lab units beyond the truth's own), the mean distance of ab from the
truth's, and the mean chroma of the copies; seconds are those of the whole command.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from bwcolor.archive.job import ColorOptions, Job
from bwcolor.archive.plan import Request
from bwcolor.archive.run import colorize
from bwcolor.color import spaces
from bwcolor.metrics.frames import flicker
from bwcolor.metrics.pair import Pair, Picture

STEP = (2, 3)  # pixels down and to the right, from frame to frame


def pan(photo: np.ndarray, count: int) -> list[np.ndarray]:
    """Return frames of half the photo's size."""
    height, width = photo.shape[0] // 2, photo.shape[1] // 2
    most = min((photo.shape[0] - height) // STEP[0], (photo.shape[1] - width) // STEP[1])
    return [
        np.ascontiguousarray(photo[STEP[0] * at :, STEP[1] * at :][:height, :width]) for at in range(min(count, most))
    ]


def write_grays(frames: list[np.ndarray], folder: Path, grain: float) -> None:
    """Write frames as gray scans of their own lightness, with grain."""
    draw = np.random.default_rng(0)
    for number, frame in enumerate(frames):
        lightness = Picture(frame).lab[0]
        gray = np.asarray(spaces.gray_from_lightness(lightness)) * 255 + draw.normal(0, grain, lightness.shape)
        Image.fromarray(np.rint(gray.clip(0, 255)).astype(np.uint8)).save(folder / f"{number:03}.png")


def measured(truths: list[np.ndarray], out: Path) -> tuple[float, float, float]:
    """Return flicker, mean distance of ab, and mean chroma of the copies."""
    sums, distances, chromas, before = np.zeros(2), [], [], None
    for number, truth in enumerate(truths):
        copy = Picture(np.asarray(Image.open(out / f"{number:03}.png").convert("RGB")))
        pair = Pair(copy, Picture(truth), previous=before)
        sums += flicker(pair)
        distances.append(np.hypot(*(copy.lab[1:] - pair.truth.lab[1:])).mean())
        chromas.append(np.hypot(*copy.lab[1:]).mean())
        before = pair
    return float(sums[0] / sums[1]), float(np.mean(distances)), float(np.mean(chromas))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", nargs="?", type=Path)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--grain", type=float, default=3.0)
    parser.add_argument("--model", default="gan")
    given = parser.parse_args()
    if given.photo is None:
        from skimage import data

        photo = data.coffee()
    else:
        photo = np.asarray(Image.open(given.photo).convert("RGB"))
    truths = pan(photo, given.frames)
    with tempfile.TemporaryDirectory() as place:
        scans = Path(place) / "film"
        scans.mkdir()
        write_grays(truths, scans, given.grain)
        print(f"{len(truths)} frames of {truths[0].shape[1]} x {truths[0].shape[0]}, grain {given.grain:g}")
        for sequence in (False, True):
            out = Path(place) / str(sequence)
            begun = time.perf_counter()
            colorize(Job(Request((scans,), out=out), ColorOptions(model=given.model), sequence=sequence))
            seconds = time.perf_counter() - begun
            values = measured(truths, out)
            name = "--sequence" if sequence else "each alone"
            print(f"{name:12} flicker {values[0]:.3f}  dab {values[1]:.2f}  chroma {values[2]:.2f}  {seconds:.1f} s")


if __name__ == "__main__":
    main()
