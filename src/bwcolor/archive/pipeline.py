# SPDX-License-Identifier: Apache-2.0
"""Many items through the same few stages, by threads, in bounded memory.

Each free thread takes the item that is furthest along, so that work ends before more is begun and whatever stage is
slow gets the threads. Threads suffice: decoding, encoding, array arithmetic and networks all let go of Python's lock.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")

TICK_SECONDS = 0.2  # between two looks at the clock by the thread that waits


@dataclass(frozen=True)
class Stage(Generic[Item]):
    """One step of the work.

    Attributes:
        name: For tables and messages.
        work: Does the step for some items, which it changes; more than one only where ``most`` allows.
        at_once: Threads that may be in this stage at the same time; None for all.
        most: Items that may share one call.
        group: Only items for which this is equal share a call.
    """

    name: str
    work: Callable[[list[Item]], None]
    at_once: int | None = None
    most: int = 1
    group: Callable[[Item], Hashable] = lambda item: None


@dataclass(eq=False)
class _Flight(Generic[Item]):
    """An item on its way."""

    item: Item
    room: int
    stage: int = 0
    since: float = 0.0
    call: object = None
    abandoned: bool = False


@dataclass
class _State(Generic[Item]):
    """What the threads share; touched only under the condition's lock."""

    items: Iterator[Item]
    ready: list[deque[_Flight[Item]]]
    working: list[int]
    flights: set[_Flight[Item]] = field(default_factory=set)
    room_used: int = 0
    head: _Flight[Item] | None = None  # next to start; it waits for room
    measuring: bool = False
    exhausted: bool = False
    fatal: BaseException | None = None


class Pipeline(Generic[Item]):
    """Takes items through stages.

    Args:
        stages: In order.
        ended: Called for each item when it left the last stage (with None) or when a stage raised (with the error); may
            be called from several threads. What it raises itself ends the run.
        jobs: Items on their way at the same time, and threads.
        room_of: Memory that an item needs while it is on its way, in bytes; called once for each, before it starts.
        memory: Bytes that all items on their way may need together; one item alone may always go.
        time_limit: Seconds that a stage may take for one item before it is given up (its thread is left to itself).
    """

    def __init__(
        self,
        stages: tuple[Stage[Item], ...],
        ended: Callable[[Item, BaseException | None], None],
        *,
        jobs: int,
        room_of: Callable[[Item], int] = lambda item: 0,
        memory: int = 1 << 62,
        time_limit: float = float("inf"),
    ) -> None:
        self._stages = stages
        self._ended = ended
        self._jobs = jobs
        self._room_of = room_of
        self._memory = memory
        self._time_limit = time_limit
        self._condition = threading.Condition()
        self._stopping = False

    def stop(self) -> None:
        """Start nothing more; what is on its way is finished."""
        # no lock: a signal may come while this very thread holds it; the waiting threads look every TICK_SECONDS
        self._stopping = True

    def run(self, items: Iterable[Item], tick: Callable[[], None] = lambda: None) -> None:
        """Take all items through; return when all are ended, or after `stop` when those on their way are.

        Args:
            items: Taken one by one, when there is room.
            tick: Called a few times per second, from the calling thread.

        Raises:
            BaseException: What ``ended`` or the iteration raised, after the items on their way are finished.
        """
        count = len(self._stages)
        self._state = _State(iter(items), [deque() for _ in range(count)], [0] * count)
        for _ in range(self._jobs):
            self._hire()
        while True:
            with self._condition:
                if self._over():
                    break
                self._condition.wait(TICK_SECONDS)
            tick()
            self._give_up_late()
        tick()
        if self._state.fatal is not None:
            raise self._state.fatal

    def _hire(self) -> None:
        threading.Thread(target=self._work, name="bwcolor-worker", daemon=True).start()

    def _over(self) -> bool:
        state = self._state
        starting = not (self._stopping or state.fatal or (state.exhausted and state.head is None))
        return not state.flights and not state.measuring and not starting

    def _work(self) -> None:
        """Live as one thread: take the work that is furthest along, until there is no more."""
        while True:
            with self._condition:
                task = self._choose()
                while task is None and not self._over():
                    self._condition.wait(TICK_SECONDS)
                    task = self._choose()
            if task is None:
                return
            if not task():
                return

    def _choose(self) -> Callable[[], bool] | None:
        """Return what a free thread should do now; None where there is nothing."""
        state = self._state
        for number in reversed(range(len(self._stages))):
            stage = self._stages[number]
            free = stage.at_once is None or state.working[number] < stage.at_once
            if free and state.ready[number]:
                return self._begin(number)
        if self._stopping or state.fatal or state.measuring or len(state.flights) >= self._jobs:
            return None
        if state.head is None:
            if state.exhausted:
                return None
            state.measuring = True
            return self._measure
        if state.flights and state.room_used + state.head.room > self._memory:
            return None
        flight, state.head = state.head, None
        state.flights.add(flight)
        state.room_used += flight.room
        state.ready[0].append(flight)
        return self._begin(0)

    def _measure(self) -> bool:
        """Fetch the next item and learn how much room it needs."""
        state = self._state
        flight, fatal = None, None
        try:
            item = next(state.items)
            flight = _Flight(item, self._room_of(item))
        except StopIteration:
            pass
        except BaseException as error:
            fatal = error
        with self._condition:
            state.measuring = False
            state.head = flight
            state.exhausted = flight is None
            state.fatal = state.fatal or fatal
            self._condition.notify_all()
        return True

    def _begin(self, number: int) -> Callable[[], bool]:
        """Take the next items of a stage; the caller holds the lock."""
        stage, waiting = self._stages[number], self._state.ready[number]
        first = waiting.popleft()
        batch, group = [first], stage.group(first.item)
        for other in list(waiting) if stage.most > 1 else ():
            if len(batch) < stage.most and stage.group(other.item) == group:
                waiting.remove(other)
                batch.append(other)
        self._state.working[number] += 1
        call = object()
        for flight in batch:
            flight.since, flight.call = time.monotonic(), call
        return lambda: self._carry(number, batch)

    def _carry(self, number: int, batch: list[_Flight[Item]]) -> bool:
        """Do one stage for some items; return whether this thread is still wanted."""
        error: BaseException | None = None
        try:
            self._stages[number].work([flight.item for flight in batch])
        except BaseException as caught:
            error = caught
        with self._condition:
            if batch[0].abandoned:
                return False
            self._state.working[number] -= 1
            for flight in batch:
                flight.since = 0.0
                flight.stage = number + 1
                if error is None and flight.stage < len(self._stages):
                    self._state.ready[flight.stage].append(flight)
            self._condition.notify_all()
        if error is not None or number + 1 == len(self._stages):
            for flight in batch:
                self._end(flight, error)
        return True

    def _end(self, flight: _Flight[Item], error: BaseException | None) -> None:
        fatal: BaseException | None = None
        try:
            self._ended(flight.item, error)
        except BaseException as caught:
            fatal = caught
        with self._condition:
            self._state.flights.discard(flight)
            self._state.room_used -= flight.room
            self._state.fatal = self._state.fatal or fatal
            self._condition.notify_all()

    def _give_up_late(self) -> None:
        """Give up items that have been in one stage for too long, and replace their threads."""
        now = time.monotonic()
        with self._condition:
            late = [
                flight
                for flight in self._state.flights
                if flight.since and not flight.abandoned and now - flight.since > self._time_limit
            ]
            for flight in late:
                flight.abandoned = True
            stuck = {flight.call: flight.stage for flight in late}
            for number in stuck.values():
                self._state.working[number] -= 1
        for flight in late:
            name = self._stages[flight.stage].name
            self._end(flight, TimeoutError(f"no end of stage {name!r} within {self._time_limit:g} s"))
        for _ in stuck:
            self._hire()
