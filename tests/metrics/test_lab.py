# SPDX-License-Identifier: Apache-2.0
"""Metrics on CIELAB against scikit-image and plain loops."""

import math

import numpy as np
import pytest
from skimage import color

from bwcolor.color import spaces
from bwcolor.metrics import lab
from bwcolor.metrics.metric import ratio
from bwcolor.metrics.pair import Pair


def labs(pair):
    return color.rgb2lab(pair.prediction.codes), color.rgb2lab(pair.truth.codes)


def colored(lightness, a, b, height=6, width=8):
    """Return a plain 16-bit picture of one Lab color."""
    rgb = np.array(spaces.srgb_from_lab(float(lightness), float(a), float(b)))
    assert ((rgb >= 0) & (rgb <= 1)).all()
    return np.broadcast_to(np.rint(rgb * 65535).astype(np.uint16), (height, width, 3)).copy()


def test_chroma_ratio_is_over_all_pixels(pair):
    ours, true = (np.hypot(each[..., 1], each[..., 2]) for each in labs(pair))
    assert ratio(lab.chroma_ratio(pair)) == pytest.approx(ours.sum() / true.sum(), rel=1e-4)
    large = Pair.of(np.zeros((40, 40, 3), np.uint8), np.full((40, 40, 3), (200, 0, 0), np.uint8))
    small = Pair.of(*(np.full((2, 2, 3), (200, 0, 0), np.uint8),) * 2)
    together = lab.chroma_ratio(large) + lab.chroma_ratio(small)
    assert ratio(together) == pytest.approx(4 / 1604, rel=1e-6)


def test_auc_is_the_mean_of_the_curve(pair):
    ours, true = labs(pair)
    error = np.hypot(*np.moveaxis(ours - true, -1, 0)[1:])
    curve = [(error <= threshold).mean() for threshold in range(151)]
    assert lab.auc(pair) == pytest.approx(100 * np.mean(curve), abs=1e-3)


def test_an_ab_error_of_twenty_is_86_75_percent():
    assert 100 * lab.threshold_share(np.array(20.0)) == pytest.approx(86.75, abs=5e-3)
    assert lab.threshold_share(np.array([0.0, 150.0, 151.0, 400.0])).tolist() == [1.0, 1 / 151, 0.0, 0.0]


@pytest.mark.parametrize("percent", [2, 5])
def test_eps_accuracy(pair, percent):
    ours, true = (np.round(each[..., 1:]) for each in labs(pair))
    within = (np.abs(ours - true) <= 2.2 * percent).all(axis=2)
    assert lab.eps_accuracy(percent)(pair) == pytest.approx(100 * within.mean(), abs=0.05)


def test_hue_error_counts_angles_beyond_ninety_degrees():
    red, green, gray = colored(50, 30, 10), colored(50, -30, 10), colored(50, 0, 0)
    faint = colored(50, 5, 5)
    assert ratio(lab.hue_error(Pair.of(green, red))) == 100
    assert ratio(lab.hue_error(Pair.of(red, red))) == 0
    assert ratio(lab.hue_error(Pair.of(gray, red))) == 0, "a gray prediction points nowhere"
    assert ratio(lab.hue_error(Pair.of(colored(50, 20, 40), red))) == 0, "less than a right angle"
    assert math.isnan(ratio(lab.hue_error(Pair.of(green, faint)))), "a faint truth has no hue"


def test_hue_error_by_angles(pair):
    ours, true = labs(pair)
    angle = np.arctan2(ours[..., 2], ours[..., 1]) - np.arctan2(true[..., 2], true[..., 1])
    off = np.abs((np.degrees(angle) + 180) % 360 - 180)
    chroma = [np.hypot(each[..., 1], each[..., 2]) for each in (ours, true)]
    wrong = (off > 90) & (chroma[0] > 1)
    assert ratio(lab.hue_error(pair)) == pytest.approx(100 * wrong[chroma[1] > 15].mean(), abs=0.02)


def test_lightness_is_compared_as_neutral_gray():
    dark, light = (np.full((3, 3, 3), code, np.uint8) for code in (100, 103))
    assert lab.lightness_error(Pair.of(dark, light)) == pytest.approx(3, abs=1e-6)
    assert lab.lightness_lost(Pair.of(dark, light)) == 100
    tinted = Pair.of(colored(60, 20, -15), colored(60, 0, 0))
    assert lab.lightness_error(tinted) == pytest.approx(0, abs=0.01)
    assert lab.lightness_lost(tinted) == 0


def test_psnr_of_ab(pair):
    ours, true = (each[..., 1:] for each in labs(pair))
    assert lab.ab_psnr(pair) == pytest.approx(10 * np.log10(255**2 / np.mean((ours - true) ** 2)), abs=1e-3)
    assert math.isnan(lab.ab_psnr(Pair.of(colored(50, 1, 1), colored(50, 1, 1))))


def test_one_black_pixel():
    black, white = np.zeros((1, 1, 3), np.uint8), np.full((1, 1, 3), 255, np.uint8)
    pair = Pair.of(black, white)
    assert lab.lightness_error(pair) == pytest.approx(255)
    assert math.isnan(ratio(lab.hue_error(pair)))
    assert lab.auc(pair) == pytest.approx(100, abs=0.7)
