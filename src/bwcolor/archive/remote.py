# SPDX-License-Identifier: Apache-2.0
"""What a worker of a cluster does, in a process of its own on any machine (see `bwcolor.archive.cluster`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bwcolor.archive import machine
from bwcolor.archive.hands import Local
from bwcolor.archive.job import ColorOptions, Job
from bwcolor.archive.piece import Piece
from bwcolor.archive.plan import Task
from bwcolor.archive.rows import Entry
from bwcolor.archive.targets import Targets
from bwcolor.archive.worker import TIDY_EVERY
from bwcolor.errors import BwcolorError


@dataclass(frozen=True)
class Resolved:
    """What became of a job's wishes where it is done.

    Attributes:
        options: That rows will say.
        weights_sha256: Of the weights.
        color: The wishes with nothing left open.
    """

    options: Mapping[str, Any]
    weights_sha256: str
    color: ColorOptions


class Worker:
    """A worker, in a process of its own on any machine.

    Args:
        job: What is asked for.
        targets: Where the plan's color copies will lie.
        jobs: Photos at once.
    """

    def __init__(self, job: Job, targets: Targets, jobs: int) -> None:
        self._job, self._targets, self._jobs = job, targets, jobs
        self._begun: tuple[Local, Resolved] | None = None
        self._count = 0  # of photos since memory was given back

    def begin(self) -> Resolved | BwcolorError:
        """Load the network; return what became of all wishes, or why that cannot be."""
        # not in the constructor: Ray keeps only the text of errors there
        try:
            return self._ready()[1]
        except BwcolorError as error:
            return error

    def _ready(self) -> tuple[Local, Resolved]:
        self._begun = self._begun or self._begin()
        return self._begun

    def _begin(self) -> tuple[Local, Resolved]:
        from bwcolor.archive.stages import Stages
        from bwcolor.colorizer import load

        colorizer = load(**self._job.color.arguments())
        if self._job.request.samples is not None:
            colorizer.check_samples()
        machine.use_one_thread()
        stages, settings = Stages(self._job, colorizer, self._targets), colorizer.settings
        color = replace(self._job.color, device=settings.device, precision=settings.precision, backend=settings.backend)
        local = Local(stages, self._job, self._jobs)
        return local, Resolved(stages.options, colorizer.weights_sha256, color)

    def color(self, todo: list[tuple[Task, Entry | None]]) -> list[Entry | BaseException]:
        """Return the row of each photo, or the error that must end the run."""
        try:
            local, _ = self._ready()
        except BwcolorError as error:
            return [error] * len(todo)
        pieces = [Piece(task, previous, task.target) for task, previous in todo]
        ends: dict[Piece, Entry | BaseException] = {}

        def ended(piece: Piece, end: Entry | BaseException) -> None:
            piece.photo = None
            ends[piece] = end

        local.run(pieces, ended, lambda: None)
        self._count += len(pieces)
        if self._count >= TIDY_EVERY:
            self._count = 0
            machine.give_memory_back()
        return [ends[piece] for piece in pieces]
