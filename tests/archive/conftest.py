# SPDX-License-Identifier: Apache-2.0
"""Folders of small grainy gray scans, and jobs for the model that needs no weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from small_scans import NAMES, make_scan

from bwcolor.archive.job import ColorOptions, Job
from bwcolor.archive.plan import Request


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Return a folder of four scans and a file that is none."""
    folder = tmp_path / "scans"
    for seed, name in enumerate(NAMES):
        make_scan(folder / name, seed)
    (folder / "notes.txt").write_text("no photo")
    return folder


@pytest.fixture
def job(scans: Path) -> Callable[..., Job]:
    """Return a maker of jobs over the scans; keywords of a job, of its request or of its colors."""

    def make(*paths: Path, **wishes: object) -> Job:
        def fields(kind: type) -> dict[str, object]:
            return {name: wishes[name] for name in wishes if name in kind.__dataclass_fields__}  # type: ignore[attr-defined]

        request = Request(**{"paths": paths or (scans,), **fields(Request)})
        return Job(request, ColorOptions(**{"model": "null", **fields(ColorOptions)}), **{"jobs": 2, **fields(Job)})

    return make
