#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many shards, some of them killed and started again, against one run: python scripts/bench/shards.py [--photos 1000].

Small scans are made; `bwcolor colorize --shard K/16` runs for each K in processes of their own, a few at a time. Two
of them are killed with SIGKILL once they have done some photos, and run again. Then `bwcolor report --csv` of all is
compared with that of a single run over the same scans: every column but those that tell of the run itself.
"""

from __future__ import annotations

import argparse
import csv
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

SHARDS = 16
KILLED = (5, 11)
AT_ONCE = 3
OF_THE_RUN = ("run", "at", "seconds", "stages")  # columns that differ from run to run


def make(folder: Path, count: int) -> None:
    """Write small scans of many sizes, and one that is damaged."""
    rng = np.random.default_rng(1)
    for number in range(count - 1):
        size = rng.integers(60, 400, 2)
        path = folder / f"box-{number % 13:02}" / f"{number:04}.{('jpg', 'png', 'jpg', 'tif')[number % 4]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        ramp = np.linspace(20, 230, size[0] * size[1]).reshape(size) + rng.normal(0, 8, size)
        Image.fromarray(ramp.clip(0, 255).astype(np.uint8)).save(path)
    (folder / "damaged.jpg").write_bytes(b"\xff\xd8 and no more")


def start(scans: Path, out: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start a run."""
    command = [sys.executable, "-m", "bwcolor", "colorize", str(scans), "--out", str(out), "--model", "null", "--quiet"]
    return subprocess.Popen([*command, *words], stdout=subprocess.DEVNULL)


def ended(out: Path, number: int) -> int:
    """Return how many photos a shard has ended."""
    told = subprocess.run(
        [sys.executable, "-m", "bwcolor", "status", str(out), "--json"], capture_output=True, text=True, check=False
    )
    shards = json.loads(told.stdout)["shards"] if told.returncode == 0 else []
    return next((shard["ended"] for shard in shards if shard["shard"] == f"{number}/{SHARDS}"), 0)


def rows_of(out: Path) -> list[dict[str, str]]:
    """Return the report of an output folder, without what tells of the run."""
    command = [sys.executable, "-m", "bwcolor", "report", str(out), "--csv"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    rows: Iterator[dict[str, str]] = csv.DictReader(told.stdout.splitlines())
    return [{name: value for name, value in row.items() if name not in OF_THE_RUN} for row in rows]


def main() -> None:
    """Do all this, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=1000)
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scans, one, out = Path(name) / "scans", Path(name) / "one", Path(name) / "sixteen"
        make(scans, wish.photos)
        begun = time.perf_counter()
        start(scans, one).wait()
        print(f"one run: {len(rows_of(one))} rows, {time.perf_counter() - begun:.0f} s", flush=True)
        begun = time.perf_counter()
        for number in KILLED:
            victim = start(scans, out, "--shard", f"{number}/{SHARDS}", "--jobs", "1")
            while ended(out, number) < 10 and victim.poll() is None:
                time.sleep(0.02)
            victim.send_signal(signal.SIGKILL)
            print(f"shard {number} killed: {victim.wait()}, {ended(out, number)} photos ended", flush=True)
        waiting = list(range(1, SHARDS + 1))
        while waiting:
            batch = [start(scans, out, "--shard", f"{number}/{SHARDS}") for number in waiting[:AT_ONCE]]
            codes = [process.wait() for process in batch]
            print(f"shards {waiting[:AT_ONCE]}: exit codes {codes}", flush=True)
            del waiting[:AT_ONCE]
        together, alone = rows_of(out), rows_of(one)
        print(f"sixteen shards: {len(together)} rows, {time.perf_counter() - begun:.0f} s")
        print("the reports are equal" if together == alone else "the reports DIFFER")
        counts = json.loads(
            subprocess.run(
                [sys.executable, "-m", "bwcolor", "status", str(out), "--json"], capture_output=True, check=True
            ).stdout
        )["counts"]
        print(counts)


if __name__ == "__main__":
    main()
