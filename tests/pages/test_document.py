# SPDX-License-Identifier: Apache-2.0
"""Pages are whole, self-contained, accessible, and safe from what names hold."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from bwcolor.pages import charts, document, pictures
from bwcolor.pages.document import Cell, Section

VOID = {"meta", "img", "line", "circle", "rect", "polyline", "link", "br"}
NASTY = '<img src=x onerror="alert(1)">&\'"'


class Reader(HTMLParser):
    """Collects elements and their text; fails on tags that do not match."""

    def __init__(self):
        super().__init__()
        self.open, self.found, self.text = [], [], []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture
def rgb():
    return np.random.default_rng(0).integers(0, 256, (30, 50, 3), dtype=np.uint8)


@pytest.fixture
def page(rgb):
    points = [charts.Point(0.1, 23.0, 22.0, 24.0, NASTY), charts.Point(0.4, 22.9, float("nan"), float("nan"), "b")]
    body = (
        document.table(NASTY, [Cell(""), Cell(NASTY)], [[Cell(NASTY, title=NASTY), Cell("1", "0..2", best=True)]])
        + charts.scatter(NASTY, points, [(NASTY, 21.0)], "seconds", "psnr")
        + charts.curves(NASTY, [("a", [1.0, 2.0, 3.0]), ("empty", [])], NASTY)
        + pictures.figure(rgb, NASTY, NASTY)
        + pictures.ramp(40, "dE00")
    )
    return document.page(NASTY, "<p>lead</p>", [Section("One", body), Section("Two, and more", "")], "foot")


def test_the_page_is_well_formed_and_names_stay_words(page):
    reader = read(page)
    assert not any("onerror" in attributes for _, attributes in reader.found)
    assert NASTY in "".join(reader.text)


def test_nothing_is_loaded_from_elsewhere(page):
    for _, attributes in read(page).found:
        for name in ("src", "href"):
            assert attributes.get(name, "data:").startswith(("data:", "#"))
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert not re.search(r"url\(|@import", page)


def test_the_page_can_be_read_aloud(page):
    elements = read(page).found
    assert dict(elements)["html"]["lang"] == "en"
    assert all(attributes.get("alt") for tag, attributes in elements if tag == "img")
    charts_found = [attributes for tag, attributes in elements if tag == "svg"]
    assert charts_found
    assert all(attributes["role"] == "img" for attributes in charts_found)
    assert sum(tag == "title" for tag, _ in elements) == 1 + len(charts_found)
    assert all("scope" in attributes for tag, attributes in elements if tag == "th")
    targets = {attributes["id"] for _, attributes in elements if "id" in attributes}
    assert {attributes["href"][1:] for tag, attributes in elements if tag == "a"} <= targets


def test_both_schemes_have_all_colors():
    light, dark = re.findall(r":root \{([^}]*)\}", document.STYLE)
    names = re.findall(r"(--\w+):", light)
    assert re.findall(r"(--\w+):", dark) == names
    assert set(re.findall(r"var\((--\w+)\)", document.STYLE)) <= set(names)


@pytest.mark.parametrize("scheme", [0, 1])
@pytest.mark.parametrize("name", ["ink", "soft", "accent", "good", "bad", "s0", "s1", "s2", "s3", "s4", "s5"])
def test_words_stand_out_from_the_paper(scheme, name):
    """WCAG 2.2 asks a contrast of 4.5 for words."""
    colors = dict(re.findall(r"--(\w+): #(\w{6})", re.findall(r":root \{([^}]*)\}", document.STYLE)[scheme]))

    def luminance(color):
        codes = np.array([int(color[i : i + 2], 16) for i in (0, 2, 4)]) / 255
        linear = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
        return linear @ (0.2126, 0.7152, 0.0722)

    for paper in ("paper", "card"):
        ends = sorted(luminance(colors[each]) for each in (name, paper))
        assert (ends[1] + 0.05) / (ends[0] + 0.05) >= 4.5


def test_pictures_are_made_small_and_kept(rgb):
    import base64
    import io

    from PIL import Image

    large = np.repeat(np.repeat(rgb, 20, axis=0), 20, axis=1)
    assert max(pictures.small(large).shape) == pictures.SIDE
    assert pictures.small(rgb) is rgb
    smooth = np.full((40, 60, 3), (200, 90, 30), np.uint8)
    kind, _, data = pictures.address(smooth).partition(",")
    assert kind == "data:image/webp;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert np.abs(np.asarray(image.convert("RGB")).astype(int) - smooth).max() < 6


def test_heat_grows_brighter():
    map_ = pictures.heat(np.linspace(0, 60, 13)[None], 40.0)
    brightness = map_[0].astype(int).sum(axis=1)
    assert (np.diff(brightness[:9]) > 0).all()
    assert (map_[0, 8:] == map_[0, 12]).all()


@pytest.mark.parametrize("values", [(0.013, 0.0131), (0.01, 12.0), (1.0, 1.0), (3.0, 4.5)])
def test_axes_hold_their_values_and_have_ticks(values):
    for logarithmic in (True, False):
        axis = charts.axis(values, "x", logarithmic)
        assert all(0 < axis.place(value) < 1 for value in values)
        assert all(-1e-6 <= axis.place(tick) <= 1 + 1e-6 for tick in axis.ticks())
        assert axis.ticks()


def test_labels_are_moved_apart():
    points = [charts.Point(1.0, 20.0 + i / 100, 19.0, 21.0, f"model{i}") for i in range(4)]
    svg = charts.scatter("t", points, [], "x", "y")
    heights = sorted(float(y) for y in re.findall(r'y="([\d.]+)"[^>]*>model', svg))
    assert (np.diff(heights) >= charts.GAP).all()


@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_shows_the_page_without_a_complaint(browse, page, tmp_path, dark):
    path = tmp_path / "a page.html"
    path.write_text(page, encoding="utf-8")
    tab = browse(path.as_uri(), width=390, height=844, dark=dark)
    assert tab.title() == NASTY
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(22, 22, 21)" if dark else "rgb(251, 250, 247)")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
