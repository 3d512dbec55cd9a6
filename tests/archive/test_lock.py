# SPDX-License-Identifier: Apache-2.0
"""The lock: one run in a folder, dropped however a process dies."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bwcolor.archive.lock import PATIENCE, Lock
from bwcolor.errors import OutputError, UsageError

HOLD = "import sys; from pathlib import Path; from bwcolor.archive.lock import Lock\n"
HOLD += "with Lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"


@pytest.fixture
def holder(tmp_path: Path):
    """Start another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_the_second_is_told_who_the_first_is(tmp_path: Path, holder: subprocess.Popen) -> None:
    with pytest.raises(UsageError, match=f"process {holder.pid} on {platform.node()}"), Lock(tmp_path):
        pass


def test_a_killed_process_holds_nothing(tmp_path: Path, holder: subprocess.Popen) -> None:
    holder.kill()
    holder.wait()
    with Lock(tmp_path) as lock:
        assert json.loads((tmp_path / ".bwcolor/lock").read_text())["pid"] == os.getpid()
        lock.touch()
    assert (tmp_path / ".bwcolor/lock").read_text() == ""


def test_another_machine_counts_while_it_gives_signs_of_life(tmp_path: Path) -> None:
    path = tmp_path / ".bwcolor/lock"
    path.parent.mkdir()
    path.write_text(json.dumps({"host": "elsewhere", "pid": 7, "since": "today"}))
    with pytest.raises(UsageError, match="process 7 on elsewhere"), Lock(tmp_path):
        pass
    long_ago = time.time() - PATIENCE - 1
    os.utime(path, (long_ago, long_ago))
    with Lock(tmp_path):
        pass


def test_a_lock_full_of_rubbish_is_taken(tmp_path: Path) -> None:
    (tmp_path / ".bwcolor").mkdir()
    (tmp_path / ".bwcolor/lock").write_text("[1, 2")
    with Lock(tmp_path):
        pass


def test_no_place_for_a_lock(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError), Lock(tmp_path / "file"):
        pass
