# SPDX-License-Identifier: Apache-2.0
"""The wheel holds what a user needs and nothing else, and colorizes without a network."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import Image

from bwcolor import __version__
from bwcolor.models.table import MODELS

ROOT = Path(__file__).resolve().parent.parent

INFO = f"bwcolor-{__version__}.dist-info"
BELONGS = re.compile(
    rf"bwcolor/([a-z_]+/)*[a-z_0-9]+\.py|bwcolor/py\.typed|bwcolor/weights/[\w.-]+\.(safetensors|md)"
    r"|bwcolor/(pages/review|turing)/[\w-]+\.(html|css|js)"
    r"|bwcolor/photo/srgb\.icc|bwcolor/metrics/(lpips_v0\.1\.safetensors|LICENSE\.lpips)"
    rf"|bwcolor-{re.escape(__version__)}\.data/data/share/man/man1/bwcolor(-[a-z]+)*\.1"
    rf"|{re.escape(INFO)}/(METADATA|WHEEL|RECORD|entry_points\.txt|licenses/(LICENSE|NOTICE))"
)

# Run before bwcolor: whatever wants a connection fails.
OFFLINE = """
import socket, sys

def refuse(*arguments, **options):
    raise OSError("the test allows no network")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from bwcolor.__main__ import main
main()
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build wheel and source distribution and return their folder."""
    target = tmp_path_factory.mktemp("dist")
    command = [
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--sdist",
        "--wheel",
        "--outdir",
        str(target),
        str(ROOT),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """Return the one wheel."""
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """Return a small gray scan in a folder of its own."""
    path = tmp_path / "scans" / "scan.png"
    path.parent.mkdir()
    Image.fromarray(np.linspace(0, 255, 96 * 64).astype(np.uint8).reshape(64, 96)).save(path)
    return path


def assert_colored(path: Path) -> None:
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    assert pixels.shape == (64, 96, 3)
    assert (np.ptp(pixels, axis=2) > 0).mean() > 0.5


def test_wheel_is_pure_and_holds_only_what_belongs(wheel: Path) -> None:
    assert wheel.name == f"bwcolor-{__version__}-py3-none-any.whl"
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if not BELONGS.fullmatch(name)] == []
    modules = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src").rglob("*.py")}
    assert {"bwcolor/py.typed", *modules} <= set(names)


def test_wheel_holds_the_man_pages(wheel: Path) -> None:
    pages = {path.name for path in (ROOT / "man").glob("*.1")}
    assert "bwcolor.1" in pages
    assert pages == {Path(name).name for name in zipfile.ZipFile(wheel).namelist() if "/man1/" in name}


@pytest.mark.parametrize("row", [row for row in MODELS.values() if row.weights], ids=lambda row: row.name)
def test_wheel_holds_the_pinned_weights_with_a_card(wheel: Path, row: object) -> None:
    archive = zipfile.ZipFile(wheel)
    content = archive.read(f"bwcolor/weights/{row.weights}")  # type: ignore[attr-defined]
    assert hashlib.sha256(content).hexdigest() == row.sha256  # type: ignore[attr-defined]
    card = archive.read(f"bwcolor/weights/{Path(row.weights).with_suffix('.md')}").decode()  # type: ignore[attr-defined]
    assert row.sha256 in card  # type: ignore[attr-defined]
    assert f"`{row.name}`" in card  # type: ignore[attr-defined]


def test_metadata(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    metadata = Parser().parsestr(archive.read(f"{INFO}/METADATA").decode())
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    needs = [need for need in metadata.get_all("Requires-Dist") if "extra ==" not in need]
    assert not [need for need in needs if "==" in need], "a user's own versions must be able to fit"
    names = {re.match(r"[\w-]+", need)[0] for need in needs}  # type: ignore[index]
    assert "opencv-python-headless" in names
    assert not names & {"opencv-python", "scikit-image", "pytest"}
    assert "train" in metadata.get_all("Provides-Extra")
    assert "bwcolor = bwcolor.__main__:main" in archive.read(f"{INFO}/entry_points.txt").decode()


def test_readme_names_every_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [extra for extra in project["optional-dependencies"] if f"| `{extra}` |" not in readme] == []


def test_constraints_pin_a_version_in_range_of_everything_named() -> None:
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project, groups = content["project"], content["dependency-groups"]
    lists = [project["dependencies"], *project["optional-dependencies"].values(), *groups.values()]
    named = [need for each in lists for need in each if isinstance(need, str)]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    pins = {canonicalize_name(name): version for name, version in pins.items()}
    needs = [Requirement(need) for need in named]
    assert [need.name for need in needs if canonicalize_name(need.name) not in pins] == []
    assert [str(need) for need in needs if pins[canonicalize_name(need.name)] not in need.specifier] == []
    assert not [version for version in pins.values() if "+" in version], "builds for one platform are the user's choice"


def test_source_distribution_builds_and_tests_elsewhere(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "constraints.txt", "Makefile", "README.md", "LICENSE", "NOTICE", "man/bwcolor.1"} <= names
    assert {"scripts/check", "tests/test_packaging.py", "src/bwcolor/py.typed"} <= names
    assert not [name for name in names if name.startswith((".venv", "demo/", "runs/", "dist/"))]


def test_wheel_colorizes_offline(wheel: Path, scan: Path, tmp_path: Path) -> None:
    """The files of the wheel, and they alone, colorize with the default model where nothing can be fetched."""
    unpacked = tmp_path / "unpacked"
    zipfile.ZipFile(wheel).extractall(unpacked)
    out = tmp_path / "out"
    program = f"import bwcolor; assert bwcolor.__file__.startswith({str(unpacked)!r})\n" + OFFLINE
    done = subprocess.run(
        [sys.executable, "-c", program, "colorize", str(scan.parent), "--out", str(out)],
        env={**os.environ, "PYTHONPATH": str(unpacked), "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert_colored(out / "scan.png")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_installed_wheel_colorizes_offline(wheel: Path, scan: Path, tmp_path: Path) -> None:
    """The whole way of a user: a new virtual environment, pip, the command, the man page."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home)}
    subprocess.run([sys.executable, "-m", "venv", str(home / "venv")], env=environment, check=True)
    bin_folder = home / "venv" / ("Scripts" if os.name == "nt" else "bin")
    install = [str(bin_folder / "python"), "-m", "pip", "install", "--quiet", "-c", str(ROOT / "constraints.txt")]
    subprocess.run([*install, str(wheel)], env=environment, cwd=home, check=True)
    assert (home / "venv" / "share" / "man" / "man1" / "bwcolor.1").is_file()

    command = [str(bin_folder / "bwcolor"), "colorize", str(scan.parent)]
    subprocess.run(command, env=environment, cwd=home, check=True)
    assert_colored(scan.parent.with_name("scans-color") / "scan.png")

    program = [str(bin_folder / "python"), "-c", OFFLINE, "colorize", str(scan.parent), "--out", str(home / "offline")]
    subprocess.run(program, env=environment, cwd=home, check=True)
    assert_colored(home / "offline" / "scan.png")
