# SPDX-License-Identifier: Apache-2.0
"""The pipeline: every item ends once, order within an item, bounds on jobs and memory, errors, stops, hung work."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from bwcolor.archive.pipeline import Pipeline, Stage


class Diary:
    """Notes what happens to numbers on their way."""

    def __init__(self) -> None:
        self.mutex = threading.Lock()
        self.steps: dict[int, list[str]] = {}
        self.ends: dict[int, BaseException | None] = {}
        self.inside: Counter[str] = Counter()
        self.peak: Counter[str] = Counter()
        self.batches: list[list[int]] = []

    def stage(self, name: str, seconds: float = 0.0, **limits: object) -> Stage[int]:
        def work(items: list[int]) -> None:
            with self.mutex:
                self.inside[name] += 1
                self.peak[name] = max(self.peak[name], self.inside[name])
                for item in items:
                    self.steps.setdefault(item, []).append(name)
                if len(items) > 1:
                    self.batches.append(items)
            time.sleep(seconds)
            with self.mutex:
                self.inside[name] -= 1

        return Stage(name, work, **limits)  # type: ignore[arg-type]

    def ended(self, item: int, error: BaseException | None) -> None:
        with self.mutex:
            assert item not in self.ends
            self.ends[item] = error


def test_every_item_goes_through_every_stage_once() -> None:
    diary = Diary()
    Pipeline((diary.stage("a"), diary.stage("b"), diary.stage("c")), diary.ended, jobs=4).run(range(200))
    assert diary.ends == dict.fromkeys(range(200))
    assert all(steps == ["a", "b", "c"] for steps in diary.steps.values())


def test_nothing_to_do() -> None:
    Pipeline((Diary().stage("a"),), Diary().ended, jobs=3).run(())


def test_jobs_and_stages_are_bounded() -> None:
    diary = Diary()
    stages = (diary.stage("wide", 0.005), diary.stage("narrow", 0.005, at_once=1))
    on_the_way: list[int] = []

    def counted() -> Iterator[int]:
        for item in range(30):
            on_the_way.append(item - len(diary.ends))
            yield item

    Pipeline(stages, diary.ended, jobs=3).run(counted())
    assert diary.peak["narrow"] == 1
    assert 1 < diary.peak["wide"] <= 3
    assert max(on_the_way) <= 3  # three on their way, and the next one looked at


def test_memory_is_bounded_and_one_large_item_goes_alone() -> None:
    room = {0: 60, 1: 60, 2: 500, 3: 30, 4: 30, 5: 30}
    active: set[int] = set()
    seen: list[set[int]] = []
    mutex = threading.Lock()

    def work(items: list[int]) -> None:
        with mutex:
            active.update(items)
            seen.append(set(active))
        time.sleep(0.01)
        with mutex:
            active.difference_update(items)

    diary = Diary()
    Pipeline((Stage("a", work),), diary.ended, jobs=6, room_of=room.__getitem__, memory=100).run(range(6))
    assert len(diary.ends) == 6
    assert {2} in seen
    assert all(len(together) == 1 or sum(room[item] for item in together) <= 100 for together in seen)


def test_items_of_one_group_share_a_call() -> None:
    diary = Diary()
    gate = diary.stage("gate", 0.002)
    together = diary.stage("together", 0.01, at_once=1, most=3, group=lambda item: item % 2)
    Pipeline((gate, together), diary.ended, jobs=8).run(range(40))
    assert len(diary.ends) == 40
    assert diary.batches
    assert all(len(batch) <= 3 and len({item % 2 for item in batch}) == 1 for batch in diary.batches)


def test_an_error_ends_its_item_only() -> None:
    diary = Diary()

    def fail(items: list[int]) -> None:
        if items[0] % 3 == 0:
            raise ValueError(items[0])

    Pipeline((Stage("a", fail), diary.stage("b")), diary.ended, jobs=3).run(range(30))
    assert sorted(item for item, error in diary.ends.items() if error) == list(range(0, 30, 3))
    assert len(diary.ends) == 30
    assert not [item for item in diary.steps if item % 3 == 0]


def test_stop_finishes_what_is_on_its_way() -> None:
    diary = Diary()
    pipeline = Pipeline((diary.stage("a", 0.01), diary.stage("b", 0.01)), diary.ended, jobs=2)
    pipeline.run(range(1000), tick=lambda: pipeline.stop() if len(diary.ends) > 3 else None)
    assert 3 < len(diary.ends) < 100
    assert set(diary.steps) == set(diary.ends)


@pytest.mark.parametrize("where", ["ended", "items"])
def test_what_the_caller_raises_ends_the_run(where: str) -> None:
    diary = Diary()

    def items() -> Iterator[int]:
        yield from range(5)
        if where == "items":
            raise OSError("the list is gone")
        yield from range(5, 1000)

    def ended(item: int, error: BaseException | None) -> None:
        diary.ended(item, error)
        if where == "ended" and item == 4:
            raise OSError("the disk is full")

    with pytest.raises(OSError, match=r"gone|full"):
        Pipeline((diary.stage("a", 0.001),), ended, jobs=2).run(items())
    assert len(diary.ends) < 20


def test_hung_work_is_given_up_and_its_thread_replaced() -> None:
    diary, release = Diary(), threading.Event()

    def hang(items: list[int]) -> None:
        if items[0] in (1, 2):
            release.wait(20)

    pipeline = Pipeline((Stage("read", hang, at_once=2), diary.stage("b")), diary.ended, jobs=2, time_limit=0.3)
    begun = time.monotonic()
    pipeline.run(range(20))
    release.set()
    assert time.monotonic() - begun < 10
    late = [item for item, error in diary.ends.items() if isinstance(error, TimeoutError)]
    assert sorted(late) == [1, 2]
    assert len(diary.ends) == 20
