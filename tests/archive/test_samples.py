# SPDX-License-Identifier: Apache-2.0
"""Several colorings of each photo: where they lie, what tells them apart, and what goes on as ever."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_plan import grow, plan

from bwcolor.archive.job import Job
from bwcolor.archive.ledger import Ledger
from bwcolor.archive.run import colorize, look_ahead
from bwcolor.archive.settle import State
from bwcolor.archive.verify import verify
from bwcolor.errors import UsageError
from bwcolor.photo import read_photo
from bwcolor.photo.provenance import mark_of

QUICK = {"model": "classify", "working_size": 32, "quality": "fast"}
Maker = Callable[..., Job]


def test_each_sample_is_a_folder_beside_the_likeliest_colors(tmp_path: Path) -> None:
    grow(tmp_path / "scans", "b.jpg", "a/c.TIF", "a/c.txt")
    made = plan(tmp_path / "scans", samples=2)
    assert [str(task.target.relative_to(tmp_path)) for task in made.tasks] == [
        "scans-color-sample-1/b.jpg",
        "scans-color-sample-2/b.jpg",
        "scans-color-sample-1/a/c.TIF",
        "scans-color-sample-2/a/c.TIF",
    ]
    assert [task.sample for task in made.tasks] == [1, 2, 1, 2]
    assert [out.name for out in made.outs] == ["scans-color-sample-1", "scans-color-sample-2"]
    assert [str(copy.relative_to(tmp_path)) for _, copy in made.sidecars] == [
        "scans-color-sample-1/a/c.txt",
        "scans-color-sample-2/a/c.txt",
    ]


def test_the_seed_says_which_come_next(tmp_path: Path) -> None:
    grow(tmp_path / "scans", "b.jpg")
    made = plan(tmp_path / "scans" / "b.jpg", samples=2, seed=4, out=tmp_path / "x")
    assert {task.sample: task.out.name for task in made.tasks} == {5: "x-sample-5", 6: "x-sample-6"}


def test_no_sample_lies_among_the_scans(tmp_path: Path, job: Maker, scans: Path) -> None:
    colorize(job(out=scans.with_name("done")))
    inside = scans / "old"
    scans.with_name("done").rename(inside)  # an earlier run's, and so allowed
    assert plan(scans, out=inside).outs == (inside,)
    with pytest.raises(UsageError, match="old-sample-1 lies inside the input"):
        plan(scans, out=inside, samples=1)


def test_two_photos_on_one_place_are_found(tmp_path: Path) -> None:
    grow(tmp_path, "x/a.jpg", "x-color-sample-1/a.jpg")
    with pytest.raises(UsageError, match="would overwrite the scan"):
        plan(tmp_path / "x", tmp_path / "x-color-sample-1", samples=1)


def entry_of(out: Path, name: str) -> object:
    ledger = Ledger(out)
    try:
        return ledger.entry(name)
    finally:
        ledger.close()


def test_samples_are_runs_like_any_other(job: Maker, scans: Path) -> None:
    """They differ, say which they are, are verified, and are not made twice."""
    one = scans / "b.png"
    wish = job(one, samples=2, **QUICK)
    assert colorize(wish).done == 2
    outs = [scans.with_name(f"scans-color-sample-{number}") for number in (1, 2)]
    pictures = [np.asarray(Image.open(out / "b.png")).astype(int) for out in outs]
    assert np.abs(pictures[0] - pictures[1]).max() > 3
    assert [mark_of(read_photo(out / "b.png").metadata.xmp).options["sample"] for out in outs] == [1, 2]
    rows = [entry_of(out, "b.png") for out in outs]
    assert [json.loads(row.options)["sample"] for row in rows] == [1, 2]
    assert rows[0].key != rows[1].key
    assert [verify(out).findings for out in outs] == [[], []]
    assert look_ahead(wish)[1].states == {State.DONE: 2}
    assert colorize(wish).settled.states == {State.DONE: 2}
    more = look_ahead(replace(wish, request=replace(wish.request, samples=3)))[1]
    assert more.states == {State.DONE: 2, State.NEW: 1}


def test_a_sample_is_not_the_likeliest_coloring(job: Maker, scans: Path) -> None:
    """A folder of a sample, taken as --out, holds copies of other options."""
    one, out = scans / "b.png", scans.with_name("scans-color-sample-1")
    colorize(job(one, samples=1, **QUICK))
    assert look_ahead(job(one, out=out, **QUICK))[1].states == {State.OUTDATED: 1}


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"model": "null"}, "null knows one coloring"),
        ({"model": "siggraph17"}, "siggraph17 knows one coloring"),
        ({"model": "gan+classify"}, r"gan\+classify knows one coloring"),
        ({"model": "eccv16", "as_published": True}, "A published pipeline knows one coloring"),
    ],
)
def test_networks_without_a_distribution_are_refused_before_any_work(job: Maker, wish: dict, said: str) -> None:
    for start in (colorize, look_ahead):
        with pytest.raises(UsageError, match=said):
            start(job(samples=2, **wish))
