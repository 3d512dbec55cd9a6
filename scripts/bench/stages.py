#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where the seconds of one photo go: each stage after the other, on one thread, for a 12-megapixel scan.

    OMP_WAIT_POLICY=PASSIVE taskset -c 0 python scripts/bench/stages.py [--model NAME] [--weights FILE] [--photos 5]
        [--sixteen-bits]

The scans are made: a gray scene with film grain, 4000 x 3000, as a JPEG of about 6 MB or a 16-bit TIFF. For each stage
the median over the photos, after one that is not counted, in processor milliseconds, so that others at work on the
machine count little. Then the same photos by `bwcolor colorize --jobs 1`, from the start of the program to its end.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import cv2
import numpy as np
import tifffile
import torch
from PIL import Image

from bwcolor import load, read_photo, write_photo
from bwcolor.archive.measure import decoded_error
from bwcolor.color.upsample import AbUpsampler
from bwcolor.colorizer import Colorizer, colorizer

WIDTH, HEIGHT = 4000, 3000
GRAIN = 13.0  # levels of 255, standard deviation
JPEG_QUALITY = 95


def scene(seed: int) -> np.ndarray:
    """Return a scene of soft shapes with film grain: ``(H, W)`` float32, 0..255."""
    rng = np.random.default_rng(seed)
    shapes = cv2.resize(
        rng.uniform(20, 235, (24, 32)).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC
    )
    steps = cv2.resize(
        rng.uniform(-30, 30, (120, 160)).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST
    )
    grain = cv2.GaussianBlur(rng.normal(0, 2.2 * GRAIN, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 0.7)
    return (shapes + steps + grain).clip(0, 255)


def make(folder: Path, count: int, sixteen_bits: bool) -> list[Path]:
    """Write the scans."""
    paths = []
    for number in range(count):
        gray = scene(number)
        path = folder / (f"{number}.tif" if sixteen_bits else f"{number}.jpg")
        if sixteen_bits:
            tifffile.imwrite(path, (gray * 257).astype(np.uint16), photometric="minisblack")
        else:
            stream = io.BytesIO()
            Image.fromarray(gray.astype(np.uint8)).save(stream, "JPEG", quality=JPEG_QUALITY)
            path.write_bytes(stream.getvalue())
        paths.append(path)
    return paths


class Clock:
    """Adds up the seconds of named stages."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function whose seconds are added to a stage."""

        def wrapped(*arguments: Any, **options: Any) -> Any:
            begun = time.process_time()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds[name] += time.process_time() - begun

        return wrapped


def one_photo(network: Colorizer, path: Path, target: Path) -> dict[str, float]:
    """Take one photo through the stages and return the seconds of each."""
    clock = Clock()
    originals = colorizer.merge_rows, AbUpsampler.rows
    colorizer.merge_rows = clock.timed("merge", originals[0])
    AbUpsampler.rows = clock.timed("upsample", originals[1])  # type: ignore[method-assign]
    try:
        photo = clock.timed("read", read_photo)(path)
        small = clock.timed("prepare", network.prepare)(photo)
        (prediction,) = clock.timed("network", network.predict)([small])
        color = network.finish(photo, small, prediction)
        written = clock.timed("write", write_photo)(photo, color.rows, target)
        clock.timed("read back", decoded_error)(photo, written.path)
    finally:
        colorizer.merge_rows, AbUpsampler.rows = originals  # type: ignore[method-assign]
    clock.seconds["write"] -= clock.seconds["upsample"] + clock.seconds["merge"]
    return dict(clock.seconds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="gan")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--photos", type=int, default=5)
    parser.add_argument("--sixteen-bits", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as name:
        scans = Path(name) / "scans"
        scans.mkdir()
        paths = make(scans, options.photos, options.sixteen_bits)
        network = load(options.model, weights=options.weights)
        one_photo(network, paths[0], Path(name) / "warm" / paths[0].name)
        rows = [one_photo(network, path, Path(name) / "out" / path.name) for path in paths]
        size = statistics.median(path.stat().st_size for path in paths) / 1e6
        print(f"{options.photos} scans of {WIDTH} x {HEIGHT}, {size:.1f} MB each, {options.model}, one thread")
        print(f"| {' | '.join(rows[0])} | sum |\n|{' --- |' * (len(rows[0]) + 1)}")
        medians = [statistics.median(row[stage] for row in rows) for stage in rows[0]]
        print(f"| {' | '.join(f'{value * 1000:.0f} ms' for value in medians)} | {sum(medians):.2f} s |")
        command = [sys.executable, "-m", "bwcolor", "colorize", str(scans), "--model", options.model, "--jobs", "1"]
        command += ["--weights", str(options.weights.resolve())] if options.weights else []
        begun = time.perf_counter()
        subprocess.run([*command, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        wall = time.perf_counter() - begun
        print(f"bwcolor colorize --jobs 1: {wall:.2f} s in all, {wall / options.photos:.2f} s per photo with its start")


if __name__ == "__main__":
    main()
