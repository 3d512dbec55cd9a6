# SPDX-License-Identifier: Apache-2.0
"""`bwcolor colorize` as it is typed: what it prints, what it refuses, its exit codes."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
import typer
from PIL import Image

from bwcolor.archive.ledger import Ledger
from bwcolor.archive.rows import Outcome
from bwcolor.cli import app as cli
from bwcolor.errors import ExitCode

NOBODY = 65534
# Runs a command twice: once over a scan of its own, so that everything is imported, then as an unprivileged user.
AS_NOBODY = """
import os, pathlib, sys, tempfile
import numpy, tifffile
from bwcolor.cli import wall

with tempfile.TemporaryDirectory() as folder:
    tifffile.imwrite(folder + "/a.tif", numpy.full((40, 50), 90, numpy.uint8))
    out = os.open(os.devnull, os.O_WRONLY), os.dup(1)
    os.dup2(out[0], 1)
    assert wall.run(["colorize", folder + "/a.tif", "--model", "null", "--out", folder + "/out"]) == 0
    os.dup2(out[1], 1)
if os.geteuid() == 0:
    os.setgroups([])
    os.setegid(int(sys.argv[1]))
    os.seteuid(int(sys.argv[1]))
sys.exit(wall.run(sys.argv[2:]))
"""
EXAMPLES = [
    line.strip()
    for line in typer.main.get_command(cli.app).commands["colorize"].help.split("Examples:")[1].splitlines()  # type: ignore[attr-defined]
    if line.strip()
]


@pytest.fixture
def colorize(bwcolor: Callable) -> Callable:
    """Return a runner of ``bwcolor colorize --model null``."""
    return lambda *words: bwcolor("colorize", "--model", "null", *words)


def one_line(done: object) -> str:
    """Return an error's message, which is one line, and one line of what to do."""
    lines = done.err.strip().splitlines()
    assert lines[0].startswith("bwcolor: error: ")
    assert len(lines) == 2, done.err
    assert lines[1].startswith("  ")
    return lines[0] + lines[1]


def test_summary_on_stdout_and_progress_on_stderr(colorize: Callable, scans: Path) -> None:
    (scans / "notes.txt").write_text("no photo")
    (scans / "broken.jpg").write_text("a text")
    done = colorize("scans")
    assert done.code == ExitCode.PHOTOS_FAILED
    assert re.search(r"colored +3 ", done.out)
    assert re.search(r"left alone +1 +1 \.txt", done.out)
    assert "failed: broken.jpg: broken.jpg is no JPEG" in done.out
    assert str(scans.with_name("scans-color")) in done.out
    assert "failed: broken.jpg" in done.err
    assert "\r" not in done.err
    again = colorize("scans")
    assert re.search(r"done before +3", again.out)


def test_quiet_says_nothing_on_stderr(colorize: Callable, scans: Path) -> None:
    (scans / "broken.jpg").write_text("a text")
    assert colorize("scans", "--quiet").err == ""


def test_verbose_names_every_photo(colorize: Callable, scans: Path) -> None:
    assert sorted(re.findall(r"done: (\S+)", colorize("scans", "-v").err)) == ["a.jpg", "album/c.jpg", "b.png"]


def test_json(colorize: Callable, scans: Path) -> None:
    done = colorize("scans", "--json")
    summary = json.loads(done.out)
    assert (summary["done"], summary["failed"], summary["exit_code"]) == (3, 0, 0)


def test_log_file(colorize: Callable, scans: Path) -> None:
    (scans / "broken.jpg").write_text("a text")
    colorize("scans", "--log-file", "log.jsonl")
    lines = [json.loads(line) for line in Path("log.jsonl").read_text().splitlines()]
    assert {line["name"]: line["outcome"] for line in lines} == {
        "a.jpg": "done",
        "b.png": "done",
        "album/c.jpg": "done",
        "broken.jpg": "failed",
    }
    assert "No such file" in one_line(colorize("scans", "--log-file", "gone/log.jsonl"))


def test_dry_run_tells_and_does_nothing(colorize: Callable, scans: Path) -> None:
    done = colorize("scans", "--dry-run", "--json")
    plan = json.loads(done.out)
    assert (done.code, plan["to_color"]) == (0, 3)
    assert plan["photos"][0] == {"source": str(scans / "a.jpg"), "target": str(scans.parent / "scans-color/a.jpg")}
    assert not Path("scans-color").exists()
    assert re.search(r"to color +3", colorize("scans", "--dry-run").out)


def test_dry_run_starts_without_torch(scans: Path) -> None:
    program = "import sys; from bwcolor.cli import wall; wall.run(['colorize', 'scans', '--dry-run'])\n"
    program += "print(sorted({'torch', 'cv2'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples(bwcolor: Callable, scans: Path, monkeypatch: pytest.MonkeyPatch, example: str) -> None:
    monkeypatch.setenv("BWCOLOR_MODEL", "null")  # the default's weights have their own tests
    Path("album").mkdir()
    shutil.copy(scans / "a.jpg", "album/a.jpg")
    tifffile.imwrite("album/b.tif", np.linspace(0, 65535, 3000).astype(np.uint16).reshape(50, 60))
    done = bwcolor(*shlex.split(example)[1:])
    assert done.code == 0, done.err
    assert "colored" in done.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("gone",), 4, "There is no gone"),
        (("empty",), 4, "no photos"),
        (("scans", "--model", "nul"), 2, "Did you mean null?"),
        (("scans", "--engine", "spark"), 2, "Take local or ray"),
        (("scans", "--shard", "4/3"), 2, "count from 1"),
        (("scans", "--shard", "1/3", "--consistent"), 2, "look at a whole folder"),
        (("scans", "--backend", "tensorrt"), 2, "torch, openvino or auto"),
        (("scans", "--device", "gpu"), 2, "auto, cpu, cuda, cuda:N or mps"),
        (("scans", "--out", "scans/color"), 2, "lies inside the input"),
        (("scans", "--out", "scans"), 2, "is the input folder itself"),
        (("scans", "--out", "file/out"), 6, "cannot be written"),
        (("scans", "--weights", "gone.safetensors", "--model", "gan"), 4, "gone.safetensors"),
        ((), 2, "Name a folder"),
        (("scans", "--format", "gif"), 2, "--format gif is not written"),
        (("scans", "--depth", "12"), 2, "--depth 12"),
        (("scans", "--batch-size", "some"), 2, "--batch-size some"),
        (("scans", "--max-memory", "lots"), 2, "--max-memory"),
        (("scans", "--until", "7pm"), 2, "--until"),
        (("--files-from", "gone.txt"), 4, "gone.txt"),
    ],
)
def test_what_is_refused(colorize: Callable, scans: Path, words: tuple[str, ...], code: int, said: str) -> None:
    Path("empty").mkdir()
    Path("file").write_text("")
    done = colorize(*words)
    assert done.code == code
    assert said in one_line(done)
    assert not Path("scans-color").exists()


def test_words_reach_the_job(colorize: Callable, scans: Path) -> None:
    Path("list.txt").write_text("a.jpg\nalbum/c.jpg\nb.png\n")
    done = colorize(
        *(
            "scans",
            "--files-from",
            "list.txt",
            "--exclude",
            "*.png",
            "--format",
            "tiff",
            "--depth",
            "16",
            "--jobs",
            "1",
        ),
        *(
            "--suffix",
            "_color",
            "--saturation",
            "0.5",
            "--max-memory",
            "1GB",
            "--max-minutes",
            "5",
            "--batch-size",
            "2",
        ),
    )
    assert done.code == 0, done.err
    assert sorted(path.name for path in Path("scans-color").rglob("*.tif")) == ["a_color.tif", "c_color.tif"]
    assert tifffile.imread("scans-color/a_color.tif").dtype == np.uint16
    options = json.loads(next(Ledger(Path("scans-color")).entries()).options)
    assert {"saturation": 0.5, "depth": 16, "format": "tiff", "suffix": "_color", "batch": 2}.items() <= options.items()


@pytest.mark.parametrize("content", [b"", b"a text", b"\0" * 100, "half"])
def test_files_that_are_no_whole_photos(colorize: Callable, scans: Path, content: bytes | str) -> None:
    whole = (scans / "a.jpg").read_bytes()
    (scans / "a.jpg").write_bytes(whole[: len(whole) // 2] if content == "half" else content)
    done = colorize("scans")
    assert done.code == ExitCode.PHOTOS_FAILED
    assert re.search(r"failed: a\.jpg: .+", done.out)
    assert sorted(path.name for path in Path("scans-color").rglob("*.*g")) == ["b.png", "c.jpg"]


@pytest.fixture
def readable() -> Iterator[Path]:
    """Return a folder that an unprivileged user can enter, with a scan in it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        (root / "scans").mkdir()
        tifffile.imwrite(root / "scans/a.tif", np.full((40, 50), 90, np.uint8))
        yield root
        for path in root.rglob("*"):
            path.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
@pytest.mark.parametrize("locked", ["parent", "output", "subfolder"])
def test_a_place_that_cannot_be_written(readable: Path, locked: str) -> None:
    """Root ignores permissions, so root tests as nobody."""
    (readable / "scans/album").mkdir()
    shutil.copy(readable / "scans/a.tif", readable / "scans/album/b.tif")
    out = readable / "scans-color"
    if locked != "parent":
        out.mkdir(0o755)
    if locked == "subfolder":
        out.chmod(0o777)
        (out / "album").mkdir(0o755)
    if os.geteuid() != 0:
        for place in {"parent": [readable], "output": [out], "subfolder": [out / "album"]}[locked]:
            place.chmod(0o555)
    command = [sys.executable, "-c", AS_NOBODY, str(NOBODY), "colorize", "scans", "--model", "null"]
    done = subprocess.run(command, cwd=readable, capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.OUTPUT_FAILED, done.stdout + done.stderr
    assert "Permission denied" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(readable.rglob("*.bwcolor-part"))
    if locked == "subfolder":
        ledger = Ledger(out)
        assert [(row.name, row.outcome) for row in ledger.entries()] == [("a.tif", Outcome.DONE)]


def start(
    *words: str, seconds: float = 0.4, stderr: int = subprocess.PIPE, stdout: int = subprocess.PIPE
) -> subprocess.Popen:
    """Start a run whose network takes some time for every photo but the first."""
    program = (
        "import sys, time\nfrom bwcolor.cli import wall\nfrom bwcolor.archive.stages import Stages\n"
        "network = Stages.network\n"
        f"def slow(self, pieces):\n    time.sleep({seconds} * (pieces[0].task.name != 'a.jpg'))\n"
        "    network(self, pieces)\n"
        "Stages.network = slow\nsys.exit(wall.run(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "colorize", "scans", "--model", "null", *words]
    return subprocess.Popen(command, stdout=stdout, stderr=stderr, text=True)


def wait_for_first(process: subprocess.Popen) -> None:
    said = []
    for line in process.stderr:
        said.append(line)
        if line.startswith("done:"):
            return
    pytest.fail("no photo was done: " + "".join(said))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_finishes_the_photos_in_work(scans: Path, number: int, code: int) -> None:
    for copy in range(20):
        shutil.copy(scans / "a.jpg", scans / f"copy{copy}.jpg")
    process = start("-v", "--json", "--jobs", "2")
    wait_for_first(process)
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == code
    summary = json.loads(out)
    assert summary["stopped"] == "interrupted"
    assert summary["done"] + summary["left"] == 23
    assert summary["left"] > 10
    ledger = Ledger(scans.with_name("scans-color"))
    assert {row.outcome for row in ledger.entries()} == {Outcome.DONE}
    assert len(list(ledger.entries())) == summary["done"]
    assert ledger.runs()[-1].outcome == "interrupted"


def test_a_second_signal_stops_at_once(scans: Path) -> None:
    for copy in range(20):
        shutil.copy(scans / "a.jpg", scans / f"copy{copy}.jpg")
    process = start("-v", "--jobs", "2", seconds=20)
    wait_for_first(process)
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED
    assert time.monotonic() - begun < 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_terminal_gets_a_bar(scans: Path) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    process = start(stderr=theirs)
    process.communicate(timeout=60)
    shown = os.read(ours, 100_000).decode()
    assert process.returncode == 0
    assert re.search(r"3/3 .*MP/s, 0 failed", shown)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_terminal_gets_each_failure_once(scans: Path) -> None:
    (scans / "broken.jpg").write_text("a text")
    (scans.with_name("scans-color")).mkdir()
    shutil.copy(scans / "b.png", "scans-color/b.png")  # of others, in the place of a copy
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    process = start(stderr=theirs, stdout=theirs, seconds=0)
    assert process.wait(timeout=60) == ExitCode.PHOTOS_FAILED
    shown = os.read(ours, 100_000).decode()
    assert len(re.findall(r"failed: broken\.jpg", shown)) == 1
    assert len(re.findall(r"failed: b\.png", shown)) == 1


def test_photos_in_color_have_a_row(colorize: Callable, scans: Path) -> None:
    hues = np.indices((60, 80)).sum(axis=0).astype(np.uint8)
    Image.merge("HSV", [Image.fromarray(plane) for plane in (hues, hues | 128, hues | 64)]).convert("RGB").save(
        scans / "color.png"
    )
    assert re.search(r"skipped +1 +in color already; see --if-color", colorize("scans").out)
    assert "skipped" not in colorize("scans").out
