# SPDX-License-Identifier: Apache-2.0
"""Runs, whole: what comes out, what is done again and what is not, and what stops a run."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab
from small_scans import NAMES, make_scan

from bwcolor import __version__
from bwcolor.archive.job import Job
from bwcolor.archive.ledger import Ledger
from bwcolor.archive.rows import Entry, Outcome
from bwcolor.archive.run import colorize, look_ahead
from bwcolor.archive.settle import State
from bwcolor.archive.summary import Silence, Summary
from bwcolor.errors import ExitCode, NothingToDoError, OutputError, UsageError, WeightsError

Maker = Callable[..., Job]


def rows(out: Path) -> dict[str, Entry]:
    ledger = Ledger(out)
    found = {entry.name: entry for entry in ledger.entries()}
    ledger.close()
    return found


def files(folder: Path) -> dict[str, str]:
    """Return the hash of every file below a folder but the run's own."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".bwcolor" not in path.parts
    }


@pytest.fixture
def out(scans: Path) -> Path:
    return scans.with_name("scans-color")


def test_a_folder_comes_out_in_color(scans: Path, out: Path, job: Maker) -> None:
    before = files(scans)
    summary = colorize(job())
    assert (summary.done, summary.failures, summary.exit_code) == (4, [], ExitCode.OK)
    assert summary.plan.left_alone == {".txt": 1}
    assert sorted(files(out)) == sorted(NAMES)
    assert files(scans) == before
    scan, color = (np.asarray(Image.open(folder / "b.png")) for folder in (scans, out))
    gray = np.repeat(scan[..., None], 3, axis=2)
    assert color.shape == (60, 80, 3)
    assert np.abs(rgb2lab(color)[..., 0] - rgb2lab(gray)[..., 0]).max() < 0.4  # one level of 255 is 0.4 of L or more
    assert np.abs(rgb2lab(color)[..., 1:]).mean() > 4


def test_the_ledger_says_everything(scans: Path, out: Path, job: Maker) -> None:
    colorize(job(saturation=0.5))
    found = rows(out)
    assert sorted(found) == sorted(NAMES)
    for name, row in found.items():
        scan, copy = scans / name, out / name
        assert (row.outcome, row.reason, row.model, row.version) == (Outcome.DONE, "", "null", __version__)
        assert (out / row.source).resolve() == scan
        assert out / row.target == copy
        assert (row.size, row.mtime_ns) == (scan.stat().st_size, scan.stat().st_mtime_ns)
        assert row.sha256 == hashlib.sha256(scan.read_bytes()).hexdigest()
        assert (row.output_size, row.output_sha256) == (copy.stat().st_size, files(out)[name])
        assert (row.width, row.height, row.depth) == (80, 60, 16 if name.endswith("tif") else 8)
        assert json.loads(row.options)["saturation"] == 0.5
        assert len(row.key) == 64
        assert set(json.loads(row.stages)) == {"read", "prepare", "network", "merge", "measure", "write", "read back"}
        assert row.seconds > 0
        assert 0 <= row.dl_mean <= row.dl_max <= (1 / 257 if row.depth == 16 else 1)
        if row.format != "jpeg":
            assert (row.written_dl_max, row.written_dl_mean) == (row.dl_max, row.dl_mean)
        assert 0 < row.written_dl_mean < 3
    ledger = Ledger(out)
    (run,) = ledger.runs()
    assert (run.planned, run.already, run.left_alone, run.outcome) == (4, 0, 1, "finished")


def test_what_is_done_is_not_done_again(scans: Path, out: Path, job: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    colorize(job())
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    monkeypatch.setattr("bwcolor.archive.stages.Stages.read", None)  # would fail any photo
    summary = colorize(job())
    assert (summary.done, summary.exit_code) == (0, ExitCode.OK)
    assert summary.settled.states == {State.DONE: 4}
    assert all(path.stat().st_mtime_ns == time for path, time in before.items() if ".bwcolor" not in path.parts)


def test_only_what_is_missing_changed_or_failed_is_done(scans: Path, out: Path, job: Maker) -> None:
    (scans / "broken.jpg").write_bytes((scans / "a.jpg").read_bytes()[:500])
    first = colorize(job())
    assert [failure.name for failure in first.failures] == ["broken.jpg"]
    assert first.exit_code == ExitCode.PHOTOS_FAILED
    assert rows(out)["broken.jpg"].outcome == Outcome.FAILED
    os.utime(scans / "a.jpg", ns=(1, 1))  # touched, not changed
    make_scan(scans / "b.png", seed=99)  # changed
    (out / "deep/d.jpg").unlink()  # missing
    make_scan(scans / "broken.jpg", seed=5)  # mended
    summary = colorize(job())
    assert summary.settled.states == {State.DONE: 2, State.CHANGED: 1, State.MISSING: 1, State.FAILED: 1}
    assert (summary.done, summary.exit_code) == (3, ExitCode.OK)
    assert rows(out)["a.jpg"].mtime_ns == 1
    assert colorize(job()).settled.states == {State.DONE: 5}


def test_changed_options_are_noticed_and_left_until_overwrite(scans: Path, out: Path, job: Maker) -> None:
    colorize(job())
    before = files(out)
    noticed = colorize(job(saturation=0.3))
    assert noticed.settled.states == {State.OUTDATED: 4}
    assert files(out) == before
    assert colorize(job(saturation=0.3, overwrite=True)).done == 4
    assert all(files(out)[name] != before[name] for name in NAMES)
    assert colorize(job(saturation=0.3, overwrite=True)).done == 0  # the same key is the same result


def test_tiles_are_noticed_and_rows_without_them_stay_as_they_were(scans: Path, out: Path, job: Maker) -> None:
    colorize(job())
    assert all("tile_size" not in json.loads(row.options) for row in rows(out).values())
    assert colorize(job()).settled.count(State.DONE) == len(NAMES)
    assert colorize(job(tile_size=64)).settled.count(State.OUTDATED) == len(NAMES)
    assert colorize(job(tile_size=64, overwrite=True)).done == len(NAMES)
    assert json.loads(rows(out)["a.jpg"].options)["tile_overlap"] == 16
    assert look_ahead(job(tile_size=64))[1].count(State.DONE) == len(NAMES)
    assert look_ahead(job())[1].count(State.OUTDATED) == len(NAMES)


def test_a_changed_version_is_noticed(scans: Path, job: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    colorize(job())
    monkeypatch.setattr("bwcolor.archive.settle.__version__", "99.0")
    assert colorize(job()).settled.states == {State.OUTDATED: 4}


def test_results_are_the_same_bytes_whatever_runs_beside_them(scans: Path, out: Path, job: Maker) -> None:
    for number in range(6):
        make_scan(scans / f"more{number}.jpg", number, (40 + 16 * number, 70))
    made = []
    for jobs in (1, 4):
        colorize(job(jobs=jobs))
        made.append(files(out))
        shutil.rmtree(out)
    assert made[0] == made[1]


def test_redo_failed(scans: Path, job: Maker) -> None:
    (scans / "broken.jpg").write_text("a text")
    colorize(job(limit=3))
    make_scan(scans / "broken.jpg")
    summary = colorize(job(redo_failed=True))
    assert (summary.done, summary.settled.count(State.NEW)) == (1, 2)


def test_a_moved_archive_is_still_done(scans: Path, out: Path, job: Maker, tmp_path: Path) -> None:
    colorize(job())
    (tmp_path / "moved").mkdir()
    for folder in (scans, out):
        folder.rename(tmp_path / "moved" / folder.name)
    moved = tmp_path / "moved" / "scans"
    assert colorize(job(moved)).settled.states == {State.DONE: 4}


def test_files_of_others_are_never_replaced(scans: Path, out: Path, job: Maker) -> None:
    out.mkdir()
    (out / "a.jpg").write_text("mine")
    summary = colorize(job())
    assert (out / "a.jpg").read_text() == "mine"
    assert (summary.done, [failure.name for failure in summary.failures]) == (3, ["a.jpg"])
    assert summary.exit_code == ExitCode.PHOTOS_FAILED
    assert colorize(job(overwrite=True)).done == 1


def test_an_altered_copy_is_noticed(scans: Path, out: Path, job: Maker) -> None:
    colorize(job())
    (out / "a.jpg").write_text("retouched")
    assert colorize(job()).settled.states == {State.DONE: 3, State.ALTERED: 1}
    assert (out / "a.jpg").read_text() == "retouched"
    assert colorize(job(overwrite=True)).done == 1


def test_names_of_every_kind(tmp_path: Path, job: Maker) -> None:
    folder = tmp_path / "odd [names]"
    kinds = [
        "spa ce.jpg",
        "line\nbreak.jpg",
        "[red]x.jpg",
        "ünï.png",
        "y" * 240 + ".jpg",
        os.fsdecode(b"caf\xe9.jpg"),
    ]
    for seed, name in enumerate(kinds):
        make_scan(folder / f"x{Path(name).suffix}", seed).rename(folder / name)
    summary = colorize(job(folder))
    assert (summary.done, summary.failures) == (len(kinds), [])
    assert sorted(rows(tmp_path / "odd [names]-color")) == sorted(kinds)
    assert colorize(job(folder)).settled.states == {State.DONE: len(kinds)}
    json.dumps(summary.plain())


def test_hints_beside_a_scan_color_it_and_their_change_is_noticed(scans: Path, out: Path, job: Maker) -> None:
    colorize(job())
    before = files(out)
    hint = scans / "b.hints.json"
    hint.write_text(json.dumps({"points": [{"x": 40, "y": 30, "color": "#d02020"}]}))
    assert colorize(job()).done == 1
    assert files(out)["b.png"] != before["b.png"]
    assert rows(out)["b.png"].hints_sha256 == hashlib.sha256(hint.read_bytes()).hexdigest()
    hint.unlink()
    assert colorize(job()).done == 1
    assert files(out) == before


def test_looking_ahead_writes_nothing(scans: Path, out: Path, job: Maker) -> None:
    _, settled = look_ahead(job())
    assert len(settled.todo) == 4
    assert not out.exists()
    colorize(job(limit=3))
    before = sorted(path.stat().st_mtime_ns for path in out.rglob("*"))
    assert look_ahead(job())[1].states == {State.DONE: 3, State.NEW: 1}
    assert look_ahead(job(strength=0.5))[1].states == {State.OUTDATED: 3, State.NEW: 1}
    assert sorted(path.stat().st_mtime_ns for path in out.rglob("*")) == before


def test_fail_fast(scans: Path, job: Maker) -> None:
    (scans / "a.jpg").write_text("a text")
    summary = colorize(job(fail_fast=True, jobs=1))
    assert (summary.exit_code, summary.done, summary.left) == (ExitCode.PHOTOS_FAILED, 0, 3)


def test_a_deadline_stops_in_good_order(scans: Path, out: Path, job: Maker) -> None:
    summary = colorize(job(deadline=datetime.now() - timedelta(seconds=1), jobs=1))
    assert summary.exit_code == ExitCode.OK
    assert summary.left + summary.done == 4
    assert summary.left > 0
    assert all(row.outcome == Outcome.DONE for row in rows(out).values())
    assert colorize(job()).done == summary.left


def test_a_photo_that_changes_while_it_is_read_fails_and_leaves_no_copy(
    scans: Path, out: Path, job: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bwcolor.archive.stages import Stages

    prepare = Stages.prepare

    def changing(self: Stages, piece: object) -> None:
        if piece.task.name == "b.png":
            make_scan(scans / "b.png", seed=7)
        prepare(self, piece)

    monkeypatch.setattr(Stages, "prepare", changing)
    summary = colorize(job())
    assert [(failure.name, "changed while" in failure.reason) for failure in summary.failures] == [("b.png", True)]
    assert not (out / "b.png").exists()
    monkeypatch.setattr(Stages, "prepare", prepare)
    assert colorize(job()).done == 1


def test_a_defect_in_one_photo_is_its_row_and_not_the_end(
    scans: Path, out: Path, job: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bwcolor.archive.stages import Stages

    network = Stages.network

    def crashing(self: Stages, pieces: list) -> None:
        if pieces[0].task.name == "b.png":
            raise IndexError("out of range")
        network(self, pieces)

    monkeypatch.setattr(Stages, "network", crashing)
    summary = colorize(job())
    assert (summary.done, summary.exit_code) == (3, ExitCode.PHOTOS_FAILED)
    assert "defect" in rows(out)["b.png"].reason
    assert "IndexError: out of range" in rows(out)["b.png"].reason


def test_a_hung_read_is_given_up(scans: Path, out: Path, job: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    from bwcolor.archive.stages import Stages

    read, release = Stages.read, threading.Event()

    def hanging(self: Stages, piece: object) -> None:
        if piece.task.name == "a.jpg":
            release.wait(30)
        read(self, piece)

    monkeypatch.setattr(Stages, "read", hanging)
    summary = colorize(job(time_limit=0.5))
    release.set()
    assert (summary.done, summary.exit_code) == (3, ExitCode.PHOTOS_FAILED)
    assert "read" in rows(out)["a.jpg"].reason
    assert rows(out)["a.jpg"].error == "TimeoutError"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_an_output_that_fails_stops_the_run_with_the_ledger_true(
    scans: Path, out: Path, job: Maker, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    fsync, calls = os.fsync, []

    def failing(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 3:
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr("bwcolor.photo.writing.os.fsync", failing)
        summary = colorize(job(jobs=1))
    assert (summary.exit_code, summary.done, summary.left) == (ExitCode.OUTPUT_FAILED, 2, 2)
    assert os.strerror(number) in summary.stopped
    true_of(out, 2)
    assert colorize(job()).done == 2
    true_of(out, 4)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only Linux' root can mount a small disk")
def test_a_disk_that_is_really_full(scans: Path, job: Maker, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this root may not mount")
    try:
        for number in range(6):
            make_scan(scans / f"large{number}.png", number, (200, 200))
        summary = colorize(job(out=disk / "out"))
        assert summary.exit_code == ExitCode.OUTPUT_FAILED
        assert "No space left" in summary.stopped or "full" in summary.stopped
        assert 0 < summary.done < 10
        assert not list(disk.rglob("*.bwcolor-part"))
        found = rows(disk / "out")
        done = {row.target: row.output_sha256 for row in found.values() if row.outcome == Outcome.DONE}
        there = files(disk / "out")
        assert done.items() <= there.items()
        # a copy that was renamed when there was no room for its row any more is known as begun
        assert {found[name].outcome for name in there.keys() - done.keys()} <= {Outcome.BEGUN}
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        assert colorize(job(out=disk / "out")).exit_code == ExitCode.OK
        true_of(disk / "out", 10)
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def true_of(out: Path, done: int) -> None:
    """Check that a ledger says what lies there: no more, no less, nothing half written."""
    found = rows(out)
    assert all(row.outcome == Outcome.DONE for row in found.values())
    assert {row.target: row.output_sha256 for row in found.values()} == files(out)
    assert len(found) == done


def test_an_input_that_vanishes_stops_the_run(
    scans: Path, out: Path, job: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unplug(Silence):
        def ended(self, entry: Entry) -> None:
            if entry.name == "a.jpg":
                scans.rename(scans.with_name("unplugged"))

    summary = colorize(job(jobs=1), Unplug())
    assert isinstance(summary.trouble, NothingToDoError)
    assert "is gone" in summary.stopped
    assert (summary.done, summary.failures) == (1, [])
    scans.with_name("unplugged").rename(scans)
    assert colorize(job()).done == 3
    true_of(out, 4)


def test_a_photo_that_kills_the_process_is_left_out_after_three_times(scans: Path, out: Path, job: Maker) -> None:
    colorize(job())
    ledger = Ledger(out, write=True)
    ledger.record(Entry("a.jpg", "../scans/a.jpg", "a.jpg", Outcome.BEGUN, attempts=3))
    ledger.close()
    summary = colorize(job())
    assert [failure.name for failure in summary.failures] == ["a.jpg"]
    assert "died" in summary.failures[0].reason
    assert colorize(job(overwrite=True)).done == 1


def test_photos_that_were_in_work_when_the_process_died_come_last_and_alone(
    scans: Path, out: Path, job: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    colorize(job(limit=1))
    ledger = Ledger(out, write=True)
    ledger.record(
        *(Entry(name, f"../scans/{name}", name, Outcome.BEGUN, attempts=n) for n, name in enumerate(NAMES[:2]))
    )
    ledger.close()
    order: list[tuple[str, int]] = []
    record = Ledger.record

    def recording(self: Ledger, *entries: Entry) -> None:
        order.extend((entry.name, entry.attempts) for entry in entries if entry.outcome == Outcome.BEGUN)
        record(self, *entries)

    monkeypatch.setattr(Ledger, "record", recording)
    assert colorize(job()).done == 4
    assert order[2:] == [("a.jpg", 1), ("b.png", 2)]
    assert {attempts for _, attempts in order[:2]} == {0}


def test_remains_of_a_killed_run_are_cleared_away(scans: Path, out: Path, job: Maker) -> None:
    colorize(job(limit=2))
    ledger = Ledger(out, write=True)
    ledger.record(Entry("deep/d.jpg", "../scans/deep/d.jpg", "deep/d.jpg", Outcome.BEGUN, attempts=1))
    ledger.close()
    (out / "deep").mkdir(exist_ok=True)
    (out / "deep" / ".0123.bwcolor-part").write_text("half")
    assert colorize(job()).done == 2
    assert sorted(files(out)) == sorted(NAMES)


@pytest.mark.parametrize(
    ("wishes", "error"),
    [
        ({"model": "nul"}, UsageError),
        ({"device": "gpu7"}, UsageError),
        ({"precision": "fp8"}, UsageError),
        ({"weights": Path("gone.safetensors"), "model": "gan"}, WeightsError),
        ({"saturation": 9.0}, UsageError),
    ],
)
def test_wrong_wishes_begin_nothing(scans: Path, out: Path, job: Maker, wishes: dict, error: type) -> None:
    with pytest.raises(error):
        colorize(job(**wishes))
    assert not out.exists()


def test_an_output_that_cannot_be_made_is_told_before_work(scans: Path, job: Maker, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        colorize(job(out=tmp_path / "file" / "out"))


def test_the_summary_in_plain_values(scans: Path, job: Maker) -> None:
    (scans / "broken.jpg").write_text("a text")
    summary: Summary = colorize(job())
    plain = json.loads(json.dumps(summary.plain()))
    assert (plain["done"], plain["failed"], plain["exit_code"]) == (4, 1, 3)
    assert plain["failures"][0]["name"] == "broken.jpg"
    assert 0 < plain["dl_max"] <= 1
