# SPDX-License-Identifier: Apache-2.0
"""Whole sessions in a browser, by keyboard and by mouse; what the page keeps, shows and tells."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bwcolor.turing.plan import Kind
from bwcolor.turing.store import Store

FEW = {"practice": 1, "pairs": 2, "vigilance": 1}
TRIALS = 4
SCREENS = os.environ.get("BWCOLOR_SCREENS")  # a folder to keep pictures of the page in


def answers(folder: Path):
    store = Store(folder)
    found = store.trials()
    store.close()
    return found


def wait_for_question(tab):
    tab.locator("#choice0:enabled").wait_for(timeout=15_000)


def test_a_whole_session_by_keyboard(begun, served, browse):
    folder = begun(**FEW)
    tab = browse(served(folder))
    assert "under a random number" in tab.locator("#welcome").inner_text()
    for _ in range(2):  # the first leads to the content
        tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.id") == "begin"
    tab.keyboard.press("Enter")
    keys = ["1", "ArrowRight", "ArrowLeft", "2"]
    for number, key in enumerate(keys):
        wait_for_question(tab)
        practice = number == 0
        where = "Practice 1 of 1" if practice else f"Trial {number} of 3"
        assert tab.locator("#progress").inner_text() == where
        tab.keyboard.press("x")  # means nothing
        tab.keyboard.press(key)
        if practice:
            tab.locator("#said:not(:empty)").wait_for()
            assert tab.locator("#said").inner_text() in ("Right.", "Wrong.")
            tab.locator("#pause").wait_for()
            tab.keyboard.press("Enter")  # the button has the focus
    tab.locator("#end").wait_for()
    found = answers(folder)
    assert [each.choice for each in found] == [0, 1, 0, 1]
    assert [each.views for each in found] == [1] * TRIALS
    right = sum(each.choice == each.trial.fake for each in found if each.trial.kind == Kind.TEST)
    assert tab.locator("#score").inner_text() == f"You were right in {right} of 2."
    assert tab.evaluate("[sessionStorage.length, localStorage.length, document.cookie]") == [0, 0, ""]
    assert tab.context.cookies() == []


def test_a_whole_session_by_mouse_that_goes_on_after_a_reload(begun, served, browse):
    folder = begun(**FEW)
    tab = browse(served(folder), width=390, height=844, dark=True)
    tab.dblclick("#begin")
    for number in range(TRIALS):
        wait_for_question(tab)
        tab.click(f"#choice{number % 2}")
        if number == 0:
            tab.click("#continue")
        if number == 1:
            tab.locator("#progress", has_text="Trial 2").wait_for()
            tab.reload()
    tab.locator("#end").wait_for()
    assert [each.choice for each in answers(folder)] == [number % 2 for number in range(TRIALS)]  # of one participant


def test_pictures_are_seen_for_one_second_once_and_side_by_side(begun, served, browse):
    tab = browse(served(begun()))
    tab.evaluate("""() => {
      window.seen = [];
      const pictures = document.getElementById("pictures");
      new MutationObserver(() => window.seen.push([performance.now(), pictures.classList.contains("seen"),
        [...document.images].every((image) => image.complete && image.naturalWidth > 0)])
      ).observe(pictures, { attributeFilter: ["class"] });
    }""")
    tab.click("#begin")
    tab.keyboard.press("1")  # too early to count
    wait_for_question(tab)
    first, second = (tab.locator(f"#picture{number}").bounding_box() for number in (0, 1))
    (shown, is_shown, loaded), (hidden, is_hidden, _) = tab.evaluate("window.seen")
    assert (is_shown, loaded, not is_hidden) == (True, True, True)
    assert 950 <= hidden - shown <= 1500
    assert first["y"] == second["y"]
    assert first["x"] + first["width"] < second["x"]
    assert tab.locator("#picture0").get_attribute("src") is None
    assert tab.locator("#progress").inner_text().startswith("Practice 1")


def test_answers_by_tab_and_enter(begun, served, browse):
    folder = begun(**FEW)
    tab = browse(served(folder))
    tab.click("#begin")
    wait_for_question(tab)
    tab.locator("#choice1").focus()
    tab.keyboard.press("Enter")
    tab.locator("#pause").wait_for()
    tab.keyboard.press("Enter")
    for _ in range(3):
        wait_for_question(tab)
        assert tab.evaluate("document.activeElement.id") == "choice1"
        tab.keyboard.press("Enter")
    tab.locator("#end").wait_for()
    assert [each.choice for each in answers(folder)] == [1] * 4


def test_single_pictures(begun, served, browse):
    folder = begun(form="single")
    tab = browse(served(folder))
    assert "real or fake?" in tab.locator("#welcome").inner_text()
    tab.click("#begin")
    wait_for_question(tab)
    assert tab.locator("#pictures img").count() == 1
    assert [button.inner_text().split()[0] for button in tab.locator("#choices button").all()] == ["Real", "Fake"]
    tab.keyboard.press("ArrowRight")
    tab.locator("#said:not(:empty)").wait_for()
    assert [each.choice for each in answers(folder)][:2] == [1, None]


@pytest.mark.parametrize("scale", [8])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_every_screen_fits(begun, served, browse, width, height, dark, scale):
    """Pictures and buttons are on the screen without scrolling; words stand out; the title names what is asked."""
    tab = browse(served(begun()), width=width, height=height, dark=dark)

    def keep(name: str) -> None:
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        if SCREENS:
            tab.screenshot(path=Path(SCREENS) / f"turing-{name}-{width}-{'dark' if dark else 'light'}.png")

    keep("welcome")
    tab.click("#begin")
    if SCREENS:
        tab.locator("#pictures.seen").wait_for()
        keep("seen")
    wait_for_question(tab)
    keep("question")
    for element in ("#picture0", "#picture1", "#choice0", "#choice1", "#progress"):
        box = tab.locator(element).bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGKILL")
def test_a_server_that_was_killed_is_waited_for(begun, served, browse):
    folder = begun(**FEW)
    address = served(folder)
    tab = browse(address)
    tab.click("#begin")
    wait_for_question(tab)
    tab.keyboard.press("1")
    tab.click("#continue")
    wait_for_question(tab)
    served.kill()
    assert [each.choice for each in answers(folder)] == [0, None, None, None]
    tab.keyboard.press("2")  # nobody is there to take it
    served(folder, int(address.rstrip("/").rpartition(":")[2]))
    # what was dealt died with the server: the trial is shown again
    for _ in range(3):
        wait_for_question(tab)
        tab.keyboard.press("1")
    tab.locator("#end").wait_for()
    assert [(each.choice, each.views) for each in answers(folder)] == [(0, 1)] * 4
    assert browse.complaints
    assert all("ERR_CONNECTION" in each or "409" in each for each in browse.complaints), browse.complaints
    browse.complaints.clear()
