# SPDX-License-Identifier: Apache-2.0
"""Plans: what is found, where the copies go, what is refused before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from bwcolor.archive.job import Job
from bwcolor.archive.plan import Plan, Request, make_plan
from bwcolor.archive.walk import LEDGER_NAME, STATE_FOLDER
from bwcolor.errors import NothingToDoError, UsageError


def grow(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def plan(*paths: Path, format: str = "keep", **wishes: object) -> Plan:
    request = Request(paths=paths, **wishes)  # type: ignore[arg-type]
    return make_plan(request, Job(request, format=format).suffixes())


def targets(made: Plan, root: Path) -> dict[str, str]:
    return {task.name: task.target.relative_to(root).as_posix() for task in made.tasks}


def test_a_folder_is_mirrored_beside_it(tmp_path: Path) -> None:
    grow(tmp_path / "scans", "b.jpg", "a/c.TIF", "notes.txt", "Thumbs.db", "more.txt")
    made = plan(tmp_path / "scans")
    assert targets(made, tmp_path) == {"b.jpg": "scans-color/b.jpg", "a/c.TIF": "scans-color/a/c.TIF"}
    assert made.left_alone == {".txt": 2, ".db": 1}


def test_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(grow(tmp_path / "scans", "b.jpg"))
    assert targets(plan(Path()), tmp_path) == {"b.jpg": "scans-color/b.jpg"}


def test_single_files_and_several_folders_have_their_own_outputs(tmp_path: Path) -> None:
    grow(tmp_path, "album/a.jpg", "album/b.jpg", "x/c.jpg", "y/c.jpg")
    made = plan(tmp_path / "album" / "a.jpg", tmp_path / "x", tmp_path / "y")
    assert [str(task.target.relative_to(tmp_path)) for task in made.tasks] == [
        "album-color/a.jpg",
        "x-color/c.jpg",
        "y-color/c.jpg",
    ]
    assert len(made.outs) == 3


def test_several_folders_keep_their_names_in_one_output(tmp_path: Path) -> None:
    grow(tmp_path, "x/c.jpg", "y/c.jpg", "z.jpg")
    made = plan(tmp_path / "x", tmp_path / "y", tmp_path / "z.jpg", out=tmp_path / "out")
    assert targets(made, tmp_path / "out") == {"x/c.jpg": "x/c.jpg", "y/c.jpg": "y/c.jpg", "z.jpg": "z.jpg"}


def test_a_file_named_twice_is_done_once(tmp_path: Path) -> None:
    grow(tmp_path, "x/c.jpg")
    assert len(plan(tmp_path / "x", tmp_path / "x", out=tmp_path / "out").tasks) == 1


def test_formats_and_suffixes_of_names(tmp_path: Path) -> None:
    grow(tmp_path / "s", "a.jpg", "b.png", "c.TIFF")
    made = plan(tmp_path / "s", format="tiff", suffix="_color")
    assert [task.target.name for task in made.tasks] == ["a_color.tif", "b_color.tif", "c_color.TIFF"]


def test_limit_and_sample(tmp_path: Path) -> None:
    grow(tmp_path / "s", *(f"{number:03}.jpg" for number in range(100)))
    assert [task.name for task in plan(tmp_path / "s", limit=2).tasks] == ["000.jpg", "001.jpg"]
    drawn = [[task.name for task in plan(tmp_path / "s", sample=10, seed=seed).tasks] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) == 10
    assert drawn[0] == sorted(drawn[0])


def test_list_of_files(tmp_path: Path) -> None:
    grow(tmp_path / "s", "a.jpg", "deep/b.jpg", "deep/c.jpg")
    made = plan(tmp_path / "s", files_from=("deep/b.jpg", str(tmp_path / "s" / "a.jpg"), "gone.jpg"))
    assert targets(made, tmp_path) == {"a.jpg": "s-color/a.jpg", "deep/b.jpg": "s-color/deep/b.jpg"}
    assert [path.name for path, _ in made.unreadable] == ["gone.jpg"]
    alone = plan(files_from=(str(tmp_path / "s" / "a.jpg"),))
    assert targets(alone, tmp_path) == {"a.jpg": "s-color/a.jpg"}


def test_hints_beside_a_scan_are_hints_and_no_photos(tmp_path: Path) -> None:
    grow(tmp_path / "s", "a.jpg", "a.hints.png", "b.jpg", "b.jpg.hints.json", "c.jpg")
    made = plan(tmp_path / "s")
    assert [task.hints and task.hints.name for task in made.tasks] == ["a.hints.png", "b.jpg.hints.json", None]


@pytest.mark.parametrize("out", ["s/color", "s"])
def test_output_inside_the_input_is_refused(tmp_path: Path, out: str) -> None:
    grow(tmp_path / "s", "a.jpg")
    with pytest.raises(UsageError, match="input") as refusal:
        plan(tmp_path / "s", out=tmp_path / out)
    assert "s-color" in refusal.value.hint


def test_output_of_an_earlier_run_inside_the_input_is_left_out(tmp_path: Path) -> None:
    grow(tmp_path / "s", "a.jpg", "color/a.jpg", f"color/{STATE_FOLDER}/{LEDGER_NAME}")
    made = plan(tmp_path / "s", out=tmp_path / "s" / "color")
    assert targets(made, tmp_path) == {"a.jpg": "s/color/a.jpg"}
    assert made.outputs == (tmp_path / "s" / "color",)


def test_an_output_is_no_input(tmp_path: Path) -> None:
    grow(tmp_path / "s-color", "a.jpg", f"{STATE_FOLDER}/{LEDGER_NAME}")
    with pytest.raises(UsageError, match="output of an earlier run"):
        plan(tmp_path / "s-color")


def test_collisions_are_named_before_work(tmp_path: Path) -> None:
    grow(tmp_path / "s", "a.jpg", "a.tif", "b.jpg")
    with pytest.raises(UsageError, match=r"a\.jpg and a\.tif"):
        plan(tmp_path / "s", format="png")


def test_names_that_differ_in_case_collide_where_the_disk_ignores_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(tmp_path / "s", "a.jpg", "A.jpg", "b\u0301.jpg", "\u1e03.jpg")
    assert len(plan(tmp_path / "s").tasks) == 4
    monkeypatch.setattr("bwcolor.archive.targets._ignores_case", lambda out: True)
    with pytest.raises(UsageError, match=r"A\.jpg and a\.jpg"):
        plan(tmp_path / "s")


def test_a_scan_is_never_a_target(tmp_path: Path) -> None:
    grow(tmp_path / "s", "a.jpg")
    with pytest.raises(UsageError, match="would overwrite the scan"):
        plan(tmp_path / "s" / "a.jpg", out=tmp_path / "s")
    assert targets(plan(tmp_path / "s" / "a.jpg", out=tmp_path / "s", suffix="_color"), tmp_path) == {
        "a.jpg": "s/a_color.jpg"
    }


@pytest.mark.parametrize("names", [(), ("notes.txt",)])
def test_nothing_to_do(tmp_path: Path, names: tuple[str, ...]) -> None:
    (tmp_path / "s").mkdir()
    grow(tmp_path / "s", *names)
    with pytest.raises(NothingToDoError, match="no photos"):
        plan(tmp_path / "s")


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(NothingToDoError, match="There is no"):
        plan(tmp_path / "gone")
