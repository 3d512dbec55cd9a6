#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measure the peak memory of colorizing huge scans: python scripts/bench/memory.py [--model NAME] [SCAN ...].

Each scan is made in a process of its own, strip by strip (smooth clouds and grain), and colorized in another one,
whose peak memory ("Maximum resident set size" of the kernel) and seconds are printed as a row of a Markdown table.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Scan:
    """A scan to be made: pixels, bits, and how it lies in its TIFF file."""

    width: int
    height: int
    bits: int
    big: bool = False
    compression: str = "none"
    orientation: int = 1


SCANS = {
    "400mp": Scan(20_000, 20_000, 16),
    "400mp-lzw": Scan(20_000, 20_000, 16, compression="lzw"),
    "400mp-turned": Scan(20_000, 20_000, 16, orientation=6),
    "1gp": Scan(32_768, 32_768, 8, big=True),
    "100mp": Scan(10_000, 10_000, 16),
}
DEFAULT = ("400mp", "1gp")
ROWS = 256
GRAIN_SEED = 5


def make(scan: Scan, path: Path) -> None:
    """Write a scan, strip by strip."""
    import imagecodecs
    import numpy as np
    import tifffile

    kind = np.uint16 if scan.bits == 16 else np.uint8
    most = 2**scan.bits - 1
    columns = np.sin(np.linspace(0, 9, scan.width)) * 0.2
    grain = np.random.default_rng(GRAIN_SEED).normal(0, 0.02, (ROWS, scan.width)).astype(np.float32)

    def strips() -> Iterator[bytes]:
        for y0 in range(0, scan.height, ROWS):
            y = np.arange(y0, min(y0 + ROWS, scan.height))
            gray = 0.5 + columns + 0.25 * np.cos(y / scan.height * 7)[:, None] + np.roll(grain[: len(y)], y0 % 977)
            codes = (gray.clip(0, 1) * most).astype(kind)
            yield codes.tobytes() if scan.compression == "none" else imagecodecs.lzw_encode(codes.tobytes())

    with tifffile.TiffWriter(path, bigtiff=scan.big) as tiff:
        tiff.write(
            strips(),
            shape=(scan.height, scan.width),
            dtype=kind,
            photometric="minisblack",
            rowsperstrip=ROWS,
            compression=None if scan.compression == "none" else scan.compression,
            metadata=None,
            extratags=[(274, 3, 1, scan.orientation, True)],
        )


def colorize(path: Path, model: str) -> dict[str, float]:
    """Colorize a scan in this process; return seconds and peak memory of the steps."""
    import bwcolor

    begun = time.perf_counter()
    colorizer = bwcolor.load(model, device="cpu")
    photo = bwcolor.read_photo(path)
    color = colorizer.colorize(photo)
    ready = time.perf_counter()
    written = bwcolor.write_photo(photo, color.rows, path.with_name("out.tif"))
    return {
        "seconds": time.perf_counter() - begun,
        "writing": time.perf_counter() - ready,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
        "size": written.size / 1e9,
    }


def main() -> int:
    """Measure the scans that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scans", nargs="*", default=DEFAULT, help=f"of {', '.join(SCANS)}")
    parser.add_argument("--model", default="null")
    parser.add_argument(
        "--folder", type=Path, help="where the files are made (some 10 GB); default: a temporary folder"
    )
    parser.add_argument("--step", choices=("make", "colorize"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        path = given.folder / "scan.tif"
        if given.step == "make":
            make(SCANS[given.scans[0]], path)
        else:
            print(json.dumps(colorize(path, given.model)))
        return 0
    print("| scan | pixels | file | output | model | seconds | of them writing | peak memory |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in given.scans:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            command = [sys.executable, __file__, name, "--model", given.model, "--folder", folder, "--step"]
            subprocess.run([*command, "make"], check=True)
            size = (Path(folder) / "scan.tif").stat().st_size / 1e9
            done = subprocess.run([*command, "colorize"], check=True, capture_output=True, text=True)
            row = json.loads(done.stdout)
            scan = SCANS[name]
            pixels = f"{scan.width:,} x {scan.height:,}, {scan.bits} bits"
            files = f"{size:.2f} GB | {row['size']:.2f} GB"
            times = f"{row['seconds']:.0f} | {row['writing']:.0f}"
            print(f"| {name} | {pixels} | {files} | {given.model} | {times} | {row['peak']:.2f} GB |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
