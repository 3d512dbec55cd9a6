# SPDX-License-Identifier: Apache-2.0
"""The crew: processes that color photos beside each other.

Threads of one process get in each other's way: a photo is thousands of short array operations, and each ends in a wait
for Python's lock. So a run of many photos on the CPU has processes, one for each photo in work. One that dies, by a
defect of a decoder or for want of memory, costs its photo a row in the ledger and is replaced.
"""

from __future__ import annotations

import json
import os
import pickle
import queue
import subprocess
import sys
import threading
from typing import IO

from bwcolor.archive.album import ALONE, Album
from bwcolor.archive.job import Job
from bwcolor.archive.piece import Piece
from bwcolor.archive.targets import Targets
from bwcolor.archive.worker import Begun, Ended, Wish
from bwcolor.errors import BwcolorError, WorkerDiedError

START_SECONDS = 300.0  # within which a worker must be ready: it imports torch and reads weights
END_SECONDS = 5.0  # within which one without work must end
# Bytes of memory that a worker takes before it sees a photo: Python, torch, a network
WORKER_ROOM = 400 << 20
# One thread each; and memory as large as a photo is kept for the next photo, instead of being given back to the system
# and fetched again page by page, which takes a tenth of the time (the last three are glibc's).
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 29),
    "MALLOC_TOP_PAD_": str(1 << 24),
}

_PROGRAM = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from bwcolor.archive.worker import main; main()"


class Crew:
    """Workers for one job; used as a context, from several threads.

    Args:
        job: How photos are colored.
        taken: Where the plan's color copies will lie.
        count: Workers.
        album: What the photos of a folder share.

    Attributes:
        count: The same.

    Raises:
        BwcolorError: They do not start.
    """

    def __init__(self, job: Job, taken: Targets, count: int, album: Album = ALONE) -> None:
        self._job, self._taken, self._album, self.count = job, taken, album, count
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        workers = [_Worker(job, taken, album) for _ in range(count)]
        for worker in workers:
            self._idle.put(worker)
        try:
            for worker in workers:
                worker.wait_until_ready()
        except WorkerDiedError as error:
            self.close()
            raise BwcolorError("The processes that color photos do not start.", "Take --jobs 1.") from error

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers that have nothing to do."""
        while not self._idle.empty():
            self._idle.get().end()

    def carry(self, piece: Piece) -> None:
        """Take one photo through all stages, in a worker.

        Args:
            piece: Gets what the stages made, but for the pixels.

        Raises:
            WorkerDiedError: The worker died.
            TimeoutError: One stage took longer than the job allows.
            BaseException: What a stage raised.
        """
        worker = self._idle.get()
        try:
            ended = worker.color(Wish(piece.task, piece.previous), self._job.time_limit)
        except (WorkerDiedError, TimeoutError):
            worker.end(at_once=True)
            worker = _Worker(self._job, self._taken, self._album)
            raise
        finally:
            self._idle.put(worker)
        vars(piece).update(vars(ended.piece) | {"task": piece.task, "previous": piece.previous})
        if ended.error is not None:
            raise ended.error


class _Worker:
    """A process and the two pipes to it."""

    def __init__(self, job: Job, taken: Targets, album: Album) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | ENVIRONMENT,
        )
        self._answers: queue.Queue[Begun | Ended | None] = queue.Queue()
        self._ready = False
        self._tell((job, taken, album))
        assert self._process.stdout is not None
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()

    def _tell(self, what: object) -> None:
        assert self._process.stdin is not None
        try:
            pickle.dump(what, self._process.stdin)
            self._process.stdin.flush()
        except OSError:
            pass  # it has died; the missing answer says so

    def _listen(self, answers: IO[bytes]) -> None:
        try:
            while True:
                self._answers.put(pickle.load(answers))
        except (EOFError, OSError, pickle.UnpicklingError):
            self._answers.put(None)

    def _answer(self, seconds: float) -> Begun | Ended:
        """Return the next answer.

        Raises:
            queue.Empty: There is none in time.
            WorkerDiedError: There will be none.
        """
        answer = self._answers.get(timeout=seconds if seconds < threading.TIMEOUT_MAX else None)
        if answer is None:
            code = self._process.wait()
            how = f"by signal {-code}" if code < 0 else f"with code {code}"
            raise WorkerDiedError(
                f"The process that worked on it died {how}.", "If it wanted memory: take fewer --jobs."
            )
        return answer

    def wait_until_ready(self) -> None:
        """Return when the worker can take a photo.

        Raises:
            WorkerDiedError: It never will.
        """
        try:
            if not self._ready:
                self._answer(START_SECONDS)
        except queue.Empty:
            raise WorkerDiedError(f"The process was not ready within {START_SECONDS:g} s.") from None
        self._ready = True

    def color(self, wish: Wish, limit: float) -> Ended:
        """Take a photo through all stages, none of which may take more than ``limit`` seconds."""
        self.wait_until_ready()
        self._tell(wish)
        stage = "read"
        while True:
            try:
                answer = self._answer(limit)
            except queue.Empty:
                raise TimeoutError(f"no end of stage {stage!r} within {limit:g} s") from None
            if isinstance(answer, Ended):
                return answer
            stage = answer.stage

    def end(self, *, at_once: bool = False) -> None:
        """End the process: by closing its input, by force where that does not help."""
        if at_once:
            self._process.kill()
        try:
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process.wait(END_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
