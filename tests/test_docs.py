# SPDX-License-Identifier: Apache-2.0
"""README, manual pages and help texts say what the program does: examples run, options compared, tables made anew."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import make_man
import make_readme
import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from bwcolor.cli import wall
from bwcolor.cli.app import app
from bwcolor.errors import ExitCode
from bwcolor.models.trunk import Gan
from bwcolor.models.weights import write_state
from bwcolor.turing.study import Request, begin

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = dict(make_man.walk(typer.main.get_command(app)))
LEAVES = {name: command for name, command in COMMANDS.items() if not getattr(command, "commands", {})}

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*[a-z0-9]")
FENCE = re.compile(r"(<!-- not run[^>]*-->\n)?```(\w*)\n(.*?)```", re.DOTALL)

# What the examples speak of
SCANS = (
    "scans/1912/harbor.jpg",
    "scans/a.jpg",
    "scans/harbor.jpg",
    "scans/wedding.tif",
    "letters/portrait.jpg",
    "album/a.jpg",
    "album/b.tif",
)

# What an example is run with: the model without weights where that will do, and as little training as there can be.
QUICK = {
    "watch": "--model null --max-minutes 0.02",
    "train": "--steps 1 --batch-size 1 --crop-sizes 64 --evaluate-every 1 --held-out 2 --encoder scratch --threads 1",
}
SAMPLED = shlex.split("--model classify --working-size 32 --effort fast")

# Examples of these are held against the options only
NOT_RUN = {
    "bwcolor models download": "fetches files",
    "bwcolor models import": "wants fetched files",
    "bwcolor turing serve": "serves until it is stopped",
}


def option_names(command: Any) -> set[str]:
    """Return every long option of a command that is not hidden."""
    shown = [option for option in command.params if not getattr(option, "hidden", False)]
    return {name for option in shown for name in [*option.opts, *option.secondary_opts] if name.startswith("--")}


def help_of(name: str) -> str:
    """Return what `bwcolor ... --help` prints, without its boxes and with single spaces."""
    result = CliRunner().invoke(app, [*name.split()[1:], "--help"], prog_name="bwcolor", env={"COLUMNS": "400"})
    assert result.exit_code == 0, result.output
    return re.sub(r"[\s│╭╮╰╯─]+", " ", result.output)


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a language that are to be run."""
    return [body for skipped, kind, body in FENCE.findall(text) if kind == language and not skipped]


def command_lines(text: str) -> Iterator[str]:
    """Yield the command lines of bwcolor in a shell block or a help text, continued lines joined."""
    for line in text.replace("\\\n", " ").splitlines():
        words = line.strip().removeprefix("$ ").partition("  #")[0].strip()
        if words.startswith("bwcolor "):
            yield words


def test_manual_pages_are_fresh() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "man").glob("*.1")}
    assert there == make_man.pages(), "run python scripts/make_man.py"


def test_tables_of_the_readme_are_fresh() -> None:
    assert make_readme.fill(README)[1] == [], "run python scripts/make_readme.py"


@pytest.mark.parametrize("name", COMMANDS)
def test_help_and_manual_page_name_every_option(name: str) -> None:
    names = option_names(COMMANDS[name])
    page = make_man.pages()[f"{name.replace(' ', '-')}.1"].replace("\\-", "-")
    assert names <= set(OPTION.findall(help_of(name)))
    assert names <= set(OPTION.findall(page))


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_its_texts_whole(name: str) -> None:
    """Rich takes [words] in brackets for markup and drops them."""
    shown = help_of(name)
    for option in COMMANDS[name].params:
        assert " ".join((getattr(option, "help", None) or "").split()) in shown


@pytest.mark.parametrize("name", LEAVES)
def test_readme_names_every_command(name: str) -> None:
    assert re.search(rf"^{name}\b", README, re.MULTILINE) or re.search(rf"`{name}\b", " ".join(README.split()))


@pytest.mark.parametrize("name", LEAVES)
def test_help_ends_in_an_example(name: str) -> None:
    examples = re.split(r"^Examples?:\n", LEAVES[name].help or "", flags=re.MULTILINE)[-1]
    assert all(line.startswith(" ") for line in examples.splitlines() if line)
    assert any(line.startswith(name) for line in command_lines(examples))


def check_options(line: str) -> None:
    """Hold a command line against the commands and options that there are."""
    words = line.split()
    command = max((name for name in COMMANDS if words[: len(name.split())] == name.split()), key=len)
    assert command != "bwcolor" or words[1].startswith("-") or words[1].isupper(), line
    allowed = option_names(COMMANDS[command]) | option_names(COMMANDS["bwcolor"]) | {"--help"}
    assert set(OPTION.findall(line)) <= allowed, line


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_of_the_help_name_no_option_that_is_not_there(name: str) -> None:
    for line in command_lines(COMMANDS[name].help or ""):
        check_options(line)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_pages_name_no_option_that_is_not_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    spoken = [line for _, _, body in FENCE.findall(text) for line in command_lines(body)]
    spoken += re.findall(r"`(bwcolor [^`]+)`", text)
    for line in spoken:
        check_options(line)
    every = set.union(*map(option_names, COMMANDS.values())) | {"--help"}
    for name in re.findall(r"`(--[a-z0-9-]+)", text):
        assert name in every, name


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) + re.findall(r'src="([^"]+)"', text):
        if not re.match(r"\w+:", target):
            assert (page.parent / target).exists(), target


def test_contributing_names_files_that_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = [name for name in re.findall(r"`([\w/]+\.py|[\w/]+/\w+)`", text) if "NAME" not in name]
    assert len(named) > 8
    assert [name for name in named if not (ROOT / name).exists() and not (ROOT / "src/bwcolor" / name).exists()] == []


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working directory with what the examples speak of: scans, color photographs, predictions of others."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BWCOLOR_HOME", str(tmp_path / "home"))
    draw = np.random.default_rng(0)
    for path in (tmp_path / name for name in SCANS):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 256, (70, 90), dtype=np.uint8)).save(path)
    Image.fromarray(draw.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(tmp_path / "holiday.jpg")
    for folder in ("photos", "theirs"):
        (tmp_path / folder).mkdir()
        for number in range(6):
            pixels = draw.integers(0, 256, (80, 80, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / f"{number}.png")
    return tmp_path


def run_quickly(line: str) -> int:
    """Run a command line in this process with the network without weights, and return its exit code."""
    words = shlex.split(line)[1:]
    name = words[0]
    if name in QUICK:
        words += [] if "--resume" in words else shlex.split(QUICK[name])
    elif name in ("colorize", "eval", "compare"):
        words = [word for word in re.sub(r"--(model|weights)[ =]\S+", "", " ".join(words)).split() if word]
        # samples are drawn from a distribution, which that one has not
        words += SAMPLED if "--samples" in words else ["--model", "null"]
    return wall.run(words)


def test_examples_of_the_readme_run(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for block in blocks(README, "sh") for line in command_lines(block)]
    assert lines
    for line in lines:
        code = run_quickly(line)
        assert code == ExitCode.OK, f"{line}\n{capsys.readouterr().err}"


@pytest.mark.parametrize("name", [name for name in LEAVES if name not in NOT_RUN])
def test_examples_of_the_help_run(name: str, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if name != "bwcolor colorize":
        assert run_quickly("bwcolor colorize scans") == ExitCode.OK  # what most commands look back on
    if name == "bwcolor models join":
        for trained in ("a", "b"):
            Path("runs", trained).mkdir(parents=True)
            write_state(Gan().state_dict(), Path("runs", trained, "gan.safetensors"), {"model": "gan"})
    if name == "bwcolor turing report":
        begin(Path("turing-study"), Request(Path("photos"), (("theirs", Path("theirs")),), practice=1, vigilance=1))
    for line in command_lines(LEAVES[name].help or ""):
        code = run_quickly(line)
        assert code == ExitCode.OK, f"{line}\n{capsys.readouterr().err}"


def test_python_example_of_the_readme_runs(desk: Path) -> None:
    (example,) = blocks(README, "python")
    exec(compile(example, "README.md", "exec"), {})
    assert list(desk.rglob("*color*")), "the example writes a color copy"
