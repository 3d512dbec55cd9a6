#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A network by torch and by OpenVINO: milliseconds of a photo on one thread, and how far the color copies differ.

    OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE taskset -c 0 python scripts/bench/backends.py [--model NAME]
        [--photos FOLDER] [--count 16] [--effort fast|auto|best]

Each photo goes through all of them before the next one does, so that whatever else the machine does meets all alike.
Differences are those of the finished 8-bit RGB pixels, all channels, from torch's in fp32. Without --photos the photos
are made: scenes with film grain.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import cv2
import numpy as np
import torch
from stages import scene

from bwcolor import load, read_photo
from bwcolor.archive.walk import Walked, walk
from bwcolor.photo.formats import format_of_name
from bwcolor.photo.photo import Metadata, Photo, Source

KINDS = (("torch", "fp32"), ("torch", "bf16"), ("openvino", "fp32"), ("openvino", "bf16"))
LONGEST = 1600  # pixels of a made photo's long side
TURNS = 5  # of which the fastest counts: what disturbs only lengthens


def photos_of(folder: Path | None, count: int) -> list[Photo]:
    """Return photos, drawn evenly from a folder, or made."""
    if folder is not None:
        paths = [path for path in walk(folder, Walked()) if format_of_name(path)]
        return [read_photo(path) for path in paths[:: max(len(paths) // count, 1)][:count]]
    made = []
    for seed in range(count):
        gray = cv2.resize(scene(seed), (LONGEST, LONGEST * 3 // 4), interpolation=cv2.INTER_AREA).astype(np.uint8)
        source = Source(Path(), "array", 8, "gray", gray.nbytes, str(seed))
        made.append(Photo(gray.shape[1], gray.shape[0], lambda y0, y1, gray=gray: gray[y0:y1], Metadata(), source))
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="gan")
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--effort", default="auto")
    wish = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    photos = photos_of(wish.photos, wish.count)
    kinds, loading = {}, {}
    for backend, precision in KINDS:
        begun = time.perf_counter()
        options = {"device": "cpu", "backend": backend, "precision": precision, "quality": wish.effort}
        kinds[backend, precision] = load(wish.model, **options)
        loading[backend, precision] = time.perf_counter() - begun
    seconds, off, most, pixels = defaultdict(list), defaultdict(int), defaultdict(int), 0
    for photo in photos:
        truth = None
        pixels += photo.width * photo.height
        for kind, colorizer in kinds.items():
            small = colorizer.prepare(photo)
            colorizer.predict([small])  # a size that is met for the first time is planned
            turns = []
            for _ in range(TURNS):
                begun = time.perf_counter()
                (prediction,) = colorizer.predict([small])
                turns.append(time.perf_counter() - begun)
            seconds[kind].append(min(turns) * 1000)
            picture = colorizer.finish(photo, small, prediction).rows(0, photo.height)
            codes = (picture >> (8 if picture.dtype == np.uint16 else 0)).astype(np.int16)
            truth = codes if truth is None else truth
            difference = np.abs(codes - truth).max(axis=-1)
            off[kind] += int((difference > 1).sum())
            most[kind] = max(most[kind], int(difference.max()))
    print(f"{wish.model}, {len(photos)} photos, {pixels / 1e6:.0f} megapixels\n")
    print(
        "| network by | loading | ms per photo | as fast as torch fp32 | pixels within 1 level | largest difference |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    base = statistics.mean(seconds["torch", "fp32"])
    for kind in KINDS:
        mean = statistics.mean(seconds[kind])
        speed = f"{loading[kind]:.1f} s | {mean:.1f} | {base / mean:.1f}"
        print(f"| {' '.join(kind)} | {speed} | {100 - 100 * off[kind] / pixels:.4f} % | {most[kind]} |")


if __name__ == "__main__":
    main()
