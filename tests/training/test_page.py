# SPDX-License-Identifier: Apache-2.0
"""The page of a run: whole, self-contained, and as new as the journal; TensorBoard's files beside it."""

import csv
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from bwcolor.errors import MissingExtraError
from bwcolor.pages.charts import trends
from bwcolor.training import journal
from bwcolor.training.configuration import recipe
from bwcolor.training.journal import Journal
from bwcolor.training.page import write_page

TERMS = ("cross_entropy", "huber")


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text.append(data)


def read(path):
    reader = Reader()
    reader.feed(path.read_text())
    return reader


@pytest.fixture
def run(tmp_path):
    book = Journal(tmp_path / "run <b>", 0, TERMS)
    for step in range(1, 1001):
        row = {"step": step, "seen": 8 * step, "seconds": 0.5 * step, "rate": 1e-3, "cross_entropy": 6 - step / 500}
        book.step(
            row | ({"huber": float("nan")} if step == 700 else {"huber": 2.0} if step > 600 else {}) | {"skipped": 1}
        )
    rng = np.random.default_rng(0)
    for step, loss in ((250, 4.0), (500, 3.5), (750, 3.0), (1000, 3.2)):
        book.evaluation({"step": step, "loss": loss, "psnr": 20 + step / 1000, "psnr_gray": 20.0, "chroma_ratio": 0.5})
        book.sheet(step, [tuple(rng.integers(0, 256, (3, 40, 60, 3), dtype=np.uint8)) for _ in range(4)])
    return tmp_path / "run <b>"


def test_a_page_shows_curves_metrics_and_sheets(run):
    reader = read(write_page(run, recipe("gan"), running=True))
    words = " ".join(reader.text)
    assert "run <b>" in words
    assert "Step 1,000 of 4,000, 8,000 crops seen." in words
    assert "1 steps without a finite gradient" in words
    assert sum(tag == "svg" for tag, _ in reader.tags) == 6  # three columns of steps, three metrics
    assert sum(tag == "polyline" for tag, _ in reader.tags) == 7  # PSNR beside that of gray
    assert [a["alt"].split(":")[0] for tag, a in reader.tags if tag == "img"] == [
        f"Sample sheet of step {step}" for step in (1000, 750, 500, 250)
    ]
    assert 'model = "gan"' in words
    assert words.index("★") < words.index("750")  # the best evaluation is marked
    outside = [a.get("src", "") + a.get("href", "") for _, a in reader.tags if "src" in a or "href" in a]
    assert all(link.startswith(("data:", "#")) for link in outside)


def test_it_loads_itself_again_until_the_run_has_ended(run):
    running = read(write_page(run, recipe("gan"), running=True)).tags
    assert ("meta", {"http-equiv": "refresh", "content": "30"}) in running
    ended = read(write_page(run, recipe("gan"), running=False)).tags
    assert not any(attributes.get("http-equiv") == "refresh" for _, attributes in ended)


def test_a_page_before_the_first_step_is_whole(tmp_path):
    words = " ".join(read(write_page(tmp_path, recipe("cnn"), running=True)).text)
    assert "Step 0" in words
    assert "None yet." in words


@pytest.mark.parametrize("logarithmic", [False, True])
def test_a_trend_is_well_formed_and_names_its_last_value(logarithmic):
    drawn = trends("T", [("a", [(1, 1.0), (9, 20.0)]), ("b", [(4, 3.0)])], "step", "loss", logarithmic)
    root = ElementTree.fromstring(drawn)
    assert "a 20" in "".join(root.itertext())
    points = [point for line in root.iter("polyline") for point in line.get("points").split()]
    assert len(points) == 3
    assert all(0 <= float(x) <= 560 and 0 <= float(y) <= 340 for x, y in (point.split(",") for point in points))


def test_rows_after_the_step_resumed_from_are_dropped(tmp_path):
    for begin in (0, 2):
        book = Journal(tmp_path, begin, TERMS)
        for step in range(begin + 1, 5):
            book.step({"step": step, "cross_entropy": float(begin)})
    rows = list(csv.DictReader((tmp_path / journal.STEPS).open()))
    assert [(row["step"], row["cross_entropy"]) for row in rows] == [("1", "0"), ("2", "0"), ("3", "2"), ("4", "2")]


def test_tensorboard_gets_the_same_numbers(tmp_path):
    book = Journal(tmp_path, 0, TERMS, board=True)
    for step in (1, 2, 3):
        book.step({"step": step, "cross_entropy": 5.0 - step})
    book.close()
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(e.step, e.value) for e in events.Scalars("steps/cross_entropy")] == [(1, 4.0), (2, 3.0), (3, 2.0)]


def test_without_tensorboard_its_install_line_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingExtraError, match=r"bwcolor\[tensorboard\]"):
        Journal(tmp_path, 0, TERMS, board=True)
