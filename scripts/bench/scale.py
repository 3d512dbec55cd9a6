#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What planning costs where nothing is colored: python scripts/bench/scale.py [--photos 1000000] [--folder DIR].

Makes an archive of so many scans, and beside it an output folder whose ledger says that all are done; both are hard
links to a few small JPEGs, so that a million takes little room. Prints the seconds and the peak memory of each command
(of the kernel's account, each in a process of its own) as rows of a Markdown table.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bwcolor.archive.ledger import Entry

PER_FOLDER = 1000
PER_FILE = 30_000  # hard links to one file; ext4 allows 65,000
CHUNK = 5000  # rows written at once


def names(count: int) -> Iterator[str]:
    """Return the names of the scans: boxes of an archive, a thousand sheets in each."""
    return (f"box-{number // PER_FOLDER:05}/sheet-{number:08}.jpg" for number in range(count))


def link(sources: list[Path], folder: Path, count: int) -> None:
    """Fill a folder with links."""
    for number, name in enumerate(names(count)):
        if number % PER_FOLDER == 0:
            (folder / name).parent.mkdir(parents=True)
        if number % PER_FILE == 0:
            copy = sources[0].with_name(f"{folder.name}-{number}.jpg")
            shutil.copy2(sources[0], copy)
            sources = [copy]
        os.link(sources[0], folder / name)


def make(work: Path, count: int) -> None:
    """Make the archive, its color copies, and the ledger that a run over all of them would have left."""
    import numpy as np
    from PIL import Image

    from bwcolor.archive.job import ColorOptions, Job
    from bwcolor.archive.ledger import Ledger
    from bwcolor.archive.plan import Request
    from bwcolor.archive.run import colorize

    trial = work / "trial"
    trial.mkdir()
    ramp = np.linspace(0, 255, 64 * 48).reshape(48, 64).astype(np.uint8)
    Image.fromarray(ramp).save(trial / "scan.jpg")
    colorize(Job(Request((trial,)), ColorOptions(model="null")))
    done = work / "trial-color"
    ledger = Ledger(done)
    (row,), (run,) = ledger.entries(), ledger.runs()
    ledger.close()
    link([trial / "scan.jpg"], work / "scans", count)
    link([done / "scan.jpg"], work / "scans-color", count)
    ledger = Ledger(work / "scans-color", write=True)
    ledger.begin_run(replace(run, planned=count))
    ledger.end_run(1, run.ended, "finished")
    chunk: list[Entry] = []
    for name in names(count):
        chunk.append(replace(row, name=name, source=f"../scans/{name}", target=name))
        if len(chunk) == CHUNK:
            ledger.record(*chunk)
            chunk.clear()
    ledger.record(*chunk)
    ledger.close()


def measure(what: str, *words: object) -> None:
    """Run a command and print its row."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "bwcolor", *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    if status:
        sys.exit(f"{what}: exit status {os.waitstatus_to_exitcode(status)}\n{process.stderr.read().decode()}")
    cpu = used.ru_utime + used.ru_stime
    print(f"| {what} | {seconds:.1f} | {cpu:.1f} | {used.ru_maxrss * 1024 / 1e6:.0f} MB |", flush=True)


def main() -> None:
    """Make what is missing, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="made here and kept; default: a temporary folder")
    parser.add_argument("--make", action="store_true", help="make the files in --folder, and measure nothing")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = wish.folder or Path(temporary)
        work.mkdir(exist_ok=True)
        if wish.make:
            make(work, wish.photos)
            return
        if not (work / "scans-color").exists():
            # in a process of its own: the kernel counts the memory of those it starts from this one's on
            command = [sys.executable, __file__, "--make", "--photos", str(wish.photos), "--folder", str(work)]
            subprocess.run(command, check=True)
        scans = work / "scans"
        print(f"{wish.photos:,} photos\n\n| command | seconds | of processor time | peak memory |")
        print("| --- | --- | --- | --- |")
        color, new = ("colorize", scans, "--model", "null"), ("--out", work / "new")
        measure("colorize --dry-run, nothing done", *color, *new, "--dry-run")
        measure("colorize --dry-run --json, nothing done", *color, *new, "--dry-run", "--json")
        measure("colorize --dry-run, all done", *color, "--dry-run")
        measure("colorize, all done", *color)
        measure("status", "status", work / "scans-color")
        measure("report --csv", "report", work / "scans-color", "--csv")


if __name__ == "__main__":
    main()
