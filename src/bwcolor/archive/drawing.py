# SPDX-License-Identifier: Apache-2.0
"""Which of all photos are a run's: a sample, the first few, or one machine's share."""

from __future__ import annotations

import hashlib
import heapq
import os
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from bwcolor.archive.spool import Spool
from bwcolor.errors import UsageError

if TYPE_CHECKING:
    from bwcolor.archive.plan import Request, Task


@dataclass(frozen=True)
class Shard:
    """One machine's share of a plan.

    Attributes:
        number: Counted from 1.
        count: How many there are.
    """

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise UsageError(f"There is no shard {self}.", "They count from 1: --shard 1/16 to --shard 16/16.")

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


def drawn_of(tasks: Sequence[Task], request: Request) -> Sequence[Task]:
    """Return the sample and the first few that were asked for, in the order of work."""
    drawn = tasks
    if request.sample is not None and request.sample < len(tasks):
        # by a hash of the name: the same photos on every machine, and mostly the same when the archive grows
        key = str(request.seed).encode()
        lots = ((hashlib.blake2b(os.fsencode(task.name), key=key).digest(), index) for index, task in enumerate(tasks))
        chosen = {index for _, index in heapq.nsmallest(request.sample, lots)}
        drawn = Spool(task for index, task in enumerate(tasks) if index in chosen)
    if request.limit is not None and request.limit < len(drawn):
        drawn = Spool(islice(drawn, request.limit))
    return drawn


def share_of(tasks: Sequence[Task], shard: Shard) -> Sequence[Task]:
    """Return one machine's share, in the order of work."""
    shares = shares_of((_size(task) for task in tasks), shard.count)
    return Spool(task for task, share in zip(tasks, shares, strict=True) if share == shard.number - 1)


def shares_of(sizes: Iterable[int], count: int) -> array[int]:
    """Deal files out to machines, so that all get about as many bytes.

    The largest goes first, each to whom has least so far; equal ones by their index. So every machine that sees the
    same files deals in the same way, and the most that two shares differ by is one file.

    Args:
        sizes: Bytes of each file, in the order of the plan.
        count: Machines.

    Returns:
        For each file the number of its machine, from 0.
    """
    import numpy as np

    size = np.fromiter(sizes, dtype=np.int64)
    shares = array("i", bytes(4 * len(size)))
    loads = [(0, machine) for machine in range(count)]
    for index in np.argsort(-size, kind="stable").tolist():
        load, machine = heapq.heappop(loads)
        shares[index] = machine
        heapq.heappush(loads, (load + int(size[index]) + 1, machine))  # empty files are dealt out, too
    return shares


def _size(task: Task) -> int:
    """Return the bytes of a scan; 0 where it cannot be looked at, which reading it will say."""
    try:
        return task.source.stat().st_size
    except OSError:
        return 0
