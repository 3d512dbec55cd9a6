#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How near a run comes to what the machine can do: the stages of a photo alone on one thread, then the whole run.

    OMP_WAIT_POLICY=PASSIVE python scripts/bench/throughput.py [--model NAME] [--jpegs 48] [--tiffs 8]
    OMP_WAIT_POLICY=PASSIVE python scripts/bench/throughput.py --small 2000
    OMP_WAIT_POLICY=PASSIVE python scripts/bench/throughput.py --memory 500     (or: --memory 300 --sizes)

The scans are made: 12-megapixel gray scenes with film grain, JPEGs of 6 to 7 MB and 16-bit TIFFs, or half-megapixel
JPEGs. The first table gives the processor milliseconds per photo of each stage, each photo alone on one thread; then
comes the wall time of `bwcolor colorize` over all, without the start of Python and the loading of the network, against
the sum of the stages divided by the cores. --memory prints the resident memory as the photos go by.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")

import cv2
import numpy as np
import tifffile
import torch
from PIL import Image
from stages import JPEG_QUALITY, scene

from bwcolor import load
from bwcolor.archive import machine
from bwcolor.archive.job import ColorOptions, Job
from bwcolor.archive.piece import Piece
from bwcolor.archive.plan import Request, make_plan
from bwcolor.archive.rows import Entry
from bwcolor.archive.run import colorize
from bwcolor.archive.stages import Stages
from bwcolor.archive.summary import Silence

SCENES = 4  # made; further scans are these, shifted
SMALL = (816, 612)  # pixels, half a megapixel
DISTINCT = 56  # JPEGs of one size; further ones are these under other names
ALONE = 6  # photos of a kind that are taken through the stages alone
STAGES = ("read", "prepare", "network", "merge", "measure", "write", "read back")


def make(folder: Path, jpegs: int, tiffs: int, sizes: list[tuple[int, int]]) -> None:
    """Write the scans; sizes (width, height) are taken in turn, each cut from a scene."""
    folder.mkdir()
    scenes = [scene(seed) for seed in range(SCENES)]
    for number in range(jpegs + tiffs):
        if number >= DISTINCT and number < jpegs and len(sizes) == 1:
            (folder / f"{number:05}.jpg").hardlink_to(folder / f"{number % DISTINCT:05}.jpg")
            continue
        width, height = sizes[number % len(sizes)]
        gray = np.roll(scenes[number % SCENES], 97 * number, axis=1)[:height, :width]
        if number < jpegs:
            Image.fromarray(gray.astype(np.uint8)).save(folder / f"{number:05}.jpg", quality=JPEG_QUALITY)
        else:
            tifffile.imwrite(folder / f"{number:05}.tif", (gray * 257).astype(np.uint16), photometric="minisblack")
    os.sync()  # else the first copy that is flushed would wait for the scans to be written, too


def alone(job: Job) -> dict[str, dict[str, float]]:
    """Return the processor milliseconds of each stage by kind of file, medians over some photos, one thread."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    plan = make_plan(job.request, job.suffixes())
    stages = Stages(job, load(**job.color.arguments()), plan.targets)
    rows: dict[str, list[dict[str, float]]] = defaultdict(list)
    clock, time.perf_counter = time.perf_counter, time.thread_time  # processor time: other work does not count
    try:
        for kind in (".jpg", ".tif"):
            tasks = [task for task in plan.tasks if task.source.suffix == kind]
            for task in (tasks[:1] + tasks)[: ALONE + 1]:  # the first one twice: it warms up
                piece = Piece(task, None, task.target.with_name(f"alone{kind}"))
                for stage in stages.pipeline():
                    stage.work([piece])
                rows[kind].append({name: piece.seconds[name] * 1000 for name in STAGES})
    finally:
        time.perf_counter = clock
    return {
        kind: {name: statistics.median(row[name] for row in found[1:]) for name in STAGES}
        for kind, found in rows.items()
        if len(found) > 1
    }


class Memory(Silence):
    """Prints the resident memory now and then."""

    def __init__(self, every: int) -> None:
        self.every = every
        self.count = 0

    def ended(self, entry: Entry) -> None:
        """Count a photo."""
        self.count += 1
        if self.every and self.count % self.every == 0:
            print(f"{self.count} photos: {resident():.0f} MB, one process {largest():.0f} MB", flush=True)


def proportional() -> list[float]:
    """Return the resident memory of this process and its children in MB; what they share counts once in all."""
    own = os.getpid()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if own in (int(folder.name), parent):
                rows = dict(line.split(":") for line in (folder / "smaps_rollup").read_text().splitlines()[1:])
                found.append(int(rows["Pss"].split()[0]) * 1024 / 1e6)
        except OSError:
            continue  # it has ended
    return found


def resident() -> float:
    """Return the memory of all processes together in MB."""
    return sum(proportional())


def largest() -> float:
    """Return the memory of the largest process in MB."""
    return max(proportional())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="gan")
    parser.add_argument("--jpegs", type=int, default=48)
    parser.add_argument("--tiffs", type=int, default=8)
    parser.add_argument("--small", type=int, default=0, help="so many half-megapixel JPEGs instead")
    parser.add_argument("--memory", type=int, default=0, help="so many JPEGs, and the memory as they go by")
    parser.add_argument("--sizes", action="store_true", help="with --memory: every photo of another size")
    parser.add_argument("--jobs", type=int)
    wish = parser.parse_args()
    sizes, jpegs, tiffs = [(4000, 3000)], wish.memory or wish.small or wish.jpegs, wish.tiffs
    if wish.memory or wish.small:
        tiffs = 0
    if wish.small:
        sizes = [SMALL]
    if wish.sizes:
        rng = np.random.default_rng(0)
        sizes = [
            (int(w), int(h))
            for w, h in zip(rng.integers(600, 4000, jpegs), rng.integers(600, 3000, jpegs), strict=True)
        ]
    with tempfile.TemporaryDirectory() as name:
        scans = Path(name) / "scans"
        make(scans, jpegs, tiffs, sizes)
        job = Job(Request((scans,)), ColorOptions(model=wish.model), jobs=wish.jobs)
        stages = {} if wish.memory else alone(job)
        for kind, row in stages.items():
            print(f"| {kind} | " + " | ".join(row) + " | sum |")
            print("| ms | " + " | ".join(f"{value:.0f}" for value in row.values()) + f" | {sum(row.values()):.0f} |")
        begun = os.times()
        summary = colorize(job, Memory(max(jpegs // 20, 1) if wish.memory else 0))
        ended = os.times()
        work = sum(
            sum(stages[kind].values()) * count / 1000
            for kind, count in ((".jpg", jpegs), (".tif", tiffs))
            if kind in stages
        )
        used = sum(ended[:4]) - sum(begun[:4])
        print(f"{summary.done} photos, {summary.pixels / 1e6:.0f} MP in {summary.seconds:.1f} s", end=": ")
        print(f"{summary.pixels / 1e6 / summary.seconds:.1f} MP/s, {used:.1f} s of processor time")
        if work:
            bound = work / machine.cores()
            print(f"stages {work:.1f} s / {machine.cores()} cores = {bound:.1f} s", end="; ")
            print(f"the run took {summary.seconds / bound:.2f} times that")
        if summary.failures:
            sys.exit(str(summary.failures[0]))


if __name__ == "__main__":
    main()
