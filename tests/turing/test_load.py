# SPDX-License-Identifier: Apache-2.0
"""Many participants at once over HTTP, and a server that is killed in the middle: every answer is there, once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LOAD = Path(__file__).resolve().parent.parent.parent / "scripts" / "bench" / "turing_load.py"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGKILL")
def test_no_answer_is_lost_and_none_counted_twice():
    words = ["--participants", "10", "--pairs", "8", "--shown", "0.02", "--kill", "1", "--json"]
    done = subprocess.run([sys.executable, str(LOAD), *words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (found["kept"], found["lost"], found["changed"], found["never_given"]) == (80, 0, 0, 0)
    assert found["kills"] == 1
    assert found["refused"]["repeated"] > 0
