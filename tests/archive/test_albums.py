# SPDX-License-Identifier: Apache-2.0
"""`--consistent` and `--sequence`: what photos of a folder share, however often a run is broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_scans import make_scan

from bwcolor.archive import hands
from bwcolor.archive.ledger import Ledger
from bwcolor.archive.rows import Entry
from bwcolor.archive.run import colorize, look_ahead
from bwcolor.archive.sequence import Film, natural
from bwcolor.archive.stages import Stages
from bwcolor.colorizer import Colorizer
from bwcolor.errors import UsageError
from bwcolor.models.inference import Prediction, Small

QUICK = {"model": "gan", "working_size": 64, "quality": "fast"}


def rows(out: Path) -> dict[str, Entry]:
    ledger = Ledger(out)
    try:
        return {entry.name: entry for entry in ledger.entries()}
    finally:
        ledger.close()


def hashes(out: Path) -> dict[str, str]:
    return {name: entry.output_sha256 for name, entry in rows(out).items()}


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """Return a folder of twelve frames of a pan over noise, and one of another folder."""
    wide = np.random.default_rng(0).normal(0, 1, (80, 200))
    wide = np.cumsum(np.cumsum(wide, axis=0), axis=1)
    wide = ((wide - wide.min()) / np.ptp(wide) * 255).astype(np.uint8)
    folder = tmp_path / "film"
    folder.mkdir()
    for number in range(12):
        Image.fromarray(wide[:, 4 * number : 4 * number + 100]).save(folder / f"{number}.png")
    make_scan(folder / "still" / "a.png")
    return folder


@pytest.mark.parametrize("wish", ["consistent", "sequence"])
def test_the_result_does_not_know_how_it_came_about(frames: Path, tmp_path: Path, job: Callable, wish: str) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    colorize(job(frames, out=whole, jobs=3, **QUICK, **{wish: True}))
    alone = tmp_path / "alone"
    colorize(job(frames, out=alone, **QUICK))
    assert sum(hashes(alone)[name] != sha256 for name, sha256 in hashes(whole).items()) >= 10

    # colored one by one, from the last to the first, killed in between
    wished = job(frames, out=broken, jobs=1, **QUICK, **{wish: True})
    summary = colorize(wished)
    ledger = Ledger(broken, write=True)
    for name in ("3.png", "7.png"):
        ledger.forget(name)
        (broken / name).unlink()
    ledger.close()
    assert colorize(wished).done == 2
    assert summary.done == 13
    assert hashes(broken) == hashes(whole)
    again = colorize(wished)
    assert (again.done, again.settled.states) == (0, {"done": 13})
    assert look_ahead(wished)[1].states == {"done": 13}
    assert look_ahead(job(frames, out=broken, **QUICK))[1].states == {"outdated": 13}


def test_a_run_with_nothing_to_do_looks_at_no_scan(
    frames: Path, job: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    wished = job(frames, consistent=True, **QUICK)
    colorize(wished)
    monkeypatch.setattr(Stages, "read", lambda stages, piece: pytest.fail("a scan was read"))
    assert colorize(wished).done == 0


def test_a_changed_frame_changes_its_neighbors(frames: Path, job: Callable) -> None:
    wished = job(frames, sequence=True, **QUICK)
    colorize(wished)
    make_scan(frames / "11.png", size=(80, 100))
    assert look_ahead(wished)[1].states == {"done": 8, "changed": 5}
    assert colorize(wished).done == 5
    assert colorize(wished).done == 0


def test_a_damaged_frame_fails_alone(frames: Path, job: Callable) -> None:
    (frames / "5.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    summary = colorize(job(frames, sequence=True, **QUICK))
    assert (summary.done, [failure.name for failure in summary.failures]) == (12, ["5.png"])
    summary = colorize(job(frames, out=frames.with_name("other"), consistent=True, **QUICK))
    assert (summary.done, [failure.name for failure in summary.failures]) == (12, ["5.png"])


def test_whites_are_each_folders_own(frames: Path, job: Callable) -> None:
    colorize(job(frames, consistent=True, **QUICK))
    told = {name: json.loads(entry.options)["white"] for name, entry in rows(frames.with_name("film-color")).items()}
    assert told.pop("still/a.png") != told["0.png"]
    assert len({tuple(white) for white in told.values()}) == 1


def test_what_does_not_go_together(frames: Path, job: Callable) -> None:
    with pytest.raises(UsageError, match="one look already"):
        look_ahead(job(frames, consistent=True, sequence=True))
    with pytest.raises(UsageError, match="every photo alone"):
        look_ahead(job(frames, sequence=True, model="eccv16", as_published=True))


def test_frames_are_counted_as_people_count() -> None:
    names = ["f10.png", "f9.png", "f0100.png", "f1b.png", "f1a.png", "\u00b2.png", "f.png"]
    assert sorted(names, key=natural) == ["f1a.png", "f1b.png", "f9.png", "f10.png", "f0100.png", "f.png", "\u00b2.png"]


def test_neighbors_stop_at_the_ends(frames: Path, job: Callable) -> None:
    plan, _ = look_ahead(job(frames))
    film = Film(plan.tasks, lambda task: None)
    by_name = {task.name: task for task in plan.tasks}
    assert [task.name for task in film.around(by_name["1.png"])] == [f"{n}.png" for n in (0, 2, 3, 4, 5)]
    assert film.around(by_name["still/a.png"]) == []


def test_the_network_sees_each_frame_once(frames: Path, job: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    predict = Colorizer.predict

    def counted(colorizer: Colorizer, smalls: list[Small]) -> list[Prediction]:
        seen.extend(small.name for small in smalls)
        return predict(colorizer, smalls)

    monkeypatch.setattr(Colorizer, "predict", counted)
    colorize(job(frames, sequence=True, **QUICK))
    assert len(seen) == len(set(seen)) == 13


@pytest.mark.slow
def test_processes_share_the_white_too(frames: Path, job: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    by_threads, by_processes = frames.with_name("threads"), frames.with_name("processes")
    colorize(job(frames, out=by_threads, consistent=True, **QUICK))
    monkeypatch.setattr(hands, "CREW_FROM", 2)
    colorize(job(frames, out=by_processes, consistent=True, **QUICK))
    assert hashes(by_processes) == hashes(by_threads)
