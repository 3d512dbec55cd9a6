# SPDX-License-Identifier: Apache-2.0
"""The ledger: one SQLite row for each photo, whatever happened to it, and one for each run.

It lies in the output folder (``.bwcolor/ledger.sqlite``). Paths in it are relative, so that a moved output still holds.
A row is written when a photo is begun and again when its file is renamed and flushed: what says "done" is done.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import astuple, fields, replace
from pathlib import Path
from typing import Any

from bwcolor.archive.rows import Entry, Outcome, Run
from bwcolor.archive.walk import LEDGER_NAME, STATE_FOLDER
from bwcolor.database import transaction
from bwcolor.errors import BwcolorError, OutputError, UsageError

LAYOUT = 1  # PRAGMA user_version; a ledger of a newer layout is refused
# SQLite's 4 KiB hold one row of a table without numbers, and a second page its end: 4.7 kB for each photo
PAGE_BYTES = 16384
ROWS = 500  # fetched at once
BUSY_SECONDS = 30.0  # waited for a reader, such as `bwcolor status`
# File systems on which SQLite's write-ahead log is unsafe (its shared memory does not cross machines)
NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "fuse.sshfs"})
COLUMNS = tuple(column.name for column in fields(Entry))
_TYPES = {"int": "INTEGER", "float": "REAL", "float | None": "REAL", "str": "TEXT"}


def _columns(row: type[Entry] | type[Run], key: str) -> str:
    return ", ".join(
        f"{column.name} {_TYPES[str(column.type)]}{' PRIMARY KEY' if column.name == key else ''}"
        for column in fields(row)
    )


class Ledger:
    """The ledger of one output folder; safe to use from several threads.

    Args:
        out: The output folder.
        state: The folder below it that holds the ledger; None for that of a whole run, not of a shard.
        write: Whether to create it where it is missing; else it is opened for reading only.

    Raises:
        UsageError: There is no ledger to read, or it is not one that this version knows.
        OutputError: It cannot be created or written.
    """

    def __init__(self, out: Path, state: Path | None = None, *, write: bool = False) -> None:
        self.out = out
        self.path = (state or out / STATE_FOLDER) / LEDGER_NAME
        self._mutex = threading.Lock()
        self.writes = write
        if not write and not self.path.is_file():
            raise UsageError(f"{out} holds no ledger.", "Name the output folder of a `bwcolor colorize` run.")
        try:
            self._open(write)
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def _open(self, write: bool) -> None:
        if write:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        mode = "rwc" if write else "ro"
        address = f"file:{_quoted(self.path)}?mode={mode}"
        self._base = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, check_same_thread=False)
        self._base.isolation_level = None
        (layout,) = self._base.execute("PRAGMA user_version").fetchone()
        if layout > LAYOUT:
            raise UsageError(f"{self.path} was written by a newer bwcolor.", "Update bwcolor, or give another --out.")
        if write:
            journal = "DELETE" if _file_system(self.path.parent) in NETWORK_FILE_SYSTEMS else "WAL"
            self._base.execute(f"PRAGMA page_size={PAGE_BYTES}")  # of a ledger that is begun; others keep theirs
            self._base.execute(f"PRAGMA journal_mode={journal}")
            self._base.execute("PRAGMA synchronous=FULL")
            self._base.execute(f"CREATE TABLE IF NOT EXISTS photos ({_columns(Entry, 'name')}) WITHOUT ROWID")
            self._base.execute(f"CREATE TABLE IF NOT EXISTS runs ({_columns(Run, 'id')})")
            self._base.execute(f"PRAGMA user_version={LAYOUT}")

    def close(self) -> None:
        """Close the file; nothing is lost without it."""
        if self.writes:
            # a ledger at rest is one plain file, which can be copied alone and read from a read-only disk
            with suppress(sqlite3.Error):
                self._base.execute("PRAGMA journal_mode=DELETE")
        self._base.close()

    def record(self, *entries: Entry) -> None:
        """Write rows, each in place of the photo's earlier one, all of them or none.

        Raises:
            OutputError: They cannot be written (disk full, permission lost).
        """
        marks = ", ".join("?" * len(fields(Entry)))
        rows = [tuple(_to_column(value) for value in astuple(entry)) for entry in entries]
        with transaction(self._base, self._mutex, self._trouble):
            self._base.executemany(f"INSERT OR REPLACE INTO photos VALUES ({marks})", rows)

    def forget(self, *names: str) -> None:
        """Delete rows: of photos that were begun and, in good order, not ended."""
        with transaction(self._base, self._mutex, self._trouble):
            self._base.executemany("DELETE FROM photos WHERE name = ?", [(_to_column(name),) for name in names])

    def entry(self, name: str) -> Entry | None:
        """Return a photo's row, None where there is none."""
        return self.entries_of([name]).get(name)

    def entries_of(self, names: Iterable[str]) -> dict[str, Entry]:
        """Return the rows of some photos, by their names; names without a row are left out."""
        wanted, found = [_to_column(name) for name in names], []
        for start in range(0, len(wanted), ROWS):
            part = wanted[start : start + ROWS]
            marks = ", ".join("?" * len(part))
            with self._mutex:
                found += self._base.execute(f"SELECT * FROM photos WHERE name IN ({marks})", part).fetchall()
        rows = (Entry(*map(_from_column, row)) for row in found)
        return {row.name: row for row in rows}

    def entries(self, outcome: Outcome | None = None) -> Iterator[Entry]:
        """Yield the rows, sorted by the bytes of their names; those of one outcome or all."""
        return (Entry(*row) for row in self.values(*COLUMNS, outcome=outcome))

    def values(self, *columns: str, outcome: Outcome | None = None) -> Iterator[tuple[Any, ...]]:
        """Yield some columns of the rows, sorted by the bytes of their names; those of one outcome or all.

        They are fetched a few at a time: what is written meanwhile is met or not.
        """
        where, wanted = ("AND outcome = ?", [outcome.value]) if outcome else ("", [])
        last: list[Any] = []
        while True:
            beyond = "name > ?" if last else "1"
            query = (
                f"SELECT {', '.join(('name', *columns))} FROM photos WHERE {beyond} {where} ORDER BY name LIMIT {ROWS}"
            )
            with self._mutex:
                found = self._base.execute(query, last + wanted).fetchall()
            for row in found:
                yield tuple(map(_from_column, row[1:]))
            if len(found) < ROWS:
                return
            last = [found[-1][0]]

    def begin_run(self, run: Run) -> Run:
        """Write a run's row and return it with its number."""
        with transaction(self._base, self._mutex, self._trouble):
            (last,) = self._base.execute("SELECT coalesce(max(id), 0) FROM runs").fetchone()
            run = replace(run, id=last + 1)
            self._base.execute(f"INSERT INTO runs VALUES ({', '.join('?' * len(fields(Run)))})", astuple(run))
        return run

    def end_run(self, run: int, ended: str, outcome: str, reason: str = "") -> None:
        """Write how a run ended."""
        with transaction(self._base, self._mutex, self._trouble):
            self._base.execute(
                "UPDATE runs SET ended = ?, outcome = ?, reason = ? WHERE id = ?", (ended, outcome, reason, run)
            )

    def ended(self, run: int) -> int:
        """Return how many photos a run has ended."""
        with self._mutex:
            query = "SELECT count(*) FROM photos WHERE run = ? AND outcome != ?"
            return int(self._base.execute(query, [run, Outcome.BEGUN.value]).fetchone()[0])

    def runs(self) -> list[Run]:
        """Return the runs, oldest first."""
        with self._mutex:
            return [Run(*row) for row in self._base.execute("SELECT * FROM runs ORDER BY id")]

    def _trouble(self, error: sqlite3.Error) -> BwcolorError:
        if isinstance(error, sqlite3.DatabaseError) and "not a database" in str(error):
            return UsageError(f"{self.path} is damaged.", "Move it away; the next run begins a new one.")
        return OutputError(f"The ledger {self.path} cannot be used: {error}.", "Is the disk full or read-only?")


def _to_column(value: Any) -> Any:
    """Names that are no UTF-8 go in as their bytes."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return os.fsencode(value)
    return value


def _from_column(value: Any) -> Any:
    return os.fsdecode(value) if isinstance(value, bytes) else value


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(os.fsencode(path.absolute().as_posix()))


def _file_system(folder: Path) -> str:
    """Return the type of the file system that a folder lies on ("ext4", "nfs4", ...), "" where it cannot be said."""
    if not sys.platform.startswith("linux"):
        return ""
    try:
        mounts = Path("/proc/self/mounts").read_bytes().splitlines()
    except OSError:
        return ""
    place, best = os.fsencode(folder.resolve()) + b"/", (0, "")
    for fields_of_mount in (line.split(b" ") for line in mounts):
        point = fields_of_mount[1].replace(b"\\040", b" ").rstrip(b"/") + b"/"
        if place.startswith(point) and len(point) >= best[0]:
            best = (len(point), fields_of_mount[2].decode("ascii", "replace"))
    return best[1]
