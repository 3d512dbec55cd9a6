# SPDX-License-Identifier: Apache-2.0
"""Many machines in one output folder: each keeps a ledger of its own, and all of them are read as one.

A shard's ledger and lock lie in ``.bwcolor/shards/3-of-16`` of the output folder. Of a photo that stands in several
ledgers the row that was written last counts. A run over everything takes the shards' rows into its own ledger.
"""

from __future__ import annotations

import heapq
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from bwcolor.archive.drawing import Shard
from bwcolor.archive.ledger import COLUMNS, ROWS, Ledger
from bwcolor.archive.rows import Entry, Outcome, Run
from bwcolor.archive.walk import LEDGER_NAME, SHARDS_FOLDER, STATE_FOLDER
from bwcolor.errors import UsageError


def state_folder(out: Path, shard: Shard | None = None) -> Path:
    """Return where the ledger and the lock of a run lie."""
    state = out / STATE_FOLDER
    return state if shard is None else state / SHARDS_FOLDER / f"{shard.number}-of-{shard.count}"


def shard_folders(out: Path) -> list[Path]:
    """Return where the ledgers and locks of an output folder's shards lie, in the order of their numbers."""
    found = (out / STATE_FOLDER / SHARDS_FOLDER).glob("*-of-*")
    return sorted((folder for folder in found if (folder / LEDGER_NAME).is_file()), key=_number)


def _number(folder: Path) -> tuple[int, str]:
    number = folder.name.partition("-")[0]
    return (int(number) if number.isdigit() else 0), folder.name


class Ledgers:
    """All ledgers of an output folder, the whole run's and the shards', read as one.

    Args:
        out: The output folder.
        but: A state folder whose ledger is left out.

    Raises:
        UsageError: There is none.
    """

    def __init__(self, out: Path, but: Path | None = None) -> None:
        states = [state_folder(out), *shard_folders(out)]
        self.states = [state for state in states if state != but and (state / LEDGER_NAME).is_file()]
        if but is None and not self.states:
            raise UsageError(f"{out} holds no ledger.", "Name the output folder of a `bwcolor colorize` run.")
        self.each = [Ledger(out, state) for state in self.states]

    def close(self) -> None:
        """Close them all."""
        for ledger in self.each:
            ledger.close()

    def refresh(self, entry: Entry) -> None:
        """Write nothing: they are open for reading."""

    def entries(self, outcome: Outcome | None = None) -> Iterator[Entry]:
        """Yield the rows, sorted by the bytes of their names; those of one outcome or all."""
        return (Entry(*row) for row in self.values(*COLUMNS, outcome=outcome))

    def values(self, *columns: str, outcome: Outcome | None = None) -> Iterator[tuple[Any, ...]]:
        """Yield some columns of the rows, sorted by the bytes of their names; those of one outcome or all."""
        if len(self.each) == 1:
            yield from self.each[0].values(*columns, outcome=outcome)
            return
        told = ("name", "at", "mtime_ns", "outcome", *columns)
        merged = heapq.merge(*(ledger.values(*told) for ledger in self.each), key=lambda row: _sorting(row[0]))
        for _, same in groupby(merged, key=lambda row: row[0]):
            row = max(same, key=lambda row: row[1:3])
            if outcome in (None, row[3]):
                yield row[4:]

    def entries_of(self, names: Iterable[str]) -> dict[str, Entry]:
        """Return the rows of some photos, by their names; names without a row are left out."""
        wanted, found = list(names), dict[str, Entry]()
        for ledger in self.each:
            for name, entry in ledger.entries_of(wanted).items():
                if is_newer(entry, found.get(name)):
                    found[name] = entry
        return found

    def runs(self) -> list[Run]:
        """Return the runs of all of them, oldest first."""
        return sorted((run for ledger in self.each for run in ledger.runs()), key=lambda run: run.started)


@contextmanager
def opened(out: Path) -> Iterator[Ledgers]:
    """Open all ledgers of an output folder for reading.

    Raises:
        UsageError: There is none.
    """
    ledgers = Ledgers(out)
    try:
        yield ledgers
    finally:
        ledgers.close()


def is_newer(entry: Entry, than: Entry | None) -> bool:
    """Say whether a row was written later than another one of the same photo, or there is no other."""
    # a row whose photo was touched and is the same is written again as it was, with the new time of the file
    return than is None or (entry.at, entry.mtime_ns) > (than.at, than.mtime_ns)


def absorb(out: Path, ledger: Ledger) -> None:
    """Take the rows of all shards into the ledger of a whole run, and remove theirs.

    Args:
        out: The output folder; the caller holds its lock, so that no shard is at work.
        ledger: Open for writing.
    """
    for state in shard_folders(out):
        shard = Ledger(out, state)
        there = {(run.started, run.host, run.pid): run.id for run in ledger.runs()}
        numbers = {
            run.id: there.get((run.started, run.host, run.pid)) or ledger.begin_run(run).id for run in shard.runs()
        }
        rows = shard.entries()
        while chunk := list(islice(rows, ROWS)):
            known = ledger.entries_of(entry.name for entry in chunk)
            newer = [entry for entry in chunk if is_newer(entry, known.get(entry.name))]
            ledger.record(*(replace(entry, run=numbers.get(entry.run, 0)) for entry in newer))
        shard.close()
        shutil.rmtree(state)


def _sorting(name: str) -> tuple[bool, bytes]:
    """Return by what SQLite sorts names: text first, then what is no UTF-8."""
    data = os.fsencode(name)
    try:
        data.decode()
    except UnicodeDecodeError:
        return True, data
    return False, data
