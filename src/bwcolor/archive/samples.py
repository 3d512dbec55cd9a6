# SPDX-License-Identifier: Apache-2.0
"""Several colorings of each photo: where they lie, and with which numbers they are drawn.

Each sample is an output folder of its own, with its own ledger, beside the one of the colors that the network finds
likeliest: a copy keeps the photo's name, a photo has one row in a ledger, and a sample that nobody wants is a folder
that is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bwcolor.archive.spool import Spool

if TYPE_CHECKING:
    from bwcolor.archive.plan import Request, Task

SAMPLE_SUFFIX = "-sample-"  # scans-color-sample-1 beside scans-color


def folders_of(out: Path, request: Request) -> dict[int | None, Path]:
    """Return the output folders by the numbers that their samples are drawn with.

    Args:
        out: The output folder of the colors that are likeliest.
        request: How many samples are wanted, and after which number they begin.

    Returns:
        The folder itself, under None, where no samples are wanted.
    """
    if request.samples is None:
        return {None: out}
    numbers = range(request.seed + 1, request.seed + request.samples + 1)
    return {number: out.with_name(f"{out.name}{SAMPLE_SUFFIX}{number}") for number in numbers}


def sampled_tasks(tasks: Sequence[Task], request: Request) -> Sequence[Task]:
    """Return a task for each sample of each photo, all of one photo together."""
    if request.samples is None:
        return tasks
    return Spool(
        replace(task, target=out / task.target.relative_to(task.out), out=out, sample=number)
        for task in tasks
        for number, out in folders_of(task.out, request).items()
    )


def sampled_sidecars(sidecars: Iterable[tuple[Path, Path, Path]], request: Request) -> Sequence[tuple[Path, Path]]:
    """Return for each sidecar, its name and its output folder a copy in each sample's folder."""
    return Spool((source, each / name) for source, name, out in sidecars for each in folders_of(out, request).values())
