#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measure every network on one photo: python scripts/bench/zoo.py [--models NAMES] [--threads 2] [--folder FOLDER].

A photo of 12 megapixels is colorized by each network at its own working size, with its usual looks, in a process of its
own: loading, a first photo that does not count, and one more. Printed are the seconds of the network and of the whole
photo (all but reading and writing files), the processor time of the whole photo, which other programs lengthen only
little, and the process's peak memory, as a Markdown table. Weights are random ones
where none are shipped: they cost the same. They are written into FOLDER first (some 3 GB), and found there again.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEIGHT, WIDTH = 3000, 4000
PHOTOS = 1  # that count
SEED = 5


def make(name: str, path: Path) -> None:
    """Write random weights of a network: float32 as published files have, float16 as training writes."""
    import torch

    from bwcolor.models import weights
    from bwcolor.models.network import build
    from bwcolor.models.table import MODELS

    torch.manual_seed(SEED)
    row = MODELS[name]
    weights.write_state(build(row).state_dict(), path, {"model": name}, half=row.origin is None)


def measure(name: str, path: Path | None, threads: int) -> dict[str, float]:
    """Colorize in this process; return seconds of the network and of a photo, and the peak memory in GB."""
    import numpy as np
    import torch

    import bwcolor
    from bwcolor.photo.photo import Metadata, Photo, Source

    torch.set_num_threads(threads)
    color = bwcolor.load(name, weights=path, device="cpu")
    grain = np.random.default_rng(SEED).normal(0, 6, (HEIGHT, WIDTH)).astype(np.float32)
    across, down = np.linspace(0, 9, WIDTH, dtype=np.float32), np.linspace(0, 7, HEIGHT, dtype=np.float32)
    gray = (128 + 60 * np.sin(across) * np.cos(down)[:, None] + grain).clip(0, 255).astype(np.uint8)
    photo = Photo(WIDTH, HEIGHT, lambda y0, y1: gray[y0:y1], Metadata(), Source(Path(), "array", 8, "gray", 0, ""))
    network, whole, busy = [], [], []
    for _ in range(1 + PHOTOS):
        begun, used = time.perf_counter(), time.process_time()
        colored = color.colorize(photo)
        for y0 in range(0, HEIGHT, 256):
            colored.rows(y0, min(y0 + 256, HEIGHT))
        whole.append(time.perf_counter() - begun)
        busy.append(time.process_time() - used)
        network.append(colored.seconds["network"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    return {"network": min(network[1:]), "whole": min(whole[1:]), "busy": min(busy[1:]), "peak": peak}


def main() -> int:
    """Measure the networks that were asked for."""
    from bwcolor.models.table import MODELS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where the random weights lie; default: a temporary folder")
    parser.add_argument("--step", choices=("make", "measure"), help="make: only write the weights")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        names = given.models.split(",")
        files = {
            name: (given.folder or Path(folder)) / f"{name}.safetensors"
            for name in names
            if not MODELS[name].weights and (MODELS[name].origin or MODELS[name].trainable)
        }
        if given.step == "measure":
            print(json.dumps(measure(names[0], files.get(names[0]), given.threads)))
            return 0
        for name, path in files.items():
            if not path.exists():
                make(name, path)
        if given.step == "make":
            return 0
        print("| network | sees | network alone | whole photo | of processor time | peak memory |")
        print("| --- | --- | --- | --- | --- | --- |")
        for name in names:
            command = [sys.executable, __file__, "--models", name, "--threads", str(given.threads), "--step", "measure"]
            command += ["--folder", str(given.folder or folder)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            row = json.loads(done.stdout)
            times = f"{row['network']:.2f} s | {row['whole']:.2f} s | {row['busy']:.2f} s"
            print(f"| {name} | {MODELS[name].working_size} | {times} | {row['peak']:.2f} GB |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
