# SPDX-License-Identifier: Apache-2.0
"""`bwcolor colorize --reference`: another photograph's palette."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bwcolor.archive.ledger import Ledger
from bwcolor.errors import ExitCode

WORDS = ("colorize", "scans/b.png", "--model", "null", "--out", "out")


@pytest.fixture
def blue(scans: Path) -> str:
    shades = np.linspace(0, 255, 64).astype(np.uint8)[None].repeat(48, 0)
    Image.fromarray(np.stack([shades // 3, shades[::, ::-1], np.full_like(shades, 220)], -1)).save("blue.png")
    return "blue.png"


def mean_color() -> np.ndarray:
    return np.asarray(Image.open("out/b.png")).astype(float).mean(axis=(0, 1))


def test_the_palette_comes_near_and_is_part_of_the_key(bwcolor: Callable, scans: Path, blue: str) -> None:
    assert bwcolor(*WORDS).code == 0
    plain, before = Ledger(Path("out")).entry("b.png"), mean_color()
    words = (*WORDS, "--reference", blue)
    assert json.loads(bwcolor(*words, "--json").out)["outdated"] == 1
    assert json.loads(bwcolor(*words, "--json", "--overwrite").out)["done"] == 1
    moved = mean_color() - before
    assert moved[2] > moved[0] + 5
    led = Ledger(Path("out")).entry("b.png")
    assert led.key != plain.key
    assert json.loads(led.options)["reference"] == hashlib.sha256(Path(blue).read_bytes()).hexdigest()
    assert json.loads(bwcolor(*words, "--json").out)["already_done"] == 1
    # another name is the same photograph
    Path(blue).rename("moved.png")
    assert json.loads(bwcolor(*WORDS, "--reference", "moved.png", "--json").out)["already_done"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--reference", "scans/a.jpg"), "has no colors"),
        (("--reference", "gone.png"), "cannot be read"),
        (("--reference", "blue.png", "--model", "eccv16", "--as-published"), "know no reference"),
    ],
)
def test_what_is_refused_before_any_work(
    bwcolor: Callable, scans: Path, blue: str, words: tuple[str, ...], said: str
) -> None:
    for more in ((), ("--dry-run",)):
        done = bwcolor(*WORDS, *words, *more)
        assert (done.code, said in done.err) == (ExitCode.USAGE, True), done.err
    assert not Path("out").exists()
