# SPDX-License-Identifier: Apache-2.0
"""`Work`: a run from its first photo to its last; rows, signals, deadlines, and what must end it."""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bwcolor import __version__
from bwcolor.archive.desk import Desk
from bwcolor.archive.job import Job, as_json
from bwcolor.archive.piece import Piece, row_of
from bwcolor.archive.plan import Plan, Task
from bwcolor.archive.rows import Entry, Outcome, Run
from bwcolor.archive.settle import Settled, State
from bwcolor.archive.summary import Failure, Summary, Watch
from bwcolor.errors import BwcolorError, OutputError
from bwcolor.interrupts import exit_code_of, on_interrupt

if TYPE_CHECKING:
    from bwcolor.archive.hands import Hands

TOUCH_SECONDS = 30.0  # between two signs of life in the lock


class Work:
    """One run, from its first photo to its last.

    Args:
        job: What is asked for.
        plan: Of all photos.
        settled: What of the plan is to do.
        hands: Who does it.
        desks: The output folders, locked, their ledgers open.
        watch: Is told how it goes.
    """

    def __init__(
        self, job: Job, plan: Plan, settled: Settled, hands: Hands, desks: dict[Path, Desk], watch: Watch
    ) -> None:
        self._job = job
        self._settled = settled
        self._hands = hands
        self._desks = desks
        self._watch = watch
        self._mutex = threading.Lock()
        self._summary = Summary(plan, settled)
        self._open: set[Piece] = set()
        self._touched = time.monotonic()

    def run(self) -> Summary:
        """Color what is to do, and return how it went; what ended it before its end is in the summary."""
        summary, settled = self._summary, self._settled
        summary.failures.extend(Failure(str(path), reason) for path, reason in summary.plan.unreadable)
        summary.failures.extend(
            Failure(task.name, f"{task.target} exists and bwcolor did not write it; --overwrite replaces it.")
            for task in settled.foreign
        )
        summary.failures.extend(
            Failure(task.name, "bwcolor died several times while it alone was in work; --overwrite tries it again.")
            for task in settled.deadly
        )
        self._watch.begin(summary.plan, settled)
        if self._job.copy_sidecars:
            from bwcolor.archive.sidecars import copy_sidecars

            summary.failures.extend(copy_sidecars(summary.plan))
        if not settled.left:
            return summary
        self._begin()
        begun = time.perf_counter()
        outcome = "finished"
        try:
            with on_interrupt(self._interrupted), self._hands.working(settled.left):
                begun = time.perf_counter()
                self._work()
        except BwcolorError as error:
            summary.trouble, summary.stopped, outcome = error, error.message, "failed"
        finally:
            summary.seconds = time.perf_counter() - begun
            summary.left = settled.left - summary.done - summary.skipped - self._failed
            if summary.signal:
                outcome = "interrupted"
            elif summary.stopped and outcome == "finished":
                outcome = "stopped"
            self._finish(outcome)
        return summary

    def _begin(self) -> None:
        """Write the run's row everywhere."""
        self._failed = 0
        for out, desk in self._desks.items():
            desk.run = desk.ledger.begin_run(
                Run(
                    id=0,
                    started=_now(),
                    ended="",
                    host=platform.node(),
                    pid=os.getpid(),
                    version=__version__,
                    settings=as_json(asdict(self._job)),
                    planned=self._settled.planned[out],
                    already=self._settled.count(State.DONE, State.SKIPPED),
                    left_alone=sum(self._summary.plan.left_alone.values()),
                    outcome="",
                    reason="",
                )
            ).id

    def _work(self) -> None:
        """Color what is to do: first what never was in work when a process died, then those others, one by one."""
        innocents = ((task, self._known(task)) for task in self._settled.todo)
        suspects = self._settled.suspects
        for todo in (innocents, suspects):
            if self._summary.stopped or todo == []:
                continue
            alone = todo is suspects
            self._hands.run(self._pieces(todo, alone=alone), self._ended, self._tick, alone=alone)
            for piece in self._open:  # fetched, and then not begun
                self._take_back(piece)
            self._open.clear()

    def _known(self, task: Task) -> Entry | None:
        """Return a photo's row before this run."""
        return self._desks[task.out].entries_of([task.name]).get(task.name)

    def _pieces(self, todo: Iterable[tuple[Task, Entry | None]], *, alone: bool) -> Iterator[Piece]:
        """Yield what is to do, each written down as begun."""
        for task, previous in todo:
            piece = Piece(task, previous, task.target)
            desk = self._desks[task.out]
            attempts = previous.attempts if previous and previous.outcome == Outcome.BEGUN else 0
            begun = row_of(piece, Outcome.BEGUN)
            desk.ledger.record(replace(begun, attempts=attempts + alone, run=desk.run, at=_now()))
            self._open.add(piece)
            yield piece

    def _ended(self, piece: Piece, end: Entry | BaseException) -> None:
        """Write a photo's row; raise what must end the run."""
        desk = self._desks[piece.task.out]
        self._open.discard(piece)
        if isinstance(end, BaseException):
            self._stop()
            self._take_back(piece)
            raise end
        entry = replace(end, run=desk.run, at=_now())
        try:
            desk.ledger.record(entry)
        except OutputError:
            self._stop()
            raise
        piece.photo = None  # its pixels; the thread that ends a photo keeps hold of the rest until its next one
        with self._mutex:
            self._count(entry)
            self._watch.ended(entry)

    def _take_back(self, piece: Piece) -> None:
        """Write of a photo what was written before this run."""
        ledger = self._desks[piece.task.out].ledger
        if piece.previous is not None:
            ledger.record(piece.previous)
        else:
            ledger.forget(piece.task.name)

    def _count(self, entry: Entry) -> None:
        summary = self._summary
        if entry.outcome == Outcome.DONE:
            summary.done += 1
            summary.pixels += entry.width * entry.height
            summary.dl_max = max(summary.dl_max, entry.dl_max or 0.0)
        elif entry.outcome == Outcome.SKIPPED:
            summary.skipped += 1
        else:
            self._failed += 1
            summary.failures.append(Failure(entry.name, entry.reason, entry.error))
            if self._job.fail_fast:
                summary.stopped = "a photo failed (--fail-fast)"
                self._stop()

    def _stop(self) -> None:
        """Begin nothing more."""
        self._hands.stop()

    def _tick(self) -> None:
        self._watch.tick()
        deadline = self._job.deadline
        if deadline is not None and datetime.now(deadline.tzinfo) >= deadline and not self._summary.stopped:
            self._summary.stopped = "the time is over"
            self._stop()
        if time.monotonic() - self._touched > TOUCH_SECONDS:
            self._touched = time.monotonic()
            for desk in self._desks.values():
                desk.lock.touch()

    def _interrupted(self, number: int) -> None:
        """Once: finish the photos in work and stop. Twice: stop at once."""
        if self._summary.signal:
            # at once: whatever is half written has a temporary name, and its row says "begun"
            os._exit(exit_code_of(number))
        self._summary.signal = number
        self._summary.stopped = "interrupted"
        self._stop()

    def _finish(self, outcome: str) -> None:
        """Write everywhere how the run ended."""
        for desk in self._desks.values():
            try:
                desk.ledger.end_run(desk.run, _now(), outcome, self._summary.stopped)
            except OutputError as error:
                self._summary.trouble = self._summary.trouble or error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
