# SPDX-License-Identifier: Apache-2.0
"""What a run will take: pixels, time and disk, told from the headers of some of its photos."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bwcolor.archive import machine
from bwcolor.archive.job import Job
from bwcolor.archive.plan import Task
from bwcolor.archive.rows import Entry, Outcome
from bwcolor.archive.shards import opened
from bwcolor.archive.walk import is_output
from bwcolor.errors import BwcolorError
from bwcolor.photo.formats import output_format, probe

REMEMBERED = 2000  # earlier photos of an output folder, whose seconds are taken
PROBED = 200  # photos whose headers are read, drawn evenly
# Processor seconds of one photo, and of one megapixel, where no ledger tells better (scripts/bench/throughput.py)
PHOTO_SECONDS = 0.1
MEGAPIXEL_SECONDS = 0.05
# Bytes of a color copy per byte of its scan (jpeg, webp) or per pixel and byte of depth (others), likewise
COPY_PER_SCAN = {"jpeg": 1.15, "webp": 1.2, "jpeg2000": 2.0}
COPY_PER_SAMPLE = 2.6


@dataclass(frozen=True)
class Estimate:
    """What a run will take, roughly.

    Attributes:
        photos: To color.
        megapixels: Of them.
        seconds: Of the whole run.
        bytes: Of the color copies.
        free: Bytes free where they will lie.
        converted: Why scans are not written in their own format, with one name each.
        unreadable: Photos whose header is damaged, of those that were looked at.
        probed: Photos that were looked at.
    """

    photos: int
    megapixels: float
    seconds: float
    bytes: int
    free: int
    converted: tuple[tuple[str, str], ...]
    unreadable: int
    probed: int

    @property
    def fits(self) -> bool:
        """Whether there is room for the copies."""
        return self.bytes <= self.free

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return asdict(self) | {"fits": self.fits}


def estimate(tasks: Sequence[Task], job: Job) -> Estimate:
    """Estimate what coloring takes.

    Args:
        tasks: To do.
        job: How.

    Returns:
        The estimate; speeds are those of earlier photos in the ledger where it has any.
    """
    step = max(-(-len(tasks) // PROBED), 1)
    drawn = tasks[::step]
    outs = {task.out for task in drawn}
    share = len(tasks) / max(len(drawn), 1)
    pixels, size, unreadable = 0, 0.0, 0
    converted: dict[str, str] = {}
    for task in drawn:
        try:
            row, header = probe(task.source)
            target, why = output_format(row, header, job.format)
            scan_bytes = task.source.stat().st_size
        except (BwcolorError, OSError):
            unreadable += 1
            continue
        if why:
            converted.setdefault(why, task.name)
        pixels += header.pixels
        depth = 2 if (job.read.depth or header.bits) > 8 and 16 in target.depths else 1
        per_scan = COPY_PER_SCAN.get(target.name)
        size += scan_bytes * per_scan if per_scan else header.pixels * depth * COPY_PER_SAMPLE
    megapixels = pixels * share / 1e6
    return Estimate(
        photos=len(tasks),
        megapixels=megapixels,
        seconds=_seconds(len(tasks), megapixels, _history(outs)),
        bytes=round(size * share),
        free=min((machine.free_space(out) for out in outs), default=0),
        converted=tuple((why, name) for why, name in converted.items()),
        unreadable=unreadable,
        probed=len(drawn),
    )


def _history(outs: Iterable[Path]) -> list[Entry]:
    """Return some of what was done before in the output folders."""
    found: list[Entry] = []
    for out in filter(is_output, outs):
        with opened(out) as ledgers:
            found += islice(ledgers.entries(Outcome.DONE), REMEMBERED)
    return found


def _seconds(photos: int, megapixels: float, history: list[Entry]) -> float:
    """Return the wall seconds of a run on this machine's cores."""
    work = photos * PHOTO_SECONDS + megapixels * MEGAPIXEL_SECONDS
    past = sum(entry.width * entry.height for entry in history) / 1e6
    if past:
        work = sum(sum(json.loads(entry.stages).values()) for entry in history) * megapixels / past
    return work / machine.cores()
