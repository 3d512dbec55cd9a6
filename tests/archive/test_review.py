# SPDX-License-Identifier: Apache-2.0
"""The review page: what it is told, its pictures, and how it behaves in a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_scans import NAMES, make_scan

from bwcolor.archive import review
from bwcolor.archive.ledger import Ledger
from bwcolor.archive.rows import Outcome
from bwcolor.archive.run import colorize
from bwcolor.archive.seen import Memory
from bwcolor.errors import UsageError

NASTY = ("</script><img src=x onerror=alert(1)>.jpg", "50% #1?'\"&amp;\n.png", "C:\\a:b.jpg", b"caf\xe9 \xff.jpg")


def values_of(page: Path) -> dict[str, Any]:
    """Return what the page is told."""
    (told,) = re.findall(r'<script type="application/json" id="review">(.*?)</script>', page.read_text("utf-8"))
    return json.loads(told)


@pytest.fixture
def out(scans: Path, job: Callable) -> Path:
    """Return an output folder of four copies and a failure."""
    (scans / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    colorize(job())
    return scans.with_name("scans-color")


def test_rows_become_plain_values(out: Path) -> None:
    written = review.write_review(out)
    told = values_of(written.page)
    assert [photo["name"] for photo in told["photos"]] == sorted([*NAMES, "broken.jpg"])
    by_name = {photo["name"]: photo for photo in told["photos"]}
    broken = by_name.pop("broken.jpg")
    assert (broken["outcome"], broken["thumb"], broken["after"]) == ("failed", "", None)
    assert "broken.jpg" in broken["reason"]
    assert by_name["a.jpg"]["before"]["src"] == "../scans/a.jpg"
    assert by_name["a.jpg"]["after"] == {"src": "a.jpg", "width": 80, "height": 60}
    for photo in by_name.values():
        assert (out / photo["thumb"]).is_file()
        assert photo["chroma"] > 1
        assert told["options"][photo["options"]]["model"] == "null"
    assert written.photos == 5
    assert written.bytes > written.page.stat().st_size


def test_what_browsers_do_not_show_has_a_preview(scans: Path, job: Callable) -> None:
    turned = Image.open(scans / "b.png")
    exif = Image.Exif()
    exif[274] = 6
    turned.save(scans / "turned.png", exif=exif)
    colorize(job())
    out = scans.with_name("scans-color")
    by_name = {photo["name"]: photo for photo in values_of(review.write_review(out).page)["photos"]}
    for name, side in (("deep/er/c.tif", "before"), ("deep/er/c.tif", "after"), ("turned.png", "before")):
        source = by_name[name][side]
        assert source["src"].endswith(f"-{side}.jpg")
        with Image.open(out / source["src"]) as shown:
            assert (
                shown.size == (source["width"], source["height"]) == (by_name[name]["width"], by_name[name]["height"])
            )
    assert by_name["turned.png"]["after"]["src"] == "turned.png"
    with Image.open(out / by_name["turned.png"]["before"]["src"]) as shown:
        upright = np.asarray(turned).T[:, ::-1].astype(int)
        assert abs(np.asarray(shown.convert("L")).astype(int) - upright).mean() < 6


def test_nothing_is_made_twice_and_nothing_stale_stays(out: Path, scans: Path, job: Callable) -> None:
    review.write_review(out)
    pictures = out / ".bwcolor" / "review"
    before = {path.name: path.stat().st_mtime_ns for path in pictures.iterdir()}
    page = (out / review.PAGE_NAME).read_bytes()
    review.write_review(out)
    assert {path.name: path.stat().st_mtime_ns for path in pictures.iterdir()} == before
    assert (out / review.PAGE_NAME).read_bytes() == page
    make_scan(scans / "a.jpg", seed=99)
    colorize(job())
    review.write_review(out)
    after = {path.name for path in pictures.iterdir()}
    assert len(after) == len(before)
    assert len(after - set(before)) == 1


def test_copies_and_scans_that_are_gone_are_passed_over(out: Path, scans: Path) -> None:
    (out / "a.jpg").unlink()
    (scans / "b.png").unlink()
    by_name = {photo["name"]: photo for photo in values_of(review.write_review(out).page)["photos"]}
    assert (by_name["a.jpg"]["after"], by_name["a.jpg"]["thumb"]) == (None, "")
    assert by_name["b.png"]["before"] is None
    assert by_name["b.png"]["after"]


def test_another_file_of_that_name_stays(out: Path) -> None:
    (out / review.PAGE_NAME).write_text("<html>mine")
    with pytest.raises(UsageError, match=r"review\.html is not a page that bwcolor wrote"):
        review.write_review(out)
    assert (out / review.PAGE_NAME).read_text() == "<html>mine"


def test_a_folder_that_is_no_output_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no ledger"):
        review.write_review(tmp_path)


def test_a_damaged_memory_is_made_anew(out: Path) -> None:
    review.write_review(out)
    path = out / ".bwcolor" / "seen.json"
    path.write_text('{"layout": 1, "copies": {"x": {"what": 1}}}')
    entries = [entry for entry in Ledger(out).entries() if entry.outcome == Outcome.DONE]
    assert Memory(out).of(entries) == {}
    review.write_review(out)
    assert len(Memory(out).of(entries)) == 4


# ---- in a browser


@pytest.fixture
def opened(browse: Callable, out: Path) -> Callable[..., Any]:
    """Return an opener of the folder's page."""

    def tab(**options: Any) -> Any:
        page = browse(review.write_review(out).page.as_uri(), **options)
        page.wait_for_selector("html[data-ready]")
        return page

    return tab


def decisions_of(page: Any) -> dict[str, Any]:
    """Return what the page exports."""
    with page.expect_download() as download:
        page.click("#export")
    assert download.value.suggested_filename == "decisions.json"
    return json.loads(Path(download.value.path()).read_text("utf-8"))


def name_shown(page: Any) -> str:
    return page.text_content("#name")


def test_keys_walk_rate_and_flip(opened: Callable) -> None:
    page = opened()
    assert name_shown(page) == "a.jpg"
    page.keyboard.press("ArrowRight")
    assert name_shown(page) == "b.png"
    page.keyboard.press("4")
    assert page.get_attribute("#accepted", "aria-pressed") == "true"
    assert page.get_attribute("#rate-4", "aria-pressed") == "true"
    assert page.get_attribute("#rate-5", "aria-pressed") == "false"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("r")
    page.keyboard.press("End")
    page.keyboard.press("h")
    visible = "getComputedStyle(document.getElementById('{}')).visibility"
    page.keyboard.press(" ")
    assert page.evaluate(visible.format("before")) == "hidden"
    page.keyboard.press(" ")
    assert page.evaluate(visible.format("after")) == "hidden"
    told = decisions_of(page)
    assert told["format"] == "bwcolor decisions"
    verdicts = {name: photo["verdict"] for name, photo in told["photos"].items()}
    assert verdicts == {"b.png": "accepted", "deep/d.jpg": "rejected", "deep/er/c.tif": "needs-hints"}
    assert told["photos"]["b.png"]["rating"] == 4
    assert told["photos"]["deep/d.jpg"]["sample"] == 1


def test_failures_cannot_be_judged(opened: Callable) -> None:
    page = opened()
    page.select_option("#filter", "failed")
    assert name_shown(page) == "broken.jpg"
    page.keyboard.press("a")
    assert page.is_disabled("#accepted")
    assert "broken.jpg" in page.text_content("#trouble")
    page.select_option("#filter", "all")
    assert decisions_of(page)["photos"] == {}


def test_the_slider_is_dragged_and_moved_by_keys(opened: Callable) -> None:
    page = opened()
    box = page.locator("#picture").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] / 4, y, steps=4)
    page.mouse.up()
    assert page.evaluate("document.getElementById('after').style.clipPath") == "inset(0px 0px 0px 75%)"
    page.focus("#split")
    page.keyboard.press("ArrowLeft")
    assert page.input_value("#split") == "74"
    assert name_shown(page) == "a.jpg"


def test_zoom_shows_pixels_and_keeps_the_point(opened: Callable) -> None:
    page = opened()
    fitted = page.locator("#picture").bounding_box()
    page.keyboard.press("z")
    exact = page.locator("#picture").bounding_box()
    assert (exact["width"], exact["height"]) == (80, 60)
    assert fitted["width"] == 160
    page.keyboard.press("z")
    assert page.locator("#picture").bounding_box() == fitted


def test_hints_are_placed_by_pointer_and_by_keys(opened: Callable) -> None:
    page = opened()
    page.click("#colors button[title=grass]")
    box = page.locator("#picture").bounding_box()
    scale = box["width"] / 80
    page.mouse.click(box["x"] + 20 * scale, box["y"] + 15 * scale)
    page.mouse.move(box["x"] + 40 * scale, box["y"] + 30 * scale)
    page.mouse.down()
    page.mouse.move(box["x"] + 60 * scale, box["y"] + 30 * scale, steps=8)
    page.mouse.up()
    page.click("#colors button[value=gray]")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    told = decisions_of(page)["photos"]["a.jpg"]
    assert told["verdict"] == "needs-hints"
    grass, gray = told["hints"]["points"]
    assert grass == {"x": 20, "y": 15, "color": "#6b8f4e"}
    assert gray["color"] == "gray"
    assert (gray["x"], gray["y"]) == (41, 30)
    (stroke,) = told["hints"]["strokes"]
    assert stroke["points"][0] == [40, 30]
    assert abs(stroke["points"][-1][0] - 60) <= 1
    assert page.locator("#placed li").count() == 3
    page.click("#placed li:first-child button")
    assert len(decisions_of(page)["photos"]["a.jpg"]["hints"]["points"]) == 1


def test_who_accepts_goes_on_and_who_rejects_stays_for_hints(opened: Callable) -> None:
    page = opened()
    page.check("#onward")
    page.keyboard.press("a")
    assert name_shown(page) == "b.png"
    page.keyboard.press("r")
    page.click("#colors button[title=sky]")
    page.keyboard.press("Enter")
    assert name_shown(page) == "b.png"
    assert page.locator("#hints circle").count() == 2
    page.locator(".row-of-list", has_text="deep/d.jpg").click()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert name_shown(page) == "b.png"
    assert page.locator("#hints circle").count() == 0  # what is judged is not drawn upon
    assert page.locator("#placed li").text_content().startswith("sky: point at 40, 30")


def test_filters_and_orders(opened: Callable) -> None:
    page = opened()
    page.select_option("#filter", "unrated")
    page.keyboard.press("3")
    assert page.text_content("#count") == "4 photos"  # nothing vanishes under the eye
    page.keyboard.press("ArrowRight")
    assert page.text_content("#count") == "3 photos"
    page.select_option("#filter", "accepted")
    assert name_shown(page) == "a.jpg"
    page.select_option("#filter", "all")
    for order in ("certainty", "chroma", "rating"):
        page.select_option("#sort", order)
        assert page.locator(".row-of-list").count() == 5
    assert page.locator(".row-of-list .name").first.text_content() == "a.jpg"  # the only one that is rated


def test_verdicts_are_kept_and_hold_for_one_copy_only(opened: Callable, out: Path, scans: Path, job: Callable) -> None:
    page = opened()
    page.keyboard.press("5")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("r")
    page.reload()
    assert {name: each["verdict"] for name, each in decisions_of(page)["photos"].items()} == {
        "a.jpg": "accepted",
        "b.png": "rejected",
    }
    make_scan(scans / "b.png", seed=5)
    colorize(job())
    review.write_review(out)
    page.reload()
    assert list(decisions_of(page)["photos"]) == ["a.jpg"]
    page.select_option("#filter", "again")
    assert name_shown(page) == "b.png"
    assert "it was rejected" in page.text_content("#next")


def test_exported_decisions_are_loaded_elsewhere(opened: Callable, tmp_path: Path) -> None:
    page = opened()
    page.keyboard.press("2")
    told = decisions_of(page)
    path = tmp_path / "decisions.json"
    path.write_text(json.dumps(told))
    other = opened()  # of another browser
    other.set_input_files("#file", path)
    other.locator("#loaded", has_text="Decisions on 1 photo loaded").wait_for()
    assert decisions_of(other) == told
    path.write_text("{}")
    other.set_input_files("#file", path)
    other.locator("#loaded", has_text="cannot be used").wait_for()


def test_names_that_mean_something_stay_names(browse: Callable, tmp_path: Path, job: Callable) -> None:
    folder = tmp_path / "<b> & 'scans'"
    for seed, name in enumerate(NASTY):
        path = folder / (os.fsdecode(name) if isinstance(name, bytes) else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(make_scan(tmp_path / f"plain{Path(os.fsdecode(name)).suffix}", seed), path)
    colorize(job(folder))
    out = folder.with_name(folder.name + "-color")
    page = browse(review.write_review(out).page.as_uri())
    page.wait_for_selector("html[data-ready]")
    assert page.locator("#inside img").count() == len(NASTY)
    for _ in NASTY:
        for side in ("before", "after"):
            image = page.locator(f"#{side}[src]")
            image.wait_for(state="attached")
            image.evaluate("image => image.decode()")
        page.keyboard.press("a")
        page.keyboard.press("ArrowRight")
    names = {entry.name for entry in Ledger(out).entries()}
    assert set(decisions_of(page)["photos"]) == names
    assert page.locator("img[onerror]").count() == 0


def test_a_thousand_photos_have_few_rows_in_the_page(browse: Callable, out: Path) -> None:
    ledger = Ledger(out, write=True)
    entry = ledger.entry("a.jpg")
    ledger.record(*(replace(entry, name=f"many/{number:04}.jpg") for number in range(1000)))
    ledger.close()
    page = browse(review.write_review(out).page.as_uri())
    page.wait_for_selector("html[data-ready]")
    rows = page.locator(".row-of-list")
    assert 5 < rows.count() < 40
    page.keyboard.press("End")
    assert name_shown(page) == "many/0999.jpg"
    assert rows.count() < 40
    assert page.locator("[aria-selected=true] .name").text_content() == "many/0999.jpg"
    page.fill("#find", "0500")
    assert page.text_content("#count") == "1 photo"
    assert name_shown(page) == "many/0500.jpg"


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (1000, True), (390, True)])
def test_everything_has_a_name_and_fits(opened: Callable, width: int, dark: bool) -> None:
    page = opened(width=width, height=800, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for role in ("button", "combobox", "slider", "checkbox", "searchbox", "listbox", "option"):
        for each in page.get_by_role(role).all():
            assert each.evaluate(
                "e => (e.ariaLabel || e.textContent || e.labels?.[0]?.textContent || e.title || '').trim()"
            ), role
    assert page.get_by_role("option", selected=True).count() >= 1
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
