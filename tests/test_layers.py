# SPDX-License-Identifier: Apache-2.0
"""Imports point down the layers only, and the command line starts without the heavy libraries."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "bwcolor"

# Rooms by layer: a module may import from lower layers and from its own room. Layer 0 are the words everybody may use,
# of which the others use those of errors.
LAYERS = {
    "errors": 0,
    "config": 0.5,
    "database": 0.5,
    "interrupts": 0.5,
    "color": 1,
    "models": 2,
    "photo": 2,
    "colorizer": 3,
    "metrics": 3,
    "pages": 3,
    "archive": 4,
    "training": 4,
    "evaluation": 4,
    "turing": 4,
    "cli": 5,
    "__main__": 6,
}
HEAVY = ("torch", "cv2", "tifffile", "imagecodecs", "safetensors")
START_SECONDS = 0.3


def room_of(module: str) -> str:
    """Return the room of a dotted module name: "bwcolor.color.bins" -> "color"; "" for the package itself."""
    return module.split(".")[1] if "." in module else ""


def imports_of(path: Path) -> list[tuple[int, str]]:
    """Return (line, dotted module) of every import of bwcolor in a file, those inside functions too."""
    package = ["bwcolor", *path.relative_to(PACKAGE).parts[:-1]]
    found = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "bwcolor" else [module]
            found += [(node.lineno, name) for name in names]
    return [(line, name) for line, name in found if name.split(".")[0] == "bwcolor"]


def test_every_room_has_a_layer() -> None:
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")}
    assert rooms - {"__init__"} <= set(LAYERS)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room == "__init__":
        return  # the public face names what it hands out, and imports it when asked (see below)
    wrong = [
        f"{path.name}:{line} imports {name}"
        for line, name in imports_of(path)
        if room_of(name) not in ("", "__version__", room) and LAYERS.get(room_of(name), 99) >= LAYERS[room]
    ]
    assert not wrong


def test_a_wrong_import_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    room = tmp_path / "color"
    room.mkdir()
    module = room / "upward.py"
    module.write_text(
        "def f():\n    from bwcolor.photo import Photo\n    from ..models import table\n    import bwcolor.cli\n"
    )
    assert [name for _, name in imports_of(module)] == ["bwcolor.photo", "bwcolor.models", "bwcolor.cli"]
    with pytest.raises(AssertionError, match=r"upward\.py:2"):
        test_imports_point_down(module)


def loaded_after(*arguments: str) -> tuple[set[str], float]:
    """Return the modules that a command leaves loaded, and its seconds, start of Python included.

    Processor seconds, where the system tells them: others at work on the machine do not count, and one thread waits for
    nobody.
    """
    program = (
        "import json, sys\n"
        f"sys.argv = ['bwcolor', *{arguments!r}]\n"
        "from bwcolor.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "sys.stderr.write('\\nLOADED ' + json.dumps(sorted(sys.modules)))\n"
    )
    before, begun = os.times(), time.perf_counter()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    after, wall = os.times(), time.perf_counter() - begun
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return set(json.loads(done.stderr.rpartition("LOADED ")[2])), used or wall


@pytest.mark.parametrize("arguments", [("--help",), ("colorize", "--help"), ("colorize", ".", "--model", "nosuch")])
def test_starts_without_heavy_libraries(arguments: tuple[str, ...]) -> None:
    loaded, _ = loaded_after(*arguments)
    assert not loaded & set(HEAVY)


def test_package_import_is_light() -> None:
    program = "import sys, bwcolor; dir(bwcolor); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {*HEAVY, "numpy", "typer", "rich"}


def test_help_is_quick() -> None:
    assert min(loaded_after("--help")[1] for _ in range(4)) < START_SECONDS
