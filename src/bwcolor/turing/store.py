# SPDX-License-Identifier: Apache-2.0
"""A study's folder: pictures, participants' trials and their answers in one SQLite file.

Nothing in it says who a participant is or when they took part. An answer is in the file, flushed, before the browser is
told so; each trial has one place for an answer, which is written once.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bwcolor.database import transaction
from bwcolor.errors import BwcolorError, OutputError, UsageError
from bwcolor.turing.pictures import Rgb
from bwcolor.turing.plan import Form, Kind, Settings, Trial

NAME = "study.sqlite"
LAYOUT = 1  # PRAGMA user_version; a study of a newer layout is refused
BUSY_SECONDS = 30.0  # waited for a reader, such as `bwcolor turing report`
ZIP_LEVEL = 1

_TABLES = """
CREATE TABLE study (settings TEXT NOT NULL, systems TEXT NOT NULL, photos TEXT NOT NULL, version TEXT NOT NULL,
  notes TEXT NOT NULL);
CREATE TABLE pictures (photo INTEGER, system TEXT, width INTEGER, height INTEGER, rgb BLOB,
  PRIMARY KEY (photo, system));
CREATE TABLE participants (number INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
CREATE TABLE trials (participant INTEGER, number INTEGER, kind TEXT, photo INTEGER, system TEXT, fake INTEGER,
  choice INTEGER, views INTEGER, PRIMARY KEY (participant, number)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Study:
    """What a study is.

    Attributes:
        settings: Numbers of it.
        systems: Names of those who made the fakes.
        photos: Names of the photographs, as they were drawn.
        version: Of bwcolor that began it.
        notes: What else should be known of its pictures.
    """

    settings: Settings
    systems: tuple[str, ...]
    photos: tuple[str, ...]
    version: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answered:
    """A trial and what was said to it.

    Attributes:
        participant: Counted from 1, in order of their beginning.
        number: Place in their sequence, from 0.
        trial: What was asked.
        choice: What was said: pairs: 0 the first is the fake, 1 the second; single: 0 real, 1 fake. None: nothing yet.
        views: How often the pictures were shown before; None where nothing was said.
    """

    participant: int
    number: int
    trial: Trial
    choice: int | None
    views: int | None


class Store:
    """The file of a study; safe to use from several threads.

    Args:
        folder: Of the study.
        write: Whether answers are to be taken; else it is opened for reading only, also while another process takes
            them.

    Raises:
        UsageError: There is no study, or it is damaged or of a newer version.
        OutputError: It cannot be used.
    """

    def __init__(self, folder: Path, *, write: bool = False) -> None:
        self.path = folder / NAME
        self._mutex = threading.Lock()
        self._write = write
        if not self.path.is_file():
            raise UsageError(f"{folder} holds no study.", "Name the --study of a `bwcolor turing serve`.")
        try:
            self._base = _connect(self.path, "rw" if write else "ro")
            if write:
                self._base.execute("PRAGMA journal_mode=WAL")
                self._base.execute("PRAGMA synchronous=FULL")
        except sqlite3.Error as error:
            raise _trouble(self.path, error) from error

    def close(self) -> None:
        """Close the file; nothing is lost without it."""
        if self._write:
            # a study at rest is one plain file, which can be copied alone
            with suppress(sqlite3.Error):
                self._base.execute("PRAGMA journal_mode=DELETE")
        self._base.close()

    def study(self) -> Study:
        """Return what the study is."""
        settings, systems, photos, version, notes = self._ask("SELECT * FROM study")[0]
        plain = json.loads(settings)
        return Study(
            Settings(**plain | {"form": Form(plain["form"])}),
            tuple(json.loads(systems)),
            tuple(json.loads(photos)),
            str(version),
            tuple(json.loads(notes)),
        )

    def pictures(self) -> Iterator[tuple[int, str, Rgb]]:
        """Yield photo, system (or what else it is), and ``(H, W, 3)`` uint8 of every picture."""
        for photo, system, width, height, blob in self._ask("SELECT * FROM pictures ORDER BY photo, system"):
            yield photo, system, np.frombuffer(zlib.decompress(blob), np.uint8).reshape(height, width, 3)

    def enroll(self, name: str, draw: Callable[[int], Sequence[Trial]]) -> int:
        """Write a new participant with their trials.

        Args:
            name: Random.
            draw: Gives the trials of the participant with a number.

        Returns:
            The number, counted from 1.
        """
        with transaction(self._base, self._mutex, partial(_trouble, self.path)):
            number = self._base.execute("INSERT INTO participants (name) VALUES (?)", (name,)).lastrowid or 0
            rows = [(number, n, t.kind.value, t.photo, t.system, t.fake) for n, t in enumerate(draw(number))]
            self._base.executemany("INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)", rows)
        return number

    def find(self, name: str) -> int | None:
        """Return a participant's number, None where there is none of that name."""
        found = self._ask("SELECT number FROM participants WHERE name = ?", name)
        return int(found[0][0]) if found else None

    def answer(self, participant: int, number: int, choice: int, views: int) -> bool:
        """Write an answer, and return whether it is the first one to its trial; a later one changes nothing."""
        with transaction(self._base, self._mutex, partial(_trouble, self.path)):
            done = self._base.execute(
                "UPDATE trials SET choice = ?, views = ? WHERE participant = ? AND number = ? AND choice IS NULL",
                (choice, views, participant, number),
            )
            return done.rowcount == 1

    def trials(self, participant: int | None = None) -> list[Answered]:
        """Return the trials of one participant or of all, in order."""
        where, values = ("", ()) if participant is None else ("WHERE participant = ?", (participant,))
        rows = self._ask(f"SELECT * FROM trials {where} ORDER BY participant, number", *values)
        return [
            Answered(who, number, Trial(Kind(kind), photo, system, fake), choice, views)
            for who, number, kind, photo, system, fake, choice, views in rows
        ]

    def count(self) -> int:
        """Return how many participants there are."""
        return int(self._ask("SELECT count(*) FROM participants")[0][0])

    def _ask(self, words: str, *values: object) -> list[Any]:
        try:
            with self._mutex:
                return self._base.execute(words, values).fetchall()
        except sqlite3.Error as error:
            raise _trouble(self.path, error) from error


def create(folder: Path, study: Study, pictures: Iterable[tuple[int, str, Rgb]]) -> None:
    """Write a new study, whole or not at all.

    Args:
        folder: Of the study; made if need be, for its owner only, since the truth lies in it.
        study: What it is.
        pictures: Photo, system (or what else it is), and ``(H, W, 3)`` uint8.

    Raises:
        OutputError: It cannot be written.
    """
    path = folder / NAME
    part = folder / f".{NAME}.part"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        base = _connect(part, "rw")
        try:
            base.executescript(f"BEGIN; {_TABLES} PRAGMA user_version={LAYOUT};")
            lists = (json.dumps(each) for each in (asdict(study.settings), study.systems, study.photos, study.notes))
            settings, systems, photos, notes = lists
            about = (settings, systems, photos, study.version, notes)
            base.execute("INSERT INTO study VALUES (?, ?, ?, ?, ?)", about)
            for photo, system, rgb in pictures:
                row = (photo, system, rgb.shape[1], rgb.shape[0], zlib.compress(rgb.tobytes(), ZIP_LEVEL))
                base.execute("INSERT INTO pictures VALUES (?, ?, ?, ?, ?)", row)
            base.execute("COMMIT")
        finally:
            base.close()
        part.replace(path)
    except (OSError, sqlite3.Error) as error:
        raise OutputError(f"The study {path} cannot be written: {error}.", "Give another --study.") from error


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    from urllib.parse import quote

    address = f"file:{quote(path.absolute().as_posix())}?mode={mode}"
    base = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)
    (layout,) = base.execute("PRAGMA user_version").fetchone()
    if layout > LAYOUT:
        base.close()
        raise UsageError(f"{path} was written by a newer bwcolor.", "Update bwcolor, or give another --study.")
    return base


def _trouble(path: Path, error: sqlite3.Error) -> BwcolorError:
    if "not a database" in str(error) or "malformed" in str(error):
        return UsageError(f"{path} is damaged.", "Restore it from a copy, or give another --study.")
    return OutputError(f"The study {path} cannot be used: {error}.", "Is the disk full or read-only?")
