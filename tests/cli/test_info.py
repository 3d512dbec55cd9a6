# SPDX-License-Identifier: Apache-2.0
"""`bwcolor info` as it is typed."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bwcolor.errors import ExitCode


def test_a_scan(bwcolor: Callable, scans: Path) -> None:
    done = bwcolor("info", "scans/a.jpg")
    assert done.code == 0
    assert re.search(r"format +JPEG", done.out)
    assert re.search(r"pixels +80 x 60", done.out)
    told = json.loads(bwcolor("info", "scans/b.png", "--json").out)
    assert told["sha256"] == hashlib.sha256((scans / "b.png").read_bytes()).hexdigest()
    assert (told["bits"], told["tone"], told["colored_by_bwcolor"]) == (8, "neutral", None)


def test_a_color_copy_is_recognized(bwcolor: Callable, scans: Path) -> None:
    bwcolor("colorize", "scans", "--model", "null", "-q")
    told = json.loads(bwcolor("info", "scans-color/b.png", "--json").out)
    mark = told["colored_by_bwcolor"]
    assert (mark["model"], mark["options"]["working_size"]) == ("null", 192)
    assert mark["source_sha256"] == hashlib.sha256((scans / "b.png").read_bytes()).hexdigest()
    assert re.search(r"colored by bwcolor: model +null", bwcolor("info", "scans-color/b.png").out)


def test_what_is_no_photo(bwcolor: Callable, scans: Path) -> None:
    (scans / "text.jpg").write_text("a text")
    assert bwcolor("info", "scans/text.jpg").code == ExitCode.PHOTOS_FAILED
    assert bwcolor("info", "scans/gone.jpg").code == ExitCode.NOTHING_TO_DO


def test_it_starts_without_torch(scans: Path) -> None:
    program = "import sys; from bwcolor.cli import wall; wall.run(['info', 'scans/a.jpg'])\n"
    program += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
