# SPDX-License-Identifier: Apache-2.0
"""What every test shares: one thread each, a clean environment, outside witnesses, real photographs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Before torch and OpenCV are imported, here and in every process that a test starts: tests run side by side.
os.environ.update(OMP_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE", OPENCV_FOR_THREADS_NUM="1")
# Plain output of one width, whatever terminal the tests are started from.
os.environ.update(NO_COLOR="1", TERM="dumb", COLUMNS="120")

KEPT = ("BWCOLOR_PHOTOS",)


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("BWCOLOR_") and name not in KEPT]:
        monkeypatch.delenv(name)


@pytest.fixture
def witness() -> Callable[[str], str]:
    """Return a finder of outside programs; a missing one fails where CI is set, and skips elsewhere."""

    def find(program: str) -> str:
        found = shutil.which(program)
        if found is None and os.environ.get("CI"):
            pytest.fail(f"{program} is not installed, and CI runs every check.")
        if found is None:
            pytest.skip(f"{program} is not installed")
        return found

    return find


@pytest.fixture(scope="session")
def photos() -> Path:
    """Return the folder of photographs that BWCOLOR_PHOTOS names, or the one beside the checkout."""
    named = os.environ.get("BWCOLOR_PHOTOS")
    folder = Path(named) if named else ROOT.parent / "shared" / "photos"
    if not folder.is_dir():
        pytest.skip(f"no photographs at {folder}; name a folder in BWCOLOR_PHOTOS")
    return folder
