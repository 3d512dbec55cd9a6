# SPDX-License-Identifier: Apache-2.0
"""Photos colored by processes: the same files as by threads, and a process that dies or hangs costs one photo."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from small_scans import NAMES, make_scan

from bwcolor.archive import hands
from bwcolor.archive.crew import Crew
from bwcolor.archive.job import ColorOptions, Job
from bwcolor.archive.ledger import Ledger
from bwcolor.archive.piece import Piece
from bwcolor.archive.plan import Request, make_plan
from bwcolor.archive.rows import Outcome
from bwcolor.archive.run import colorize
from bwcolor.archive.targets import Targets
from bwcolor.errors import DamagedPhotoError, OutputError, WorkerDiedError

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")

Maker = Callable[..., Job]


def children(parent: int) -> list[int]:
    """Return the processes that a process has started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(status.parent.name))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of scans that nobody changes."""
    folder = tmp_path_factory.mktemp("scans")
    for seed, name in enumerate(NAMES):
        make_scan(folder / name, seed)
    return folder


@pytest.fixture(scope="module")
def crew(folder: Path):
    """Return one worker that gives up a stage after a while."""
    with Crew(Job(Request((folder,)), ColorOptions(model="null"), time_limit=60.0), Targets(), 1) as one:
        yield one


def piece(folder: Path, out: Path, name: str = NAMES[0]) -> Piece:
    plan = make_plan(Request((folder,), out), Job().suffixes())
    task = next(task for task in plan.tasks if task.name == name)
    return Piece(task, None, task.target)


def test_a_run_by_processes_makes_the_same_files(
    scans: Path, job: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scans / "damaged.jpg").write_bytes(b"\xff\xd8\xff\xe0 no photo")
    alone, beside = tmp_path / "threads", tmp_path / "processes"
    colorize(job(out=alone))
    monkeypatch.setattr(hands, "CREW_FROM", 2)
    summary = colorize(job(out=beside, jobs=2))
    assert (summary.done, [failure.name for failure in summary.failures]) == (len(NAMES), ["damaged.jpg"])
    for name in NAMES:
        assert (alone / name).read_bytes() == (beside / name).read_bytes()
    rows = {entry.name: entry for out in (alone, beside) for entry in Ledger(out).entries()}
    assert rows[NAMES[0]].stages.count(":") >= 7
    assert rows["damaged.jpg"].outcome == Outcome.FAILED
    assert not children(os.getpid())


def test_what_a_stage_raises_comes_back(crew: Crew, folder: Path, tmp_path: Path) -> None:
    scan = piece(folder, tmp_path)
    lost = Piece(
        scan.task.__class__("x.jpg", tmp_path / "x.jpg", tmp_path / "y.jpg", tmp_path), None, tmp_path / "y.jpg"
    )
    (tmp_path / "x.jpg").write_bytes(b"\xff\xd8\xff\xe0 no photo")
    with pytest.raises(DamagedPhotoError, match=r"x\.jpg"):
        crew.carry(lost)
    (tmp_path / "file").write_text("where a folder should be")
    with pytest.raises(OutputError):
        crew.carry(piece(folder, tmp_path / "file" / "out"))
    crew.carry(scan)
    assert scan.written is not None
    assert scan.written.path.is_file()


def test_a_dead_worker_costs_its_photo_and_is_replaced(crew: Crew, folder: Path, tmp_path: Path) -> None:
    (worker,) = children(os.getpid())
    os.kill(worker, signal.SIGKILL)
    with pytest.raises(WorkerDiedError, match="signal 9"):
        crew.carry(piece(folder, tmp_path))
    whole = piece(folder, tmp_path)
    crew.carry(whole)
    assert whole.decoded is not None
    assert children(os.getpid()) != [worker]


def test_a_worker_that_hangs_is_given_up(crew: Crew, folder: Path, tmp_path: Path) -> None:
    crew.carry(piece(folder, tmp_path))
    (worker,) = children(os.getpid())
    os.kill(worker, signal.SIGSTOP)
    crew._job = replace(crew._job, time_limit=0.2)
    with pytest.raises(TimeoutError, match="stage 'read' within"):
        crew.carry(piece(folder, tmp_path))
    assert worker not in children(os.getpid())


def test_workers_end_with_whoever_started_them(folder: Path, tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from bwcolor.archive.crew import Crew; from bwcolor.archive.job import *\n"
        "from bwcolor.archive.targets import Targets\n"
        "crew = Crew(Job(color=ColorOptions(model='null')), Targets(), 1); print('ready', flush=True); time.sleep(99)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        (worker,) = children(parent.pid)
        parent.kill()
    end = time.monotonic() + 20
    while Path(f"/proc/{worker}").exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert not Path(f"/proc/{worker}").exists()


@pytest.mark.slow
def test_killed_runs_by_processes_end_in_the_bytes_of_an_undisturbed_one(tmp_path: Path) -> None:
    scans, out, undisturbed = tmp_path / "scans", tmp_path / "killed", tmp_path / "undisturbed"
    for number in range(60):
        make_scan(scans / f"{number}.{('jpg', 'png', 'tif')[number % 3]}", number, (300, 400))
    color = ColorOptions(model="null")
    program = (
        "import sys; from pathlib import Path\n"
        "from bwcolor.archive import hands; from bwcolor.archive.job import *\n"
        "from bwcolor.archive.plan import Request\n"
        "from bwcolor.archive.run import colorize\n"
        "hands.CREW_FROM = 2; scans, out = map(Path, sys.argv[1:])\n"
        "colorize(Job(Request((scans,), out), ColorOptions(model='null'), jobs=2))"
    )
    for kill in range(5):
        with subprocess.Popen([sys.executable, "-c", program, str(scans), str(out)]) as run:
            end = time.monotonic() + 120
            while done_in(out) < 1 + 9 * kill and run.poll() is None and time.monotonic() < end:
                time.sleep(0.005)
            workers = children(run.pid)
            run.kill()
        assert len(workers) == 2
        while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < end:
            time.sleep(0.005)
    before = done_in(out)
    assert 0 < before < 60
    assert colorize(Job(Request((scans,), out), color, jobs=2)).done == 60 - before
    colorize(Job(Request((scans,), undisturbed), color, jobs=2))
    for name in (scan.name for scan in scans.iterdir()):
        assert (out / name).read_bytes() == (undisturbed / name).read_bytes()
    assert not list(out.rglob("*.bwcolor-part"))


def done_in(out: Path) -> int:
    """Return how many photos of an output folder are done."""
    if not (out / ".bwcolor" / "ledger.sqlite").is_file():
        return 0
    try:
        ledger = Ledger(out)
        count = sum(1 for _ in ledger.entries(Outcome.DONE))
        ledger.close()
    except (OutputError, sqlite3.Error):  # it is being made
        return 0
    return count
