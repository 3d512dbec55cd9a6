# SPDX-License-Identifier: Apache-2.0
"""Batches: results that do not depend on company, and what happens when memory runs out."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from small_scans import NAMES, make_scan

from bwcolor.archive.batches import Batches, Devices, batch_of, network_of
from bwcolor.archive.job import ColorOptions, Job, OnOom
from bwcolor.archive.ledger import Ledger
from bwcolor.archive.run import colorize
from bwcolor.archive.settle import State
from bwcolor.colorizer import Colorizer, load
from bwcolor.errors import PhotoError, UsageError
from bwcolor.models.inference import Prediction, Runner, Small


class Tight:
    """A colorizer on a device that holds a few photos at once; notes the sizes of its batches."""

    def __init__(self, holds: int, device: str = "cuda:0") -> None:
        self.holds, self.sizes = holds, []
        self.inner = load("null")
        self.settings = type("Settings", (), {"device": device})

    def predict(self, smalls: Sequence[Small]) -> list[Prediction]:
        self.sizes.append(len(smalls))
        if len(smalls) > self.holds:
            raise torch.OutOfMemoryError("no room")
        return self.inner.predict(smalls)

    def with_smaller_tiles(self, shape: tuple[int, int]) -> Colorizer | None:
        return self.inner.with_smaller_tiles(shape)


def smalls(count: int) -> list[Small]:
    rng = np.random.default_rng(0)
    return [Small(rng.uniform(0, 100, (64, 64)).astype(np.float32), None, str(n)) for n in range(count)]


def same(found: list[Prediction], count: int) -> None:
    alone = load("null")
    expected = [alone.predict([small])[0].ab for small in smalls(count)]
    assert len(found) == count
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.ab, other, atol=1e-4)


def test_batches_are_always_full() -> None:
    tight = Tight(8)
    same(Batches(Job(), tight, 4).predict(smalls(6)), 6)
    assert tight.sizes == [4, 4]


def test_out_of_memory_halves_the_batch_once_and_for_all(caplog: pytest.LogCaptureFixture) -> None:
    tight = Tight(3)
    batches = Batches(Job(), tight, 8)
    same(batches.predict(smalls(5)), 5)
    same(batches.predict(smalls(2)), 2)
    assert tight.sizes == [8, 4, 2, 2, 2, 2]
    assert [record.message[-1] for record in caplog.records] == ["4", "2"]
    assert "batches of 2" in batches.notes[-1]


def test_one_photo_that_does_not_fit_fails_or_goes_to_the_cpu() -> None:
    with pytest.raises(PhotoError, match="not enough memory") as refusal:
        Batches(Job(), Tight(0), 2).predict(smalls(1))
    assert "--on-oom cpu" in refusal.value.hint
    allowed = Job(color=ColorOptions("null"), on_oom=OnOom.CPU)
    batches = Batches(allowed, Tight(0), 2)
    same(batches.predict(smalls(3)), 3)
    assert "CPU" in batches.notes[-1]
    with pytest.raises(PhotoError, match="cpu has not enough"):
        Batches(allowed, Tight(0, "cpu"), 1).predict(smalls(1))


@pytest.mark.parametrize(("holds", "words"), [(160, ["160"]), (96, ["160", "80"]), (40, ["160", "80", "the CPU"])])
def test_a_photo_that_does_not_fit_is_seen_in_tiles_and_then_on_the_cpu(
    holds: int, words: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tight = load("null", working_size=256)
    tight.settings = replace(tight.settings, device="cuda:0")
    predict = Runner.predict

    def predicting(self: Runner, smalls: Sequence[Small]) -> list[Prediction]:
        if self is tight._runner and max(smalls[0].lightness.shape) > holds:
            raise torch.OutOfMemoryError("no room")
        return predict(self, smalls)

    monkeypatch.setattr(Runner, "predict", predicting)
    light = np.random.default_rng(0).uniform(0, 100, (256, 320)).astype(np.float32)
    batches = Batches(Job(color=ColorOptions("null", working_size=256), on_oom=OnOom.CPU), tight, 1)
    (found,) = batches.predict([Small(light)])
    (expected,) = load("null", working_size=256).predict([Small(light)])
    assert found.ab.shape == expected.ab.shape
    assert [any(word in record.message for word in words) for record in caplog.records] == [True] * len(words)
    assert len(batches.notes) == len(words)


def test_a_run_goes_on_and_the_ledger_says_so(
    scans: Path, job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        make_scan(scans / f"{number}.png", number)
    predict = Colorizer.predict

    def tight(self: Colorizer, smalls: Sequence[Small]) -> list[Prediction]:
        if len(smalls) > 2:
            raise torch.OutOfMemoryError("no room")
        return predict(self, smalls)

    monkeypatch.setattr(Colorizer, "predict", tight)
    summary = colorize(job(batch_size="4", jobs=6))
    assert (summary.done, summary.failures) == (10, [])
    ledger = Ledger(scans.with_name("scans-color"))
    assert all("out of memory" in json.loads(row.notes)[-1] for row in ledger.entries())


@pytest.mark.parametrize(("asked", "device", "size"), [("auto", "cpu", 1), ("auto", "cuda:1", 16), ("5", "cpu", 5)])
def test_sizes(asked: str, device: str, size: int) -> None:
    assert batch_of(Job(batch_size=asked), Tight(1, device)) == size


@pytest.mark.parametrize("asked", ["0", "-1", "many", ""])
def test_no_sizes(asked: str) -> None:
    with pytest.raises(UsageError, match="--batch-size"):
        batch_of(Job(batch_size=asked), Tight(1))


def test_several_devices_take_photos_in_turn(
    scans: Path, job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processors stand for two GPUs here: each is its own network, and both work at the same time."""
    both = threading.Barrier(2, timeout=60)
    devices = network_of(job(device="cpu,cpu"), load("null"), 1)
    assert isinstance(devices, Devices)
    predict = Batches.predict
    seen = set()

    def meeting(self: Batches, given: list[Small]) -> list[Prediction]:
        seen.add(id(self))
        both.wait()
        return predict(self, given)

    monkeypatch.setattr(Batches, "predict", meeting)
    with ThreadPoolExecutor(2) as pool:
        found = [each[0] for each in pool.map(lambda small: devices.predict([small]), smalls(6))]
    monkeypatch.undo()
    same(found, 6)
    assert len(seen) == 2
    assert colorize(job(device="cpu,cpu")).done == 4
    assert colorize(job(device="cpu")).settled.states == {State.DONE: 4}  # where a photo was colored is no matter


@pytest.mark.cuda
def test_several_gpus_do_what_one_does(scans: Path, job: Callable[..., Job], tmp_path: Path) -> None:
    if torch.cuda.device_count() < 2:
        pytest.skip("there are no two GPUs")
    for device, out in (("cuda:0,cuda:1", "two"), ("cuda:0", "one")):
        assert colorize(job(out=tmp_path / out, device=device, model="gan")).done == 4
    assert [(tmp_path / "one" / name).read_bytes() for name in NAMES] == [
        (tmp_path / "two" / name).read_bytes() for name in NAMES
    ]
