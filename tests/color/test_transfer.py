# SPDX-License-Identifier: Apache-2.0
"""One picture takes on another's palette."""

import numpy as np
import pytest

from bwcolor.color.transfer import SHIFT, AbStatistics, match, statistics_of


def test_mean_and_spread_become_the_reference():
    ab = np.random.default_rng(0).normal((5, -3), (8, 12), (60, 70, 2)).astype(np.float32)
    told = statistics_of(match(ab, AbStatistics((10.0, 4.0), (12.0, 9.0))))
    assert told.mean == pytest.approx((10, 4), abs=0.01)
    assert told.spread == pytest.approx((12, 9), abs=0.01)


@pytest.mark.parametrize(("wanted", "got"), [(100.0, 16.0), (0.1, 4.0)])
def test_the_stretch_is_limited(wanted, got):
    ab = np.random.default_rng(0).normal(0, 8, (200, 200, 2)).astype(np.float32)
    assert statistics_of(match(ab, AbStatistics((0.0, 0.0), (wanted, wanted)))).spread == pytest.approx(
        (got, got), rel=0.02
    )


def test_the_shift_is_limited_and_keeps_its_direction():
    ab = np.random.default_rng(0).normal(0, 8, (200, 200, 2)).astype(np.float32)
    own = statistics_of(ab)
    told = statistics_of(match(ab, AbStatistics((own.mean[0] + 30.0, own.mean[1] - 40.0), own.spread)))
    assert np.subtract(told.mean, own.mean) == pytest.approx((0.6 * SHIFT, -0.8 * SHIFT), abs=0.01)


def test_a_flat_picture_stays_finite():
    assert np.isfinite(match(np.zeros((4, 4, 2), np.float32), AbStatistics((3.0, 4.0), (5.0, 5.0)))).all()
