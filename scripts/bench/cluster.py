#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same photos by this machine's threads and by workers of a Ray cluster of two nodes, on the same two cores.

    OMP_WAIT_POLICY=PASSIVE python scripts/bench/cluster.py [--model NAME] [--photos 60] [--rounds 2]

The scans are made: 12-megapixel gray scenes with film grain, JPEGs. Both take turns; speeds are counted from the photo
at which both workers have long begun, so that the start of processes and the loading of the network count for neither.
At the end the copies of both are compared byte by byte.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Ray's workers stand behind every other program of a machine; here both shall stand alike
os.environ.setdefault("RAY_worker_niceness", "0")

from throughput import make

from bwcolor.archive.job import ColorOptions, Job
from bwcolor.archive.plan import Request
from bwcolor.archive.report import entries_of
from bwcolor.archive.rows import Entry
from bwcolor.archive.run import colorize
from bwcolor.archive.summary import Silence

SKIPPED = 12  # photos at the beginning that are not counted
STORE = 100 << 20  # bytes of a node's store


class Clock(Silence):
    """Notes when photos end."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def ended(self, entry: Entry) -> None:
        """Note the time."""
        self.times.append(time.perf_counter())

    @property
    def speed(self) -> float:
        """Photos per second."""
        return (len(self.times) - SKIPPED) / (self.times[-1] - self.times[SKIPPED - 1])


def main() -> None:
    """Measure and print."""
    import ray
    from ray.cluster_utils import Cluster

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="gan")
    parser.add_argument("--photos", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=2)
    wish = parser.parse_args()
    nodes = Cluster()
    for _ in range(2):
        nodes.add_node(num_cpus=1, object_store_memory=STORE, include_dashboard=False)
    ray.init(address=nodes.address, log_to_driver=False, logging_level=logging.ERROR)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        make(work / "scans", wish.photos, 0, [(4000, 3000)])
        speeds: dict[str, list[float]] = {"local": [], "ray": []}
        print("| round | local, photos/s | ray, photos/s | ratio |\n| --- | --- | --- | --- |")
        for turn in range(wish.rounds):
            for engine, told in speeds.items():
                clock = Clock()
                request = Request((work / "scans",), work / engine / str(turn))
                summary = colorize(Job(request, ColorOptions(model=wish.model), engine=engine), clock)
                assert summary.done == wish.photos, list(summary.failures)[:1]
                told.append(clock.speed)
            local, spread = speeds["local"][-1], speeds["ray"][-1]
            print(f"| {turn + 1} | {local:.2f} | {spread:.2f} | {spread / local:.2f} |", flush=True)
        print(f"\nratio of the medians: {statistics.median(speeds['ray']) / statistics.median(speeds['local']):.2f}")
        hashes = [
            [(row.name, row.output_sha256) for row in entries_of(work / engine / "0")] for engine in ("local", "ray")
        ]
        print("the same bytes" if hashes[0] == hashes[1] else "OTHER BYTES")
    ray.shutdown()
    nodes.shutdown()


if __name__ == "__main__":
    main()
