# SPDX-License-Identifier: Apache-2.0
"""`Work`: a run from its first photo to its last; rows, signals, deadlines, and what must end it."""

from __future__ import annotations

import os
import platform
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from bwcolor import __version__
from bwcolor.archive import machine
from bwcolor.archive.crew import WORKER_ROOM, Crew
from bwcolor.archive.desk import Desk
from bwcolor.archive.job import Job, as_json
from bwcolor.archive.piece import Piece, Skipped, room_of, row_of
from bwcolor.archive.pipeline import Pipeline, Stage
from bwcolor.archive.plan import Plan, Task
from bwcolor.archive.rows import Entry, Outcome, Run
from bwcolor.archive.settle import Settled, State
from bwcolor.archive.summary import Failure, Summary, Watch
from bwcolor.errors import BwcolorError, ExitCode, NothingToDoError, OutputError

if TYPE_CHECKING:
    from bwcolor.archive.stages import Stages

TOUCH_SECONDS = 30.0  # between two signs of life in the lock
CREW_FROM = 24  # photos; fewer are done by threads before processes have started


class Work:
    """One run, from its first photo to its last.

    Args:
        job: What is asked for.
        plan: Of all photos.
        settled: What of the plan is to do.
        stages: What is done with a photo.
        desks: The output folders, locked, their ledgers open.
        watch: Is told how it goes.
    """

    def __init__(
        self, job: Job, plan: Plan, settled: Settled, stages: Stages, desks: dict[Path, Desk], watch: Watch
    ) -> None:
        self._job = job
        self._settled = settled
        self._stages = stages
        self._desks = desks
        self._watch = watch
        self._mutex = threading.Lock()
        self._summary = Summary(plan, settled)
        self._open: set[Piece] = set()
        self._pipeline: Pipeline[Piece] | None = None
        self._touched = time.monotonic()
        self._jobs = job.jobs or machine.cores() + 1
        self._memory = job.max_memory or machine.memory() // 2

    def run(self) -> Summary:
        """Color what is to do, and return how it went; what ended it before its end is in the summary."""
        summary, settled = self._summary, self._settled
        summary.failures += [Failure(str(path), reason) for path, reason in summary.plan.unreadable]
        summary.failures += [
            Failure(task.name, f"{task.target} exists and bwcolor did not write it; --overwrite replaces it.")
            for task in settled.foreign
        ]
        summary.failures += [
            Failure(task.name, "bwcolor died several times while it alone was in work; --overwrite tries it again.")
            for task in settled.deadly
        ]
        self._watch.begin(summary.plan, settled)
        if self._job.copy_sidecars:
            from bwcolor.archive.sidecars import copy_sidecars

            summary.failures += copy_sidecars(summary.plan)
        if not settled.todo:
            return summary
        machine.use_one_thread()
        self._begin()
        begun = time.perf_counter()
        outcome = "finished"
        try:
            with self._signals(), self._crew() as crew:
                begun = time.perf_counter()
                self._work(crew)
        except BwcolorError as error:
            summary.trouble, summary.stopped, outcome = error, error.message, "failed"
        finally:
            summary.seconds = time.perf_counter() - begun
            summary.left = len(settled.todo) - summary.done - summary.skipped - self._failed
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
            todo = sum(task.out == out for task, _ in self._settled.todo)
            desk.run = desk.ledger.begin_run(
                Run(
                    id=0,
                    started=_now(),
                    ended="",
                    host=platform.node(),
                    pid=os.getpid(),
                    version=__version__,
                    settings=as_json(asdict(self._job)),
                    planned=todo,
                    already=self._settled.count(State.DONE, State.SKIPPED),
                    left_alone=sum(self._summary.plan.left_alone.values()),
                    outcome="",
                    reason="",
                )
            ).id

    def _crew(self) -> AbstractContextManager[Crew | None]:
        """Return the processes that color, where there is enough to do for them and each photo goes alone."""
        jobs = min(self._jobs, self._memory // 2 // WORKER_ROOM)
        if jobs < 2 or len(self._settled.todo) < CREW_FROM or self._stages.shares or not self._stages.album.travels:
            return nullcontext()
        return Crew(self._job, self._stages.taken, jobs, self._stages.album)

    def _work(self, crew: Crew | None) -> None:
        """Color what is to do: first what never was in work when a process died, then those others, one by one."""
        innocent = [(task, row) for task, row in self._settled.todo if row is None or row.outcome != Outcome.BEGUN]
        suspects: list[tuple[Task, Entry | None]]
        suspects = [(task, row) for task, row in self._settled.todo if row and row.outcome == Outcome.BEGUN]
        suspects.sort(key=lambda suspect: suspect[1].attempts if suspect[1] else 0)
        stages = (Stage("photo", lambda pieces: crew.carry(pieces[0])),) if crew else self._stages.pipeline()
        for todo, jobs in ((innocent, crew.count if crew else self._jobs), (suspects, 1)):
            if not todo or self._summary.stopped:
                continue
            self._pipeline = Pipeline[Piece](
                stages,
                self._ended,
                jobs=jobs,
                room_of=room_of,
                memory=self._memory - (crew.count * WORKER_ROOM if crew else 0),
                time_limit=float("inf") if crew else self._job.time_limit,  # a crew keeps to it by itself
            )
            self._pipeline.run(self._pieces(todo, alone=todo is suspects), self._tick)
            for piece in self._open:  # fetched, and then not begun
                self._take_back(piece)
            self._open.clear()

    def _pieces(self, todo: list[tuple[Task, Entry | None]], *, alone: bool) -> Iterator[Piece]:
        """Yield what is to do, each written down as begun."""
        for task, previous in todo:
            piece = Piece(task, previous, task.target)
            desk = self._desks[task.out]
            attempts = previous.attempts if previous and previous.outcome == Outcome.BEGUN else 0
            begun = row_of(piece, Outcome.BEGUN)
            desk.ledger.record(replace(begun, attempts=attempts + alone, run=desk.run, at=_now()))
            self._open.add(piece)
            yield piece

    def _ended(self, piece: Piece, error: BaseException | None) -> None:
        """Write a photo's row; raise what must end the run."""
        desk = self._desks[piece.task.out]
        self._open.discard(piece)
        if error is not None:
            self._end_run_for(piece, error)
        if error is None:
            entry = replace(self._stages.entry(piece, desk.run), at=_now())
        elif isinstance(error, Skipped):
            entry = replace(self._stages.skipped(piece, error, desk.run), at=_now())
        else:
            entry = self._failed_entry(piece, error, desk.run)
        try:
            desk.ledger.record(entry)
        except OutputError:
            self._stop()
            raise
        piece.photo = None  # its pixels; the thread that ends a photo keeps hold of the rest until its next one
        with self._mutex:
            self._count(entry)
            self._watch.ended(entry)

    def _end_run_for(self, piece: Piece, error: BaseException) -> None:
        """Raise an error that is no single photo's: the output or the input is gone."""
        if isinstance(error, Skipped):
            return
        ends = isinstance(error, OutputError) or not isinstance(error, Exception)
        if not ends and not piece.task.source.parent.exists():
            ends = True
            error = NothingToDoError(
                f"The folder {piece.task.source.parent} is gone.", "Bring it back, then run the same command again."
            )
        if ends:
            self._stop()
            self._take_back(piece)
            raise error

    def _take_back(self, piece: Piece) -> None:
        """Write of a photo what was written before this run."""
        ledger = self._desks[piece.task.out].ledger
        if piece.previous is not None:
            ledger.record(piece.previous)
        else:
            ledger.forget(piece.task.name)

    def _failed_entry(self, piece: Piece, error: BaseException, run: int) -> Entry:
        known = isinstance(error, BwcolorError)
        told = str(error) if known else f"{type(error).__name__}: {error}"
        return replace(
            row_of(piece, Outcome.FAILED),
            reason=told if known or isinstance(error, OSError) else f"A defect of bwcolor's own: {told}",
            error=type(error).__name__,
            sha256=piece.photo.source.sha256 if piece.photo else "",
            model=self._job.color.model,
            options=as_json(self._stages.options_for(piece.task)),
            version=__version__,
            stages=as_json({name: round(seconds, 4) for name, seconds in piece.seconds.items()}),
            run=run,
            at=_now(),
        )

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
        if self._pipeline is not None:
            self._pipeline.stop()

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

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Once: finish the photos in work and stop. Twice: stop at once."""

        def caught(number: int, frame: FrameType | None) -> None:
            if self._summary.signal:
                # at once: whatever is half written has a temporary name, and its row says "begun"
                os._exit(ExitCode.TERMINATED if number == signal.SIGTERM else ExitCode.INTERRUPTED)
            self._summary.signal = number
            self._summary.stopped = "interrupted"
            self._stop()

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, caught) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _finish(self, outcome: str) -> None:
        """Write everywhere how the run ended."""
        for desk in self._desks.values():
            try:
                desk.ledger.end_run(desk.run, _now(), outcome, self._summary.stopped)
            except OutputError as error:
                self._summary.trouble = self._summary.trouble or error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
