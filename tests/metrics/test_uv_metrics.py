# SPDX-License-Identifier: Apache-2.0
"""The YUV metrics against scikit-image's YUV."""

import numpy as np
import pytest
from skimage import color

from bwcolor.metrics import yuv
from bwcolor.metrics.pair import Pair


def test_squared_error_is_a_sum_over_pixels(pair):
    ours, true = (color.rgb2yuv(picture.codes)[..., 1:] for picture in (pair.prediction, pair.truth))
    assert yuv.squared_error(pair) == pytest.approx(((ours - true) ** 2).sum(), rel=2e-3)
    assert yuv.squared_error_per_pixel(pair) * pair.pixels == pytest.approx(yuv.squared_error(pair))


@pytest.mark.parametrize(("channel", "limit"), [(yuv.U, 0.436), (yuv.V, 0.615)])
def test_accuracy_over_fifty_equal_bins(pair, channel, limit):
    edges = np.linspace(-limit, limit, 51)[1:-1] - 1e-7  # gray lies on an edge
    ours, true = (
        np.digitize(color.rgb2yuv(picture.codes)[..., channel + 1], edges) for picture in (pair.prediction, pair.truth)
    )
    # scikit-image's matrix has more digits, which moves a few values over an edge
    assert yuv.accuracy(channel)(pair) == pytest.approx(100 * (ours == true).mean(), abs=0.5)


def test_extreme_colors_fall_into_the_last_bins():
    blue, yellow = np.full((2, 2, 3), (0, 0, 255), np.uint8), np.full((2, 2, 3), (255, 255, 0), np.uint8)
    assert yuv.accuracy(yuv.U)(Pair.of(blue, blue)) == 100
    assert yuv.accuracy(yuv.U)(Pair.of(blue, yellow)) == 0
