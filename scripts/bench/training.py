# SPDX-License-Identifier: Apache-2.0
"""Speed of training: crops per second by network and crop size, and whether the photographs arrive in time.

    OMP_WAIT_POLICY=PASSIVE python scripts/bench/training.py PHOTOS [--models gan,classify] [--crops 96,128,256]
        [--precisions fp32,bf16] [--compile] [--device auto] [--threads N] [--steps 6] [--rounds 5]

PHOTOS is a folder, a shard or a pattern. Steps with one constant batch and steps with real batches take turns, so that
what else runs on the machine disturbs both alike; "loader" is the median over the rounds of their ratio: 1 means that
the network never waits, and that making batches costs it nothing. "crops/s" are those of the best round with real
batches. Processor time is lengthened by other programs only little: "ms/crop" is that of real batches, on all cores
together, and "of them" the share that a constant batch takes as well, the loader's measure on a busy machine. With
CUDA, "used" is the share of time the device was busy, as nvidia-smi tells it.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from statistics import median

import torch

from bwcolor.training.batches import Batch
from bwcolor.training.configuration import recipe
from bwcolor.training.trainer import Trainer

PIXELS = 96 * 96 * 64  # of a batch, whatever its crops' size
WARM_UP = 3  # steps that are not counted
WATCH_SECONDS = 0.2


def seconds(trainer: Trainer, batches: Iterator[Batch], steps: int) -> tuple[float, float]:
    """Return how long some steps take, and how much processor time."""
    begun, busy = time.perf_counter(), time.process_time()
    for _ in range(steps):
        trainer.learn(next(batches))
    if trainer.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begun, time.process_time() - busy


class Watch:
    """How busy the first CUDA device is, asked again and again beside the steps; nothing without one."""

    def __init__(self, cuda: bool) -> None:
        self.cuda, self.shares, self.over = cuda, [], threading.Event()
        self.thread = threading.Thread(target=self._ask, daemon=True)

    def _ask(self) -> None:
        command = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "--id=0"]
        while not self.over.wait(WATCH_SECONDS):
            self.shares.append(int(subprocess.run(command, capture_output=True, text=True, check=True).stdout))

    def __enter__(self) -> Watch:
        if self.cuda:
            self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        if self.cuda:
            self.thread.join()


def measure(arguments: argparse.Namespace, model: str, crop: int, precision: str) -> str:
    """Return a row of the table."""
    batch = max(PIXELS * arguments.batches_of // (crop * crop), 1)
    options = recipe(
        model, data=(arguments.photos,), steps=10**6, batch=batch, crops=((0.0, crop),), photo_side=max(crop, 160),
        precision=precision, device=arguments.device, compile=arguments.compile, held_out=0.0,
        workers=arguments.workers, encoder=arguments.encoder,
        **({"refine_from": 0.0} if model == "gan" else {}),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(options, Path(folder))
        trainer.set_training()
        real = trainer.batches()
        constant = repeat(next(real).to(trainer.device))
        seconds(trainer, real, WARM_UP)
        rounds = []
        with Watch(trainer.device.type == "cuda") as watch:
            for _ in range(arguments.rounds):
                rounds.append(tuple(seconds(trainer, batches, arguments.steps) for batches in (constant, real)))
        real.close()
    crops = batch * arguments.steps
    speed = max(crops / with_data[0] for _, with_data in rounds)
    loader = median(without[0] / with_data[0] for without, with_data in rounds)
    cost = median(with_data[1] for _, with_data in rounds) / crops * 1000
    share = median(without[1] / with_data[1] for without, with_data in rounds)
    used = f"{median(watch.shares):.0f} %" if watch.shares else "-"
    compiled = "yes" if arguments.compile else "no"
    measured = f"{speed:.1f} | {loader:.2f} | {cost:.1f} | {share:.2f}"
    return f"| {model} | {crop} | {batch} | {trainer.precision} | {compiled} | {measured} | {used} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--models", default="gan,classify")
    parser.add_argument("--crops", default="96,128,256")
    parser.add_argument("--precisions", default="auto")
    parser.add_argument("--batches-of", type=int, default=1, help="times the usual pixels of a batch")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--encoder", default="auto")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    print("| network | crop | batch | precision | compiled | crops/s | loader | ms/crop | of them | used |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for model in arguments.models.split(","):
        for crop in map(int, arguments.crops.split(",")):
            for precision in arguments.precisions.split(","):
                print(measure(arguments, model, crop, precision), flush=True)


if __name__ == "__main__":
    main()
