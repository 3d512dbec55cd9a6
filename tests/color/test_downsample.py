# SPDX-License-Identifier: Apache-2.0
"""Exact area averaging by strips, with the aspect kept."""

import numpy as np
import pytest
from skimage.color import rgb2lab
from skimage.transform import resize_local_mean

from bwcolor.color import downsample


@pytest.mark.parametrize("shape", [(40, 64), (16, 24), (100, 8), (300, 260)])
def test_shrinking_by_strips_is_exact_area_averaging(monkeypatch, shape):
    monkeypatch.setattr(downsample, "STRIP_PIXELS", 5000)
    gray = np.random.default_rng(0).integers(0, 256, (222, 167), dtype=np.uint8)
    lightness = rgb2lab(np.repeat(gray[..., None], 3, axis=-1))[..., 0]
    small = downsample.shrink(lambda y0, y1: gray[y0:y1], 222, 167, shape)
    assert small.shape == shape
    if shape[0] < 222:
        np.testing.assert_allclose(small, resize_local_mean(lightness, shape), atol=0.05)


def test_the_aspect_is_kept():
    assert downsample.working_shape(1000, 1500, 192, 4) == (192, 288)
    assert downsample.working_shape(1500, 1000, 192, 4) == (288, 192)
    height, width = downsample.working_shape(100, 40000, 192, 4)
    assert width == downsample.LONGEST_SIDE
    assert height == 12
