# SPDX-License-Identifier: Apache-2.0
"""A spool is a list, wherever its items lie."""

from __future__ import annotations

import threading
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bwcolor.archive import spool
from bwcolor.archive.plan import Task
from bwcolor.archive.spool import Spool
from bwcolor.errors import OutputError


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "BATCH", 7)
    monkeypatch.setattr(spool, "KEPT", 20)


@given(st.lists(st.integers(), max_size=80), st.slices(80))
def test_a_spool_is_a_list(items: list[int], part: slice) -> None:
    spooled = Spool(items)
    assert (spooled, len(spooled), list(spooled)) == (items, len(items), items)
    assert spooled[part] == items[part]
    assert [spooled[index] for index in range(-len(items), len(items))] == items * 2
    with pytest.raises(IndexError):
        spooled[len(items)]


def test_tasks_come_back_as_they_were() -> None:
    tasks = [
        Task(f"a\udcff{n}.png", Path("x\udcff"), Path("t"), Path("out"), Path("h") if n % 2 else None)
        for n in range(50)
    ]
    assert list(Spool(tasks)) == tasks


def test_it_can_be_read_while_it_grows_and_by_several() -> None:
    spooled = Spool(range(5))
    first, second = iter(spooled), iter(spooled)
    assert list(islice(first, 3)) == [0, 1, 2]
    spooled.extend(range(5, 60))
    assert list(islice(second, 30)) == list(range(30))
    assert list(first) == list(range(3, 60))
    assert list(second) == list(range(30, 60))


def test_threads_may_read_it_together() -> None:
    spooled, sums = Spool(range(500)), list[int]()
    threads = [threading.Thread(target=lambda: sums.append(sum(spooled))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums == [sum(range(500))] * 8


def test_a_full_temporary_folder_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool.tempfile, "TemporaryFile", full)
    with pytest.raises(OutputError, match="TMPDIR"):
        Spool(range(100))
