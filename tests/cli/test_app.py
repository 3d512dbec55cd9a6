# SPDX-License-Identifier: Apache-2.0
"""The command line as a whole: help, version, settings, the wall."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from bwcolor import __version__
from bwcolor.cli import app as cli
from bwcolor.cli import wall
from bwcolor.errors import ExitCode, OutputError

COMMANDS = sorted(typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined]


def test_version(bwcolor: Callable) -> None:
    assert bwcolor("--version").out == f"bwcolor {__version__}\n"


def test_module_and_script_are_one() -> None:
    done = subprocess.run([sys.executable, "-m", "bwcolor", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"bwcolor {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_explained_and_the_help_ends_in_an_example(bwcolor: Callable, command: str) -> None:
    found = typer.main.get_command(cli.app).commands[command]  # type: ignore[attr-defined]
    unexplained = [option.name for option in found.params if not option.help]
    assert not unexplained
    assert re.search(r"Examples?:\n(\n|    bwcolor .*(\n|$))+\Z", found.help), found.help
    done = bwcolor(command, "--help")
    assert done.code == 0
    assert f"bwcolor {command} " in done.out


def examples() -> list[tuple[str, str]]:
    """Return (command, example) of every example that a help text ends in."""
    found = []
    for name in COMMANDS:
        text = typer.main.get_command(cli.app).commands[name].help  # type: ignore[attr-defined]
        found += [(name, line.strip()) for line in text.split("Example")[-1].splitlines() if "bwcolor " in line]
    return found


@pytest.mark.parametrize(("command", "example"), examples())
def test_every_example_is_understood(command: str, example: str) -> None:
    """Each example's words are known options with possible values; the commands' own tests run them."""
    program, name, *words = shlex.split(example)
    assert program == "bwcolor"
    found = typer.main.get_command(cli.app).commands[name]  # type: ignore[attr-defined]
    found.make_context(name, words, resilient_parsing=False)


@pytest.mark.parametrize("words", [("nosuch",), ("colorize", "--nosuch"), ("colorize", "x", "--limit", "many")])
def test_wrong_words_are_wrong_use(bwcolor: Callable, words: tuple[str, ...]) -> None:
    done = bwcolor(*words)
    assert (done.code, done.out) == (ExitCode.USAGE, "")
    assert done.err


def test_settings_file_then_environment_then_flags(
    bwcolor: Callable, scans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def model_tried(*words: str) -> str:
        return re.search(r"no model '(.+)'", bwcolor("colorize", scans, *words).err)[1]

    Path("bwcolor.toml").write_text('[colorize]\nmodel = "of-the-file"\n')
    assert model_tried() == "of-the-file"
    monkeypatch.setenv("BWCOLOR_MODEL", "of-the-environment")
    assert model_tried() == "of-the-environment"
    assert model_tried("--model", "of-the-flag") == "of-the-flag"


def test_another_settings_file(bwcolor: Callable, scans: Path) -> None:
    Path("mine.toml").write_text('model = "nosuch"')
    assert "'nosuch'" in bwcolor("--config", "mine.toml", "colorize", scans).err
    done = bwcolor("--config", "gone.toml", "colorize", scans)
    assert (done.code, "gone.toml cannot be read" in done.err) == (ExitCode.USAGE, True)


def test_a_wrong_value_in_the_settings_is_wrong_use(bwcolor: Callable, scans: Path) -> None:
    Path("bwcolor.toml").write_text('limit = "many"')
    assert bwcolor("colorize", scans).code == ExitCode.USAGE
    Path("bwcolor.toml").write_text("limmit = 3")
    done = bwcolor("colorize", scans)
    assert (done.code, "Did you mean limit?" in done.err) == (ExitCode.USAGE, True)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (OutputError("The disk is full.", "Make room."), 6, "bwcolor: error: The disk is full.\n  Make room.\n"),
        (KeyboardInterrupt(), 130, ""),
        (ZeroDivisionError("oh"), 1, "bwcolor: defect: ZeroDivisionError: oh\n"),
        (typer.Exit(3), 3, ""),
    ],
)
def test_the_wall(
    bwcolor: Callable, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, said: str
) -> None:
    import bwcolor.archive.run as run

    def failing(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(run, "colorize", failing)
    done = bwcolor("colorize", "scans")
    assert done.code == code
    assert done.err.startswith(said)
    assert "Traceback" not in done.err


def test_an_error_about_a_name_that_is_no_utf8_can_be_said(bwcolor: Callable, tmp_path: Path) -> None:
    done = bwcolor("colorize", tmp_path / os.fsdecode(b"caf\xe9"))
    assert done.code == ExitCode.NOTHING_TO_DO
    assert "caf?" in done.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGTERM")
def test_sigterm_runs_what_must_be_run(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom bwcolor.cli import wall\nimport bwcolor.archive.run as run\n"
        "def slow(*a):\n    try:\n        print('on', flush=True); time.sleep(30)\n"
        "    finally:\n        print('tidied', flush=True)\n"
        "run.colorize = slow\nsys.exit(wall.run(['colorize', 'x']))"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "on\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=20)[0] == "tidied\n"
    assert process.returncode == ExitCode.TERMINATED


def test_who_reads_our_output_may_stop_reading() -> None:
    program = "import sys; from bwcolor.cli import wall; sys.exit(wall.run(['--help']))"
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    process.wait()


def test_the_environment_of_libraries_is_set_and_yields_to_the_user() -> None:
    program = "import os, sys\nsys.argv = ['bwcolor', '--version']\nfrom bwcolor.__main__ import main\n"
    program += "try:\n    main()\nexcept SystemExit:\n    pass\n"
    program += "print(os.environ['OMP_WAIT_POLICY'], os.environ['ONEDNN_PRIMITIVE_CACHE_CAPACITY'])"
    plain = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    for given, expected in (({}, "PASSIVE 64"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE 64")):
        done = subprocess.run(
            [sys.executable, "-c", program], env=plain | given, capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] == expected


def test_wall_run_is_for_any_thread() -> None:
    import threading

    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(wall.run(["--version"])))
    thread.start()
    thread.join()
    assert codes == [0]
