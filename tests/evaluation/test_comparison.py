# SPDX-License-Identifier: Apache-2.0
"""A whole comparison, and how it is told."""

import csv
import io
import json
import math

import numpy as np
import pytest

from bwcolor.errors import UsageError
from bwcolor.evaluation import page, report
from bwcolor.evaluation.comparison import Request, compare
from bwcolor.evaluation.cost import count_flop
from bwcolor.metrics.intervals import Estimate
from bwcolor.metrics.table import METRICS


@pytest.fixture
def found(folder):
    return compare(Request((folder,), ("null",), metrics="psnr,ciede2000,colorfulness"))


def test_baselines_come_first_and_are_always_there(found):
    assert [system.name for system in found.systems] == ["gray", "tint", "null"]
    assert [system.baseline for system in found.systems] == [True, True, False]
    assert report.reference(found.systems) == "null"


def test_nothing_to_compare(folder):
    with pytest.raises(UsageError, match="Nothing is compared"):
        compare(Request((folder,)))


def test_the_first_photos_only(folder):
    assert len(compare(Request((folder,), ("null",), metrics="psnr", limit=2)).scores.photos) == 2


def test_json_is_plain_and_whole(found):
    told = json.loads(json.dumps(report.as_json(found), allow_nan=False))
    null = told["systems"][2]
    assert null["metrics"]["psnr"]["value"] == found.scores.estimate("null", METRICS["psnr"]).value
    assert null["settings"]["model"] == "null"
    assert null["seconds_per_photo"] > 0
    assert told["systems"][0]["minus_reference"]["psnr"]["value"] == pytest.approx(
        told["systems"][0]["metrics"]["psnr"]["value"] - null["metrics"]["psnr"]["value"]
    )
    assert [metric["name"] for metric in told["metrics"]] == ["psnr", "ciede2000", "colorfulness"]
    assert told["metrics"][0]["high"] == "inf"


def test_csv_holds_every_photo(found):
    rows = list(csv.DictReader(io.StringIO(report.as_csv(found.scores))))
    assert len(rows) == 15
    values = [float(row["psnr"]) for row in rows if row["system"] == "null"]
    np.testing.assert_array_equal(values, found.scores.per_photo("null", METRICS["psnr"]))


def test_words(found):
    values, differences, worst = report.grids(found, 3)
    assert [row[0] for row in values.rows] == ["gray", "tint", "null"]
    assert values.columns[1] == "psnr dB ↑#"
    assert len(worst.rows) == 3
    assert differences.rows[0][0] == "gray - null"
    assert report.cell_of(Estimate(1.234, 1.0, 2.0, 5), 2) == ("1.23", "1.00..2.00")
    assert report.cell_of(Estimate(0.5, math.nan, math.nan, 1), 1, signed=True) == ("+0.5", "")
    assert report.number(math.inf, 2) == "∞"
    assert report.heading(METRICS["chroma-ratio"]) == "chroma-ratio →1"


def test_many_metrics_become_rows(folder):
    found = compare(Request((folder,), ("null",), metrics="all"))
    values = report.grids(found, 0)[0]
    assert values.columns[1:] == ("gray#", "tint#", "null#")
    assert len(values.rows) == len(found.scores.metrics) + 1
    assert "fid (needs download)" in " ".join(report.remarks(found))


def test_the_list_of_metrics_names_every_one():
    assert [row[0] for row in report.list_metrics(tuple(METRICS.values())).rows] == list(METRICS)


def test_the_page_shows_the_worst_photos_in_order(found):
    html = page.page(found, worst=2)
    order = [found.scores.photos[index] for index in found.scores.worst("null", METRICS["psnr"], 2)]
    assert [html.index(f"<h3>{name}</h3>") for name in order] == sorted(html.index(f"<h3>{n}</h3>") for n in order)
    assert html.count("<article>") == 2
    assert html.count("<img ") == 2 * 4
    assert html.count("<svg ") == 2
    assert "95 %" in html


def test_the_page_of_metrics_without_a_better(folder):
    html = page.page(compare(Request((folder,), ("null",), metrics="colorfulness")), worst=2)
    assert "<article>" not in html
    assert "colorfulness" in html


def test_operations_are_counted_by_running():
    """A 3x3 convolution from 1 to 2 channels: 18 multiplications and as many additions at each place."""
    import torch

    class OneConvolution:
        def colorize_gray(self, gray):
            with torch.inference_mode():
                return torch.nn.Conv2d(1, 2, 3, padding=1)(torch.zeros(1, 1, *gray.shape))

    assert count_flop(OneConvolution(), (64, 96)) == 2 * 18 * 64 * 96
