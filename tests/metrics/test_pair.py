# SPDX-License-Identifier: Apache-2.0
"""Pictures and pairs: what is refused, and planes against scikit-image."""

import numpy as np
import pytest
from skimage import color

from bwcolor.metrics.pair import Pair, Picture, as_depth


@pytest.mark.parametrize(
    "wrong",
    [
        np.full((4, 4, 3), np.nan),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_anything_but_codes_is_refused(wrong):
    with pytest.raises(ValueError, match="a picture must be"):
        Picture(wrong)


def test_pictures_of_two_sizes_are_no_pair():
    with pytest.raises(ValueError, match="the prediction is"):
        Pair.of(np.zeros((4, 5, 3), np.uint8), np.zeros((5, 4, 3), np.uint8))


def test_planes(pair):
    truth = pair.truth
    lab = color.rgb2lab(truth.codes)
    np.testing.assert_allclose(np.moveaxis(truth.lab, 0, -1), lab, atol=2e-3)
    np.testing.assert_allclose(truth.chroma, np.hypot(lab[..., 1], lab[..., 2]), atol=2e-3)
    # scikit-image's matrix has more digits than the constants 0.492 and 0.877
    np.testing.assert_allclose(np.moveaxis(truth.uv, 0, -1), color.rgb2yuv(truth.codes)[..., 1:], atol=3e-4)


def test_neutral_has_the_truths_lightness(pair):
    gray = np.repeat(pair.truth.gray[..., None], 3, axis=2).astype(np.float64) / 65535
    np.testing.assert_allclose(color.rgb2lab(gray)[..., 0], color.rgb2lab(pair.truth.codes)[..., 0], atol=3e-3)


def test_sixteen_bits_are_not_rounded_away():
    fine = np.full((2, 2, 3), 30000, np.uint16)
    assert Picture(fine).lab[0, 0, 0] != Picture(as_depth(fine, np.dtype(np.uint8))).lab[0, 0, 0]
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert (as_depth(as_depth(codes, np.dtype(np.uint16)), np.dtype(np.uint8)) == codes).all()
    assert as_depth(np.array([128, 129], np.uint16), np.dtype(np.uint8)).tolist() == [0, 1]
