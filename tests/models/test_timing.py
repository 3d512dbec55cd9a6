# SPDX-License-Identifier: Apache-2.0
"""A short measured run: by the clock it is given, without weights, in the manner of a colorizing."""

from itertools import count

import pytest

from bwcolor.models import timing
from bwcolor.models.inference import Runner
from bwcolor.models.table import MODELS, find_model


def test_the_median_of_the_runs_counts_and_the_first_one_does_not(monkeypatch):
    predicted = []
    monkeypatch.setattr(Runner, "predict", lambda self, smalls: predicted.append(smalls))
    times = iter([0, 0.5, 10, 10.3, 20, 20.4, 30, 30.9])
    assert timing.seconds_per_photo(MODELS["null"], lambda: next(times)) == pytest.approx(0.4)
    assert len(predicted) == 4


def test_a_fast_network_is_run_a_few_times_only():
    ticks = count()
    assert timing.seconds_per_photo(MODELS["null"], lambda: next(ticks) * 1e-3) == pytest.approx(1e-3)
    assert next(ticks) == 2 * timing.MOST_RUNS


@pytest.mark.parametrize("name", ["gan", "cnn+null"])
def test_it_runs_as_colorizing_does(name):
    row = find_model(name)
    ready, small = timing.runner(row)
    assert small.lightness.shape[0] == row.working_size
    assert small.lightness.shape[1] / row.working_size == pytest.approx(4 / 3, abs=0.02)
    assert ready.manner.looks == row.looks
    (prediction,) = ready.predict([small])
    assert prediction.ab.shape == (*(side // row.ab_stride for side in small.lightness.shape), 2)
