# SPDX-License-Identifier: Apache-2.0
"""The command line in this process, and small scans."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bwcolor.cli import wall


@dataclass(frozen=True)
class Done:
    """What a command left."""

    code: int
    out: str
    err: str


@pytest.fixture
def bwcolor(capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Return a runner of command lines behind the one wall."""

    def run(*words: str | os.PathLike[str]) -> Done:
        capfd.readouterr()
        code = wall.run([os.fspath(word) for word in words])
        return Done(code, *capfd.readouterr())

    return run


@pytest.fixture
def scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of three gray scans, in the working directory."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name in ("a.jpg", "b.png", "album/c.jpg"):
        path = tmp_path / "scans" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        ramp = np.linspace(20, 230, 60 * 80).reshape(60, 80) + rng.normal(0, 4, (60, 80))
        Image.fromarray(ramp.clip(0, 255).astype(np.uint8)).save(path)
    return tmp_path / "scans"
