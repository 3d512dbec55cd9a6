# SPDX-License-Identifier: Apache-2.0
"""Photos taken through their stages by workers of a Ray cluster; this process keeps the ledger.

A worker is an actor, one for each core or GPU of the cluster. It does with a photo what one machine's own threads do
and sends back the row, an error being a row too, so that no photo can spoil another's. Whatever a lost worker had in
its hands is given to others, and writing is idempotent: a copy takes its name only when it is whole, and is the same
bytes whoever makes it. Scans, copies and weights of one's own must lie under the same paths on all machines.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from bwcolor.archive.crew import ENVIRONMENT
from bwcolor.archive.desk import clear
from bwcolor.archive.hands import Ended, failed_row
from bwcolor.archive.job import Job
from bwcolor.archive.piece import Piece
from bwcolor.archive.remote import Worker
from bwcolor.archive.settle import MOST_ATTEMPTS
from bwcolor.archive.targets import Targets
from bwcolor.errors import BwcolorError, MissingExtraError, PhotoError, UsageError

if TYPE_CHECKING:
    from ray import ObjectRef

TICK_SECONDS = 0.2  # between two looks at the clock
CALLS = 2  # in the hands of one worker: one is worked on, one waits, so that no worker does
PER_GPU = 64  # photos in a call to a worker with a GPU, whose network sees many at once
START_SECONDS = 300.0  # for the first worker to come: a cluster that grows must fetch a machine first
GROWN_SECONDS = 10.0  # between two looks at how large the cluster is

# Photos go through threads of their own; glibc gives each a heap that it soon hands back, unless there is but one
WORKER_ENVIRONMENT = {**ENVIRONMENT, "MALLOC_ARENA_MAX": "1"}

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class _Hired:
    """A worker and the calls in its hands, the oldest first."""

    actor: Any
    begun: ObjectRef[Any]  # its answer to `Worker.begin`
    ready: bool = False
    calls: deque[ObjectRef[Any]] = field(default_factory=deque)
    lonely: bool = False  # its call goes alone


class Cluster:
    """The workers of a cluster, while the context is open.

    Args:
        job: What is asked for.
        targets: Where the plan's color copies will lie.

    Attributes:
        options: Resolved options that rows will say.
        weights_sha256: Of the weights.

    Raises:
        MissingExtraError: Ray is not installed.
        UsageError: There is no such cluster, or no worker comes.
    """

    def __init__(self, job: Job, targets: Targets) -> None:
        self._job, self._targets = job, targets
        self._hired: list[_Hired] = []
        self._calls: dict[ObjectRef[Any], tuple[_Hired, list[Piece]]] = {}
        self._again: deque[list[Piece]] = deque()
        self._losses: Counter[str] = Counter()
        self._littered: set[Path] = set()  # folders in which lost workers were writing
        self._stillborn = 0  # workers that died before they had begun
        self._stopping = False
        self.options: Mapping[str, Any] = {}
        self.weights_sha256 = ""

    def __enter__(self) -> Cluster:
        try:
            import ray
        except ImportError as error:
            raise MissingExtraError(
                "The engine ray needs a package that is not installed.", "Install it with: pip install 'bwcolor[ray]'"
            ) from error
        self._ray: Any = ray
        self._ours = not ray.is_initialized()
        if self._ours:
            try:
                ray.init(self._job.ray_address, log_to_driver=False, logging_level=logging.ERROR)
            except (ConnectionError, ValueError) as error:
                raise UsageError(
                    f"There is no Ray cluster at {self._job.ray_address}: {error}", "Start one with: ray start --head"
                ) from error
        self._gpus = self._job.color.device != "cpu" and self._resources().get("GPU", 0) > 0
        self._shared = ray.put(self._targets)
        self._hire()
        try:
            resolved = ray.get(self._hired[0].begun, timeout=START_SECONDS)
        except ray.exceptions.GetTimeoutError as error:
            self.__exit__(None, None, None)
            raise UsageError("The cluster gives no worker: all its cores are taken.", "See: ray status") from error
        if isinstance(resolved, BwcolorError):
            self.__exit__(None, None, None)
            raise resolved
        self._hired[0].ready = True
        self.options, self.weights_sha256 = resolved.options, resolved.weights_sha256
        self._job = replace(self._job, color=resolved.color)  # what the first one made of "auto" holds for all
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for hired in self._hired:
            self._ray.kill(hired.actor)
        self._hired.clear()
        if self._ours:
            self._ray.shutdown()

    def _resources(self) -> dict[str, float]:
        """Return what the cluster has now, taken or not."""
        found: dict[str, float] = self._ray.cluster_resources()
        return found

    def _slots(self) -> int:
        """Return how many workers the cluster has room for now."""
        there = self._resources()
        return min(int(there.get("GPU" if self._gpus else "CPU", 0)), self._job.jobs or 1 << 30)

    def _hire(self) -> None:
        """Start one more worker; it comes when the cluster has a core, or a GPU, for it."""
        cores, threads = 1, 1
        if self._gpus:
            there = self._resources()
            cores = threads = max(int(there["CPU"] // there["GPU"]), 1)
        kind = self._ray.remote(
            num_cpus=cores,
            num_gpus=1 if self._gpus else 0,
            runtime_env={"env_vars": WORKER_ENVIRONMENT},
        )(Worker)
        actor = kind.remote(self._job, self._shared, threads)
        self._hired.append(_Hired(actor, actor.begin.remote()))

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping = True

    def working(self, count: int) -> AbstractContextManager[None]:
        """Do nothing: workers come while photos are in work."""
        return nullcontext()

    def run(self, pieces: Iterable[Piece], ended: Ended, tick: Callable[[], None], *, alone: bool = False) -> None:
        """Take photos through (see `Hands`)."""
        waiting, looks = iter(pieces), 0
        while True:
            if looks % round(GROWN_SECONDS / TICK_SECONDS) == 0 and not alone:
                for _ in range(self._slots() - len(self._hired)):
                    self._hire()
            looks += 1
            exhausted = self._fill(waiting, alone)
            tick()
            if not self._calls and (self._stopping or (exhausted and not self._again)):
                for folder in self._littered:
                    clear(folder)
                return
            for call_ref in self._answered():
                self._take(call_ref, ended)

    def _fill(self, waiting: Iterator[Piece], alone: bool) -> bool:
        """Give the workers what they can take; return whether there is no more."""
        while not self._stopping:
            # what was in work when a worker was lost goes alone: nothing else shall be suspected with it
            lonely = alone or bool(self._again and self._losses[self._again[0][0].task.name])
            hired = None if alone and self._calls else self._free(lonely)
            if hired is None:
                return False
            call = self._next(waiting, alone)
            if not call:
                return True
            hired.lonely = lonely
            hired.calls.append(hired.actor.color.remote([(piece.task, piece.previous) for piece in call]))
            self._calls[hired.calls[-1]] = (hired, call)
        return False

    def _free(self, lonely: bool) -> _Hired | None:
        """Return the worker with the fewest calls that can take one more."""
        if not self._hired:
            self._hire()
        there = [hired for hired in list(self._hired) if self._has_begun(hired)]
        free = [hired for hired in there if len(hired.calls) < (1 if lonely or hired.lonely else CALLS)]
        return min(free, key=lambda hired: len(hired.calls), default=None)

    def _has_begun(self, hired: _Hired) -> bool:
        """Say whether a worker has come and is ready: the cluster's cores may be others' for long.

        Raises:
            BwcolorError: It cannot do what is asked for, or workers die before they begin.
        """
        if hired.ready:
            return True
        if not self._ray.wait([hired.begun], timeout=0)[0]:
            return False
        try:
            answer = self._ray.get(hired.begun)
        except self._ray.exceptions.RayActorError as error:
            self._hired.remove(hired)
            self._stillborn += 1
            if self._stillborn >= MOST_ATTEMPTS:
                raise UsageError("Workers of the cluster die before they begin.", "See: ray status") from error
            return False
        if isinstance(answer, BwcolorError):
            raise answer
        hired.ready = True
        return True

    def _next(self, waiting: Iterator[Piece], alone: bool) -> list[Piece]:
        """Return the photos of the next call; those of lost workers first, none where there are no more."""
        if self._again:
            return self._again.popleft()
        call = []
        for piece in waiting:
            call.append(piece)
            if alone or len(call) >= (PER_GPU if self._gpus else 1):
                break
        return call

    def _answered(self) -> list[ObjectRef[Any]]:
        """Return the calls that have ended, waiting a moment for one."""
        if not self._calls:
            time.sleep(TICK_SECONDS)  # for a worker to come
            return []
        refs = list(self._calls)
        ready, _ = self._ray.wait(refs, num_returns=1, timeout=TICK_SECONDS, fetch_local=False)
        if ready:
            ready, _ = self._ray.wait(refs, num_returns=len(refs), timeout=0, fetch_local=False)
        return list(ready)

    def _take(self, ref: ObjectRef[Any], ended: Ended) -> None:
        """Take the answer to a call."""
        if ref not in self._calls:
            return  # it was in a lost worker's hands, and is to be done again
        hired, call = self._calls[ref]
        try:
            ends = self._ray.get(ref)
        except self._ray.exceptions.RayActorError:
            self._lose(hired, ended)
            return
        except self._ray.exceptions.RayTaskError as error:
            ends = [failed_row(piece, error, self._job) for piece in call]
        del self._calls[ref]
        hired.calls.remove(ref)
        for piece, end in zip(call, ends, strict=True):
            ended(piece, end)

    def _lose(self, hired: _Hired, ended: Ended) -> None:
        """Give what a lost worker had in its hands to others; what it was at may be why it was lost."""
        logger.warning("a worker is lost; its photos go to others")
        at, *others = (self._calls.pop(ref)[1] for ref in hired.calls)
        self._hired.remove(hired)
        for piece in at:
            self._losses[piece.task.name] += 1
            self._littered.add(piece.target.parent)
            if self._losses[piece.task.name] < MOST_ATTEMPTS:
                others.insert(0, [piece])
            else:
                lost = PhotoError(f"{MOST_ATTEMPTS} workers were lost while {piece.task.name} was in work.")
                ended(piece, failed_row(piece, lost, self._job))
        self._again.extendleft(reversed(others))
        if not self._stopping and len(self._hired) < self._slots():
            self._hire()
