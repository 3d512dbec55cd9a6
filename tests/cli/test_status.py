# SPDX-License-Identifier: Apache-2.0
"""`bwcolor status`, `verify` and `report` as they are typed."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image

from bwcolor.cli import app as cli
from bwcolor.errors import ExitCode


@pytest.fixture
def out(bwcolor: Callable, scans: Path) -> Path:
    (scans / "broken.jpg").write_text("a text")
    assert bwcolor("colorize", "scans", "--model", "null", "-q").code == ExitCode.PHOTOS_FAILED
    return scans.with_name("scans-color")


def test_status(bwcolor: Callable, out: Path) -> None:
    done = bwcolor("status", out)
    assert done.code == 0
    assert re.search(r"done +3", done.out)
    assert re.search(r"1 +DamagedPhotoError +broken\.jpg: ", done.out)
    told = json.loads(bwcolor("status", out, "--json").out)
    assert (told["counts"], told["left"], told["run"]["outcome"]) == ({"done": 3, "failed": 1}, 0, "finished")


def test_verify(bwcolor: Callable, out: Path) -> None:
    assert bwcolor("verify", out).code == 0
    (out / "a.jpg").unlink()
    done = bwcolor("verify", out)
    assert done.code == ExitCode.VERIFICATION_FAILED
    assert re.search(r"a\.jpg +The color copy a\.jpg is missing", done.out)
    told = json.loads(bwcolor("verify", out, "--json", "--hashes-only").out)
    assert [finding["name"] for finding in told["findings"]] == ["a.jpg"]


def test_reports(bwcolor: Callable, out: Path) -> None:
    assert bwcolor("report", out, "--csv").out.startswith("name,source,target,outcome")
    assert len(bwcolor("report", out, "--sha256sums").out.splitlines()) == 3
    assert bwcolor("report", out, "--html", "--to", "r.html").out == ""
    assert Path("r.html").read_text().startswith("<!doctype html>")
    assert bwcolor("report", out, "--bagit").out == f"3 files in {out}-bag\n"
    assert bwcolor("report", out, "--csv", "--to", "gone/x.csv").code == ExitCode.OUTPUT_FAILED


@pytest.mark.parametrize("words", [(), ("--csv", "--html")])
def test_one_kind_of_report(bwcolor: Callable, out: Path, words: tuple[str, ...]) -> None:
    done = bwcolor("report", out, *words)
    assert (done.code, "one kind" in done.err) == (ExitCode.USAGE, True)


@pytest.mark.parametrize("command", ["status", "verify", "report"])
def test_examples(bwcolor: Callable, out: Path, command: str) -> None:
    text = typer.main.get_command(cli.app).commands[command].help  # type: ignore[attr-defined]
    for line in re.findall(r"    (bwcolor .*)", text):
        assert bwcolor(*shlex.split(line)[1:]).code == 0


@pytest.mark.parametrize("words", [("status",), ("verify",), ("report", "--csv")])
def test_a_folder_without_a_ledger(bwcolor: Callable, scans: Path, words: tuple[str, ...]) -> None:
    done = bwcolor(words[0], scans, *words[1:])
    assert (done.code, "holds no ledger" in done.err) == (ExitCode.USAGE, True)


def test_status_without_torch(out: Path) -> None:
    import subprocess
    import sys

    program = "import sys; from bwcolor.cli import wall; wall.run(['status', 'scans-color'])\n"
    program += "print(sorted({'torch', 'cv2', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_outliers_are_told(bwcolor: Callable, scans: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(6):
        pixels = rng.integers(40, 60, (60, 80), dtype=np.uint8)
        Image.fromarray(pixels if number else pixels + 150).save(scans / f"even{number}.png")
    assert bwcolor("colorize", "scans", "--model", "null").code == 0
    told = json.loads(bwcolor("report", "scans-color", "--outliers", "--json").out)
    assert "even0.png" in {each["name"] for each in told}
    assert "even0.png" in bwcolor("report", "scans-color", "--outliers").out
    assert bwcolor("report", "scans-color", "--outliers", "--to", "apart.json").code == 0
    assert json.loads(Path("apart.json").read_text()) == told
    assert bwcolor("report", "scans-color", "--csv", "--json").code == ExitCode.USAGE
