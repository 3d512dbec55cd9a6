# SPDX-License-Identifier: Apache-2.0
"""Who takes photos through their stages: this machine, or, in `cluster`, workers anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Protocol

from bwcolor import __version__
from bwcolor.archive import machine
from bwcolor.archive.crew import WORKER_ROOM, Crew
from bwcolor.archive.job import Job, as_json
from bwcolor.archive.piece import Piece, Skipped, room_of, row_of
from bwcolor.archive.pipeline import Pipeline, Stage
from bwcolor.archive.rows import Entry, Outcome
from bwcolor.archive.stages import Stages
from bwcolor.errors import BwcolorError, NothingToDoError, OutputError

CREW_FROM = 24  # photos; fewer are done by threads before processes have started

# Called for each photo with its row, or with the error that must end the run; may be called from several threads
Ended = Callable[[Piece, Entry | BaseException], None]


class Hands(Protocol):
    """Take photos through their stages."""

    def working(self, count: int) -> AbstractContextManager[None]:
        """Hold ready whatever so many photos need."""

    def run(self, pieces: Iterable[Piece], ended: Ended, tick: Callable[[], None], *, alone: bool = False) -> None:
        """Take photos through; return when all are ended, or after `stop` when those in work are.

        Args:
            pieces: Taken one by one, when there is room.
            ended: What it raises ends the run.
            tick: Called a few times per second, from the calling thread.
            alone: Whether no two may be in work at the same time.
        """

    def stop(self) -> None:
        """Begin nothing more."""


class Local:
    """This machine: threads, and processes beside them where there is enough to do and each photo goes alone.

    Args:
        stages: What is done with a photo.
        job: How many at once, in how much memory, for how long.
        jobs: Photos at once; None for what the job says.
    """

    def __init__(self, stages: Stages, job: Job, jobs: int | None = None) -> None:
        self._stages, self._job = stages, job
        self._jobs = jobs or job.jobs or machine.cores() + 1
        self._memory = job.max_memory or machine.memory() // 2
        self._crew: Crew | None = None
        self._pipeline: Pipeline[Piece] | None = None

    @contextmanager
    def working(self, count: int) -> Iterator[None]:
        """Hold the processes for so many photos ready."""
        machine.use_one_thread()
        jobs = min(self._jobs, self._memory // 2 // WORKER_ROOM)
        if jobs < 2 or count < CREW_FROM or self._stages.shares or not self._stages.album.travels:
            yield
            return
        with Crew(self._job, self._stages.taken, jobs, self._stages.album) as self._crew:
            yield
        self._crew = None

    def run(self, pieces: Iterable[Piece], ended: Ended, tick: Callable[[], None], *, alone: bool = False) -> None:
        """Take photos through (see `Hands`)."""
        crew = self._crew
        self._pipeline = Pipeline[Piece](
            (Stage("photo", lambda pieces: crew.carry(pieces[0])),) if crew else self._stages.pipeline(),
            lambda piece, error: ended(piece, self._end(piece, error)),
            jobs=1 if alone else crew.count if crew else self._jobs,
            room_of=room_of,
            memory=self._memory - (crew.count * WORKER_ROOM if crew else 0),
            time_limit=float("inf") if crew else self._job.time_limit,  # a crew keeps to it by itself
        )
        self._pipeline.run(pieces, tick)

    def stop(self) -> None:
        """Begin nothing more."""
        if self._pipeline is not None:
            self._pipeline.stop()

    def _end(self, piece: Piece, error: BaseException | None) -> Entry | BaseException:
        """Return a photo's row, or the error that is no single photo's: the output or the input is gone."""
        if error is None:
            return self._stages.entry(piece, 0)
        if isinstance(error, Skipped):
            return self._stages.skipped(piece, error, 0)
        if isinstance(error, OutputError) or not isinstance(error, Exception):
            return error
        if not piece.task.source.parent.exists():
            return NothingToDoError(
                f"The folder {piece.task.source.parent} is gone.", "Bring it back, then run the same command again."
            )
        failed = failed_row(piece, error, self._job)
        return replace(failed, options=as_json(self._stages.options_for(piece.task)))


def failed_row(piece: Piece, error: BaseException, job: Job) -> Entry:
    """Return the row of a photo that failed."""
    known = isinstance(error, BwcolorError)
    told = str(error) if known else f"{type(error).__name__}: {error}"
    return replace(
        row_of(piece, Outcome.FAILED),
        reason=told if known or isinstance(error, OSError) else f"A defect of bwcolor's own: {told}",
        error=type(error).__name__,
        sha256=piece.photo.source.sha256 if piece.photo else "",
        model=job.color.model,
        version=__version__,
        stages=as_json({name: round(seconds, 4) for name, seconds in piece.seconds.items()}),
    )
