# SPDX-License-Identifier: Apache-2.0
"""Walking folders: one order, no hidden files, no loops, no outputs, any name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bwcolor.archive.walk import LEDGER_NAME, STATE_FOLDER, Walked, selector, walk


def grow(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names(root: Path, met: Walked | None = None) -> list[str]:
    return [path.relative_to(root).as_posix() for path in walk(root, met or Walked())]


def test_sorted_files_before_folders_hidden_left_out(tmp_path: Path) -> None:
    grow(tmp_path, "b/z.jpg", "b/a.jpg", "a/x.jpg", "z.jpg", "B.jpg", ".hidden.jpg", ".git/x.jpg")
    assert names(tmp_path) == ["B.jpg", "z.jpg", "a/x.jpg", "b/a.jpg", "b/z.jpg"]


def test_loops_of_links_end_and_no_folder_is_entered_twice(tmp_path: Path) -> None:
    grow(tmp_path, "a/x.jpg")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    assert names(tmp_path) == ["gone.jpg", "a/x.jpg"]


def test_outputs_of_earlier_runs_are_left_out(tmp_path: Path) -> None:
    grow(tmp_path, "a/x.jpg", f"a-color/{STATE_FOLDER}/{LEDGER_NAME}", "a-color/x.jpg")
    met = Walked()
    assert names(tmp_path, met) == ["a/x.jpg"]
    assert met.outputs == [tmp_path / "a-color"]


@pytest.mark.parametrize("name", ["line\nbreak.jpg", "[brackets].jpg", "spa ce.jpg", "x" * 251 + ".jpg", "ünïcode.jpg"])
def test_any_name(tmp_path: Path, name: str) -> None:
    grow(tmp_path, name)
    assert names(tmp_path) == [name]


def test_name_that_is_no_utf8(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    Path(os.fsdecode(raw)).write_bytes(b"x")
    assert [os.fsencode(path) for path in walk(tmp_path, Walked())] == [raw]


def test_a_folder_that_vanished_is_told(tmp_path: Path) -> None:
    met = Walked()
    assert list(walk(tmp_path / "gone", met)) == []
    assert met.unreadable == [(tmp_path / "gone", "No such file or directory")]


def test_patterns() -> None:
    selected = selector(("*.jpg", "box 1/*"), ("*_web.jpg", "trash/*"))
    assert [selected(name) for name in ("a.jpg", "deep/a.jpg", "box 1/a/b.tif", "a.tif")] == [True, True, True, False]
    assert [selected(name) for name in ("a_web.jpg", "deep/a_web.jpg", "trash/a.jpg")] == [False] * 3
    assert selector((), ())("anything")
