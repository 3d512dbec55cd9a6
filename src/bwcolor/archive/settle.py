# SPDX-License-Identifier: Apache-2.0
"""Holding a plan against the ledger: what is done already, what is missing, changed or failed."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any, Protocol

from bwcolor import __version__
from bwcolor.archive.album import ALONE, FRAMES, SHARED, Album
from bwcolor.archive.decisions import OPTION as DECISION
from bwcolor.archive.decisions import Verdict
from bwcolor.archive.job import Job
from bwcolor.archive.ledger import ROWS
from bwcolor.archive.plan import Task
from bwcolor.archive.rows import UNSAID, Entry, Outcome
from bwcolor.archive.spool import Spool

MOST_ATTEMPTS = 3  # a photo that was alone in work when the process died, so often, is left out of later runs


class State(StrEnum):
    """How a task stands before a run."""

    NEW = "new"  # never done, or never finished
    FAILED = "failed"  # failed before
    CHANGED = "changed"  # the scan, or the hints beside it, are not what was colored
    REJECTED = "rejected"  # a person wants another coloring than the color copy's
    MISSING = "missing"  # the color copy is gone
    DONE = "done"  # the color copy is what this run would make
    ACCEPTED = "accepted"  # a person wants the color copy as it is
    SKIPPED = "skipped"  # left in black and white on purpose, and still so
    OUTDATED = "outdated"  # colored with other options, weights or version
    ALTERED = "altered"  # the color copy is not what bwcolor wrote
    FOREIGN = "foreign"  # a file that bwcolor did not write lies where the color copy would go
    DEADLY = "deadly"  # the process died several times while this photo alone was in work


# What is done in any case, and what is only with --overwrite
_ALWAYS = {State.NEW, State.FAILED, State.CHANGED, State.REJECTED, State.MISSING}
_OVERWRITE = {State.OUTDATED, State.ALTERED, State.FOREIGN, State.DEADLY}


@dataclass(frozen=True)
class Expected:
    """What a row must say to be what this run would make.

    Attributes:
        options: Resolved options; those that are not known yet (before torch is loaded) are left out.
        weights_sha256: Of the weights; None where not known.
        album: What the photos of a folder share.
    """

    options: Mapping[str, Any]
    weights_sha256: str | None = None
    album: Album = ALONE

    def matches(self, entry: Entry) -> bool:
        """Say whether a row was made with these options, these weights and this version."""
        if entry.version != __version__ or self.weights_sha256 not in (None, entry.weights_sha256):
            return False
        found = _options_of(entry.options)
        if any((name in found) != (name in self.options) for name in (DECISION, *SHARED)):
            return False
        return all(found.get(name) == value for name, value in self.options.items())

    def of(self, task: Task) -> Expected:
        """Return what the row of one task must say."""
        return replace(self, options={**self.options, **task.options, **self.album.options(task)})


class Book(Protocol):
    """What is known of the photos of an output folder."""

    def entries_of(self, names: Iterable[str]) -> dict[str, Entry]:
        """Return the rows of some photos, by their names; names without a row are left out."""

    def refresh(self, entry: Entry) -> None:
        """Write a row of a photo whose file was touched and is the same."""


@dataclass
class Settled:
    """A plan held against the ledgers.

    Attributes:
        todo: Tasks to do, in order, but the suspects.
        suspects: Tasks that were in work when a process died, each with its row, those that were so least often first.
        states: How many tasks stand how.
        planned: How many tasks are to do, by their output folder.
        foreign: Targets that bwcolor did not write.
        deadly: Tasks that are left out since the process died of them.
    """

    todo: Spool[Task] = field(default_factory=Spool)
    suspects: list[tuple[Task, Entry]] = field(default_factory=list)
    states: dict[State, int] = field(default_factory=dict)
    planned: Counter[Path] = field(default_factory=Counter)
    foreign: Spool[Task] = field(default_factory=Spool)
    deadly: list[Task] = field(default_factory=list)

    def count(self, *states: State) -> int:
        """Return how many tasks stand so."""
        return sum(self.states.get(state, 0) for state in states)

    def tasks(self) -> Sequence[Task]:
        """Return everything to do."""
        return Spool(chain(self.todo, (task for task, _ in self.suspects))) if self.suspects else self.todo

    @property
    def left(self) -> int:
        """How many tasks are to do."""
        return len(self.todo) + len(self.suspects)


def settle(tasks: Iterable[Task], book_of: Callable[[Path], Book | None], job: Job, expected: Expected) -> Settled:
    """Decide what is to do.

    Args:
        tasks: Of the plan.
        book_of: Returns what is known of an output folder, None where there is nothing yet.
        job: Whether to overwrite, or only to redo what failed.
        expected: What done photos must have been made with.

    Returns:
        What is to do, and how everything stands.
    """
    books: dict[Path, Book | None] = {}
    settled = Settled()
    wanted = {State.FAILED} if job.redo_failed else _ALWAYS | (_OVERWRITE if job.overwrite else set())
    for out, same in groupby(tasks, key=lambda task: task.out):
        if out not in books:
            books[out] = book_of(out)
        while chunk := list(islice(same, ROWS)):
            book = books[out]
            rows = {} if book is None else book.entries_of(task.name for task in chunk)
            for task in chunk:
                entry = rows.get(task.name)
                state, fresh = state_of(task, entry, expected)
                if book is not None and fresh is not None and fresh != entry:
                    book.refresh(fresh)
                _note(settled, task, state, fresh, wanted)
    settled.suspects.sort(key=lambda suspect: suspect[1].attempts)
    return settled


def _note(settled: Settled, task: Task, state: State, entry: Entry | None, wanted: set[State]) -> None:
    """Write down how a task stands."""
    settled.states[state] = settled.states.get(state, 0) + 1
    if state in wanted:
        settled.planned[task.out] += 1
        if entry is not None and entry.outcome == Outcome.BEGUN:
            settled.suspects.append((task, entry))
        else:
            settled.todo.append(task)
    elif state is State.FOREIGN:
        settled.foreign.append(task)
    elif state is State.DEADLY:
        settled.deadly.append(task)


def state_of(task: Task, entry: Entry | None, expected: Expected) -> tuple[State, Entry | None]:
    """Say how a task stands.

    Args:
        task: A scan and its color copy.
        entry: Its row; None where there is none.
        expected: What it must have been made with.

    Returns:
        Its state, and its row with the scan's present time where only that has changed.
    """
    if entry is None:
        return (State.FOREIGN if task.target.exists() else State.NEW), entry
    if entry.outcome == Outcome.BEGUN:
        return (State.DEADLY if entry.attempts >= MOST_ATTEMPTS else State.NEW), entry
    if entry.outcome == Outcome.FAILED:
        return State.FAILED, entry
    try:
        seen = task.source.stat()
    except OSError:
        return State.CHANGED, entry  # reading it will say what is wrong
    if (seen.st_size, seen.st_mtime_ns) != (entry.size, entry.mtime_ns):
        if seen.st_size != entry.size or file_sha256(task.source) != entry.sha256:
            return State.CHANGED, entry
        entry = replace(entry, mtime_ns=seen.st_mtime_ns)
    decided = _by_decision(task, entry)
    if decided is not None:
        return decided, entry
    expected = expected.of(task)
    if FRAMES in expected.options and _frames(entry) not in ("", expected.options[FRAMES]):
        return State.CHANGED, entry
    if entry.outcome == Outcome.SKIPPED:
        gone = entry.target and not (task.out / entry.target).exists()
        return (State.SKIPPED if expected.matches(entry) and not gone else State.NEW), entry
    target = task.out / entry.target
    try:
        written = target.stat().st_size
    except OSError:
        return State.MISSING, entry
    if written != entry.output_size:
        return State.ALTERED, entry
    return (State.DONE if expected.matches(entry) else State.OUTDATED), entry


def _by_decision(task: Task, entry: Entry) -> State | None:
    """Say how a task stands by its hints and by what a person decided; None where that changes nothing."""
    decision, wanted = task.decision, task.wanted
    made = json.loads(entry.options or "{}")
    if wanted is not None and any(made.get(name) != value for name, value in wanted.options.items()):
        return State.REJECTED
    if decision is not None and decision.verdict is Verdict.ACCEPTED and decision.copy == entry.output_sha256:
        return State.ACCEPTED if (task.out / entry.target).exists() else None
    if _hints_sha256(task) == entry.hints_sha256:
        return None
    # without the decisions that it was made by, a copy is as one of other options
    return State.OUTDATED if DECISION in made and wanted is None else State.CHANGED


def _frames(entry: Entry) -> str:
    """Return the hash of the frames around one, as its row tells it; empty for a photo by itself."""
    found: str = json.loads(entry.options or "{}").get(FRAMES, "")
    return found


def _hints_sha256(task: Task) -> str:
    """Return the hash of the hints that a task would be colored with; empty without."""
    if task.wanted is not None and task.wanted.hints:
        return task.wanted.hints_sha256
    return "" if task.hints is None else file_sha256(task.hints)


@lru_cache(maxsize=64)
def _options_of(text: str) -> Mapping[str, Any]:
    """Return a row's options; most rows of a ledger have the same."""
    return {**UNSAID, **json.loads(text or "{}")}


def file_sha256(path: Path) -> str:
    """Return the hash of a file, "" where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
