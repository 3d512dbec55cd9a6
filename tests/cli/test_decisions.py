# SPDX-License-Identifier: Apache-2.0
"""`bwcolor colorize --decisions`: what people decided on the review page is obeyed, once, and stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bwcolor.archive.ledger import Ledger
from bwcolor.archive.rows import Entry
from bwcolor.archive.verify import verify
from bwcolor.errors import ExitCode
from bwcolor.photo import read_photo
from bwcolor.photo.provenance import mark_of

QUICK = ("colorize", "scans", "--out", "out", "--model", "gan", "--working-size", "64", "--effort", "fast", "--json")
RED = {"points": [{"x": 40, "y": 30, "color": "#c02020"}], "strokes": []}


def rows() -> dict[str, Entry]:
    """Return the rows of the output folder by name."""
    ledger = Ledger(Path("out"))
    try:
        return {entry.name: entry for entry in ledger.entries()}
    finally:
        ledger.close()


def decide(**photos: dict[str, Any]) -> str:
    """Write a file of decisions on copies as they are now, names with a slash for two underscores."""
    told = {
        name.replace("_jpg", ".jpg").replace("_png", ".png").replace("__", "/"): each for name, each in photos.items()
    }
    there = rows()
    for name, each in told.items():
        each.setdefault("copy", there[name].output_sha256)
    Path("decisions.json").write_text(json.dumps({"format": "bwcolor decisions", "layout": 1, "photos": told}))
    return "decisions.json"


@pytest.fixture
def run(bwcolor: Callable, scans: Path) -> Callable[..., dict[str, Any]]:
    """Return a runner of the command, and color the scans once."""

    def again(*words: str) -> dict[str, Any]:
        done = bwcolor(*QUICK, *words)
        assert done.code == ExitCode.OK, done.err
        return json.loads(done.out)

    assert again()["done"] == 3
    return again


def test_rejected_photos_are_colored_again_and_once(run: Callable) -> None:
    before = rows()
    words = (
        "--decisions",
        decide(a_jpg={"verdict": "rejected", "hints": RED}, b_png={"verdict": "rejected", "sample": 1}),
    )
    told = run(*words)
    assert (told["done"], told["already_done"]) == (2, 1)
    after = rows()
    hinted, sampled = after["a.jpg"], after["b.png"]
    assert json.loads(hinted.options)["decision"]["hints"] == RED
    assert json.loads(sampled.options)["sample"] == 1
    assert len({before[name].key for name in before} | {row.key for row in after.values()}) == 5
    r, g, _ = np.asarray(Image.open("out/a.jpg")).astype(int)[30, 40]
    assert r > g + 10
    assert Path("out/b.png").read_bytes() != before["b.png"].output_sha256
    assert after["album/c.jpg"] == before["album/c.jpg"]
    assert run(*words)["done"] == 0  # the same command finds nothing to do
    told = run()  # without the decisions, what they made is as of other options: left alone
    assert (told["done"], told["outdated"]) == (0, 2)
    assert verify(Path("out")).findings == []


def test_decisions_on_decisions(run: Callable) -> None:
    run("--decisions", decide(b_png={"verdict": "rejected", "sample": 1}))
    first = rows()["b.png"]
    assert run("--decisions", decide(b_png={"verdict": "rejected", "sample": 2}))["done"] == 1
    second = rows()["b.png"]
    assert second.output_sha256 != first.output_sha256
    assert run("--decisions", decide(b_png={"verdict": "rejected", "sample": 1}))["done"] == 1
    assert rows()["b.png"].output_sha256 == first.output_sha256  # a sample is a number, not a chance


def test_accepted_copies_stay_whatever_changes(run: Callable, scans: Path) -> None:
    file = decide(a_jpg={"verdict": "accepted", "rating": 4}, b_png={"verdict": "accepted"})
    before = rows()
    Path("scans/b.png.hints.json").write_text(json.dumps(RED))
    told = run("--decisions", file, "--overwrite", "--saturation", "0.5")
    assert (told["done"], told["accepted"]) == (1, 2)
    assert {name for name, row in rows().items() if row == before[name]} == {"a.jpg", "b.png"}
    # an accepted copy that somebody retouched stays, too; one that is gone, or whose scan is another, does not
    with Path("out/a.jpg").open("ab") as file_of_copy:
        file_of_copy.write(b"\0")
    Path("out/b.png").unlink()
    told = run("--decisions", file, "--overwrite", "--saturation", "0.5")
    assert (told["done"], told["accepted"]) == (1, 1)
    Image.new("L", (80, 60), 100).save(scans / "a.jpg")
    assert run("--decisions", file)["done"] == 1


def test_a_verdict_on_another_copy_accepts_nothing(run: Callable) -> None:
    file = decide(a_jpg={"verdict": "accepted", "copy": "0" * 64})
    assert run("--decisions", file, "--overwrite", "--saturation", "0.5")["done"] == 3


def test_needs_hints_waits_for_hints(run: Callable) -> None:
    assert run("--decisions", decide(a_jpg={"verdict": "needs-hints"}))["done"] == 0
    assert run("--decisions", decide(a_jpg={"verdict": "needs-hints", "hints": RED}))["done"] == 1
    mark = mark_of(read_photo(Path("out/a.jpg")).metadata.xmp)
    assert list(mark.options["decision"]) == ["hints_sha256"]


def test_hints_decided_on_go_before_those_beside_the_scan(run: Callable, scans: Path) -> None:
    blue = {"points": [{"x": 40, "y": 30, "color": "#2020c0"}]}
    (scans / "a.hints.json").write_text(json.dumps(blue))
    assert run()["done"] == 1
    words = ("--decisions", decide(a_jpg={"verdict": "rejected", "hints": RED}))
    assert run(*words)["done"] == 1
    r, _, b = np.asarray(Image.open("out/a.jpg")).astype(int)[30, 40]
    assert r > b
    assert run(*words)["done"] == 0


def test_a_dry_run_tells_what_is_rejected(run: Callable, bwcolor: Callable) -> None:
    file = decide(a_jpg={"verdict": "rejected", "sample": 1}, b_png={"verdict": "accepted"})
    told = json.loads(bwcolor(*QUICK, "--decisions", file, "--dry-run").out)
    assert told["states"] == {"rejected": 1, "done": 1, "accepted": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no file of decisions"),
        ('{"format": "bwcolor decisions", "layout": 2, "photos": {}}', "decisions 2, not bwcolor decisions 1"),
        ('{"format": "bwcolor decisions", "layout": 1, "photos": {"a.jpg": {"verdict": "nice"}}}', "nice"),
        ('{"format": "bwcolor decisions", "layout": 1, "photos": {"z.jpg": {"verdict": "accepted"}}}', "none of them"),
        (
            '{"format": "bwcolor decisions", "layout": 1, "photos": {"a.jpg": {"verdict": "rejected", "sample": "x"}}}',
            "the sample of a.jpg",
        ),
    ],
)
def test_files_that_are_none_are_refused_before_any_work(bwcolor: Callable, scans: Path, text: str, said: str) -> None:
    Path("decisions.json").write_text(text)
    for more in ((), ("--dry-run",)):
        done = bwcolor("colorize", "scans", "--model", "null", "--decisions", "decisions.json", *more)
        assert (done.code, said in done.err) == (ExitCode.USAGE, True), done.err
    assert not Path("scans-color").exists()


def test_a_network_that_knows_one_coloring_says_so(bwcolor: Callable, scans: Path) -> None:
    assert bwcolor("colorize", "scans", "--model", "null", "--out", "out").code == 0
    file = decide(a_jpg={"verdict": "rejected"})
    done = bwcolor("colorize", "scans", "--model", "null", "--out", "out", "--decisions", file)
    assert done.code == ExitCode.USAGE
    assert "null knows one coloring of a photo only, and a.jpg" in done.err
    file = decide(a_jpg={"verdict": "rejected", "hints": RED})
    assert bwcolor("colorize", "scans", "--model", "null", "--out", "out", "--decisions", file).code == 0


def test_impossible_hints_fail_their_photo_only(bwcolor: Callable, run: Callable) -> None:
    far = {"points": [{"x": 4000, "y": 30, "color": "#c02020"}]}
    file = decide(a_jpg={"verdict": "rejected", "hints": far}, b_png={"verdict": "rejected", "sample": 1})
    done = bwcolor(*QUICK, "--decisions", file)
    assert done.code == ExitCode.PHOTOS_FAILED
    assert "outside the photo" in rows()["a.jpg"].reason
    assert json.loads(rows()["b.png"].options)["sample"] == 1


def test_from_the_page_and_back(run: Callable, bwcolor: Callable, browse: Callable) -> None:
    """The whole round: review, reject with a hint and without, accept, color again, review again."""
    assert bwcolor("review", "out").code == 0
    page = browse(Path("out/review.html").resolve().as_uri())
    page.wait_for_selector("html[data-ready]")
    page.keyboard.press("5")  # a.jpg
    page.keyboard.press("ArrowRight")
    page.keyboard.press("r")
    page.click("#colors button[title=red]")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("r")
    assert "another sample" in page.text_content("#next")
    with page.expect_download() as download:
        page.keyboard.press("e")
    download.value.save_as("decisions.json")
    words = ("--decisions", "decisions.json")
    names = [entry.name for entry in Ledger(Path("out")).entries()]
    assert names == ["a.jpg", "album/c.jpg", "b.png"]
    told = run(*words)
    assert (told["done"], told["accepted"]) == (2, 1)
    after = rows()
    assert json.loads(after["album/c.jpg"].options)["decision"]["hints"]["points"][0]["color"] == "#a82c2c"
    assert json.loads(after["b.png"].options)["sample"] == 1
    assert run(*words)["done"] == 0

    assert bwcolor("review", "out").code == 0
    page.reload()
    assert "2 of 3" not in page.text_content("#progress")
    page.select_option("#filter", "again")
    assert page.text_content("#count") == "2 photos"
    page.click("#view")
    page.keyboard.press("r")  # with the hints that it was made with, only another sample can help
    with page.expect_download() as download:
        page.keyboard.press("e")
    decided = json.loads(Path(download.value.path()).read_text())["photos"]["album/c.jpg"]
    assert decided["sample"] == 1
    assert decided["hints"]["points"][0]["color"] == "#a82c2c"
