# SPDX-License-Identifier: Apache-2.0
"""A worker: a process of its own that takes photos through all stages, one after the other.

It is told what to do through its standard input and answers through its standard output (see `bwcolor.archive.crew`),
in pickles. It writes color copies and nothing else; the ledger is kept by the process that started it. When that one
is gone, the worker ends at once: whatever is half written has a temporary name.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import threading
from dataclasses import dataclass, replace
from itertools import count
from typing import IO, Any

from bwcolor.archive import machine
from bwcolor.archive.album import Album
from bwcolor.archive.job import Job
from bwcolor.archive.piece import Piece
from bwcolor.archive.plan import Task
from bwcolor.archive.rows import Entry
from bwcolor.archive.targets import Targets
from bwcolor.photo.photo import Metadata, Photo

TIDY_EVERY = 8  # photos; memory that is given back must be fetched again, page by page


@dataclass(frozen=True)
class Wish:
    """A photo to color.

    Attributes:
        task: The scan and its color copy.
        previous: Its row of the ledger before this run.
    """

    task: Task
    previous: Entry | None


@dataclass(frozen=True)
class Begun:
    """A stage has begun.

    Attributes:
        stage: Its name; "start" before the first photo.
    """

    stage: str


@dataclass(frozen=True)
class Ended:
    """A photo has left the last stage, or failed.

    Attributes:
        piece: What became of it, without its pixels.
        error: Why it failed; None where it did not.
    """

    piece: Piece
    error: BaseException | None


def main() -> None:
    """Work until there is no more to do."""
    # Ctrl-C and SIGTERM reach a whole group of processes; whoever started this one says when to stop
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    wishes, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    job, taken, album = pickle.load(wishes)
    todo: queue.Queue[Wish] = queue.Queue()
    threading.Thread(target=_listen, args=(wishes, todo), daemon=True).start()
    work(job, taken, album, todo, answers)


def _listen(wishes: IO[bytes], todo: queue.Queue[Wish]) -> None:
    while True:
        try:
            todo.put(pickle.load(wishes))
        except (EOFError, OSError, pickle.UnpicklingError):
            os._exit(0)


def work(job: Job, taken: Targets, album: Album, todo: queue.Queue[Wish], answers: IO[bytes]) -> None:
    """Color what comes, for ever."""
    from bwcolor.archive.stages import Stages
    from bwcolor.colorizer import load

    machine.use_one_thread()
    stages = Stages(job, load(**job.color.arguments()), taken)
    stages.album = album
    _answer(answers, Begun("start"))
    number = count(1)
    while True:
        wish = todo.get()
        piece, error = Piece(wish.task, wish.previous, wish.task.target), None
        try:
            for stage in stages.pipeline():
                _answer(answers, Begun(stage.name))
                stage.work([piece])
        except BaseException as caught:
            error = caught
        piece.photo = piece.photo and _without_pixels(piece.photo)
        piece.smalls, piece.predictions = [], []
        _answer(answers, Ended(piece, error))
        if next(number) % TIDY_EVERY == 0:
            machine.give_memory_back()


def _without_pixels(photo: Photo) -> Photo:
    return replace(photo, rows=_no_rows, alpha=None, metadata=Metadata(), pages=())


def _no_rows(y0: int, y1: int) -> Any:
    raise RuntimeError("the pixels of this photo are in another process")


def _answer(answers: IO[bytes], what: Begun | Ended) -> None:
    try:
        told = pickle.dumps(what)
    except Exception:  # an error that holds what does not pickle: its words must do
        if not isinstance(what, Ended):
            raise
        error = RuntimeError(f"{type(what.error).__name__}: {what.error}")
        told = pickle.dumps(replace(what, error=error))
    answers.write(told)
    answers.flush()
