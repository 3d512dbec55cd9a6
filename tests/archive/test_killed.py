# SPDX-License-Identifier: Apache-2.0
"""Runs killed with SIGKILL, again and again: what comes out in the end is what an undisturbed run makes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from small_scans import make_scan

from bwcolor.archive.job import Job
from bwcolor.archive.ledger import Ledger
from bwcolor.archive.rows import Outcome
from bwcolor.archive.run import colorize
from bwcolor.archive.verify import verify

PHOTOS = 110
KILLS = 20  # of which five at each kind of moment
VICTIM = Path(__file__).with_name("victim.py")


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".bwcolor" not in path.relative_to(folder).parts
    }


@pytest.mark.skipif(sys.platform == "win32", reason="Windows neither forks nor knows SIGKILL")
def test_twenty_kills_lose_nothing_and_do_nothing_twice(scans: Path, job: Callable[..., Job], tmp_path: Path) -> None:
    for number in range(PHOTOS - 4):
        make_scan(scans / f"{number % 7}" / f"{number}.{('jpg', 'png', 'tif')[number % 3]}", number)
    undisturbed, out = tmp_path / "undisturbed", tmp_path / "killed"
    assert colorize(job(out=undisturbed)).done == PHOTOS
    done = subprocess.run(
        [sys.executable, str(VICTIM), str(scans), str(out), *map(str, range(KILLS))],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [word for seed in range(KILLS) for word in (str(seed), "-9")], done.stderr
    assert list(out.rglob("*.bwcolor-part"))  # some died in the middle of a write
    ledger = Ledger(out)
    before = {row.name: row for row in ledger.entries()}
    runs = len(ledger.runs())
    ledger.close()
    assert runs == KILLS
    finished = {name for name, row in before.items() if row.outcome == Outcome.DONE}
    assert 0 < len(finished) < PHOTOS
    times = {name: (out / name).stat().st_mtime_ns for name in finished}

    summary = colorize(job(out=out))

    assert (summary.failures, summary.done) == ([], PHOTOS - len(finished))
    assert hashes(out) == hashes(undisturbed)
    assert {name: (out / name).stat().st_mtime_ns for name in finished} == times
    assert verify(out).findings == []
    ledger = Ledger(out)
    rows = {row.name: row for row in ledger.entries()}
    # each row was written once, by the run that finished it
    assert all(rows[name] == before[name] for name in finished)
    assert {row.run for row in rows.values()} <= set(range(1, runs + 2))
    ledger.close()
