# SPDX-License-Identifier: Apache-2.0
"""Rows of sums become numbers with intervals, checked against scipy's bootstrap and jackknife by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bwcolor.metrics import intervals
from bwcolor.metrics.metric import HIGHER, Metric, ratio


def plain(**changes):
    values = {"name": "m", "summary": "", "unit": "", "goal": HIGHER, "low": 0, "high": 1, "source": ""}
    return Metric(**{**values, "measure": lambda pair: np.zeros(2), **changes})


def rows_of(values, weights=None):
    weights = np.ones(len(values)) if weights is None else np.asarray(weights, float)
    return np.stack([np.asarray(values) * weights, weights], axis=1)


def test_interval_of_a_mean_is_that_of_scipy():
    values = np.random.default_rng(0).gamma(2.0, size=150)
    found = intervals.estimate(plain(), rows_of(values))
    other = stats.bootstrap((values,), np.mean, n_resamples=9999, method="percentile", rng=1).confidence_interval
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(other.low, abs=0.03)
    assert found.high == pytest.approx(other.high, abs=0.03)
    assert found.photos == 150


def test_interval_covers_what_it_should():
    random = np.random.default_rng(5)
    hits = 0
    for _ in range(200):
        found = intervals.estimate(plain(), rows_of(random.normal(3.0, 1.0, size=60)))
        hits += found.low <= 3.0 <= found.high
    assert 0.88 <= hits / 200 <= 0.99


def test_a_ratio_of_sums_weighs_large_photos_more():
    rows = rows_of([0.0, 1.0], weights=[1, 3])
    assert intervals.estimate(plain(), rows).value == 0.75
    np.testing.assert_allclose(intervals.per_photo(plain(), rows), [0, 1])


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(-5, 5), min_size=4, max_size=12), st.integers(1, 3))
def test_merging_parts_is_measuring_the_whole(values, cut):
    rows = rows_of(values)
    parts = np.stack([rows[:cut].sum(axis=0), rows[cut:].sum(axis=0)])
    assert intervals.estimate(plain(), parts).value == pytest.approx(intervals.estimate(plain(), rows).value)


def test_pairs_are_far_sharper_than_their_two_intervals():
    random = np.random.default_rng(1)
    hard = random.normal(20, 4, size=100)
    better = rows_of(hard + 0.5 + random.normal(0, 0.2, size=100))
    worse = rows_of(hard)
    found = intervals.difference(plain(), better, worse)
    assert found.value == pytest.approx(0.5, abs=0.1)
    assert found.low > 0.3
    one = intervals.estimate(plain(), better)
    assert one.high - one.low > 5 * (found.high - found.low)
    opposite = intervals.difference(plain(), worse, better)
    assert (opposite.value, opposite.low, opposite.high) == pytest.approx((-found.value, -found.high, -found.low))


def test_photos_without_a_value_are_left_out_and_not_counted():
    rows = np.array([[0.0, 0.0], [2.0, 1.0], [4.0, 1.0]])
    found = intervals.estimate(plain(), rows)
    assert (found.value, found.photos) == (3.0, 2)
    empty = intervals.estimate(plain(), np.zeros((3, 2)))
    assert math.isnan(empty.value)
    assert math.isnan(empty.low)
    assert empty.photos == 0


def test_one_photo_has_no_interval():
    found = intervals.estimate(plain(), rows_of([2.0]))
    assert found.value == 2.0
    assert math.isnan(found.low)


def test_not_a_number_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        intervals.estimate(plain(), np.array([[np.nan, 1.0]]))
    with pytest.raises(ValueError, match="at least one photo"):
        intervals.estimate(plain(), np.zeros((0, 2)))
    with pytest.raises(ValueError, match="the same photos"):
        intervals.difference(plain(), np.zeros((2, 2)), np.zeros((3, 2)))


def test_metrics_of_a_whole_set_have_jackknife_intervals():
    values = np.random.default_rng(2).normal(1, 1, size=(40, 1))
    left_out = np.array([np.delete(values, index).mean() for index in range(40)])
    metric = plain(whole=lambda rows: float(rows.mean()), left_out=lambda rows: left_out)
    found = intervals.estimate(metric, values)
    error = values.std(ddof=1) / math.sqrt(40)  # the jackknife of a mean is its standard error
    assert found.high - found.low == pytest.approx(2 * 1.959964 * error)
    assert np.isnan(intervals.per_photo(metric, values)).all()


def test_the_same_rows_give_the_same_interval():
    rows = rows_of(np.random.default_rng(3).normal(size=30))
    assert intervals.estimate(plain(), rows) == intervals.estimate(plain(), rows)


def test_nothing_counted_is_no_number():
    assert math.isnan(ratio(np.zeros(2)))
