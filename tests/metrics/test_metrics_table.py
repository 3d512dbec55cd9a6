# SPDX-License-Identifier: Apache-2.0
"""The METRICS table is whole, and every metric keeps to its own row."""

import math

import numpy as np
import pytest

from bwcolor.errors import UsageError
from bwcolor.metrics.pair import Pair
from bwcolor.metrics.table import METRICS, find_metrics

LOCAL = [metric for metric in METRICS.values() if not metric.needs]
NAMES_OF_THE_FIELD = (
    *("l2-uv", "acc-u", "acc-v", "acc-bins", "sat-diff", "pixel-diff", "mse", "mae", "psnr", "ssim", "auc-raw"),
    *("auc-rebalanced", "eps-accuracy-2", "eps-accuracy-5", "colorfulness", "delta-colorfulness", "ciede2000"),
    *("chroma-ratio", "hue-error", "l-error", "fid", "kid", "lpips", "leak", "seam", "flicker"),
)


def value(metric, pair):
    return float(metric.reduce(metric.prepare()(pair)))


def test_rows():
    assert set(NAMES_OF_THE_FIELD) <= set(METRICS)
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.summary
        assert metric.source
        assert metric.low < metric.high
        assert metric.needs in ("", "download", "frames")


@pytest.mark.parametrize("metric", LOCAL, ids=lambda metric: metric.name)
def test_values_lie_in_the_range_of_the_row(metric, pair):
    assert metric.low <= value(metric, pair) <= metric.high


@pytest.mark.parametrize("metric", LOCAL, ids=lambda metric: metric.name)
def test_the_truth_itself_is_the_best_there_is(metric, real):
    if metric.goal is None:
        return
    truth = value(metric, Pair.of(real, real))
    spoilt = value(metric, Pair.of(np.roll(real, 40, axis=(0, 1)), real))
    if math.isnan(truth):
        assert metric.name == "psnr-ab", "identical ab has no finite ratio"
        return
    assert metric.badness(np.array(truth)) <= metric.badness(np.array(spoilt))
    if not math.isinf(metric.goal):
        assert truth == pytest.approx(metric.goal)


@pytest.mark.parametrize("metric", LOCAL, ids=lambda metric: metric.name)
@pytest.mark.parametrize(
    ("prediction", "truth"),
    [
        (np.zeros((1, 1, 3)), np.full((1, 1, 3), 255)),
        (np.zeros((20, 20, 3)), np.zeros((20, 20, 3))),
        (np.full((20, 30, 3), 90), np.full((20, 30, 3), 90)),
        (np.full((1, 70, 3), (9, 200, 30)), np.full((1, 70, 3), 120)),
    ],
    ids=["one pixel", "black", "gray truth", "one row"],
)
def test_edge_cases_are_numbers_or_not_counted(metric, prediction, truth):
    sums = metric.prepare()(Pair.of(prediction.astype(np.uint8), truth.astype(np.uint8)))
    assert np.isfinite(sums).all()
    found = float(metric.reduce(sums))
    assert math.isnan(found) or metric.low <= found <= metric.high


def test_sums_have_the_same_length_for_every_photo(real):
    tiny = Pair.of(np.zeros((1, 1, 3), np.uint8), np.zeros((1, 1, 3), np.uint8))
    whole = Pair.of(real, real)
    for metric in LOCAL:
        assert metric.prepare()(tiny).shape == metric.prepare()(whole).shape


def test_all_is_what_needs_no_download_and_names_the_rest():
    found, left = find_metrics("all")
    assert [metric.name for metric in found] == [metric.name for metric in LOCAL]
    assert {metric.name for metric in left} == set(METRICS) - {metric.name for metric in LOCAL}
    found, left = find_metrics("flicker, all,psnr")
    assert found[0].name == "flicker"
    assert "flicker" not in {metric.name for metric in left}
    assert len({metric.name for metric in found}) == len(found)


def test_the_beginning_of_a_family_is_all_of_it():
    assert [metric.name for metric in find_metrics("eps-accuracy")[0]] == ["eps-accuracy-2", "eps-accuracy-5"]
    assert [metric.name for metric in find_metrics("pixel-diff")[0]] == ["pixel-diff"]


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="Did you mean ciede2000"):
        find_metrics("psnr,ciede200")
    with pytest.raises(UsageError, match="No metric"):
        find_metrics(" , ")


def test_badness_of_what_has_no_better_is_refused():
    with pytest.raises(ValueError, match="no better"):
        METRICS["colorfulness"].badness(np.zeros(1))
