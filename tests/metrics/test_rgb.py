# SPDX-License-Identifier: Apache-2.0
"""Metrics on 8-bit sRGB against scikit-image, torchmetrics and numbers worked out by hand."""

import math

import numpy as np
import pytest
import torch
from skimage import color, metrics
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from bwcolor.metrics import rgb
from bwcolor.metrics.pair import Pair, Picture


def channels_first(picture):
    return torch.from_numpy(np.moveaxis(picture.codes, -1, 0).astype(np.float64))[None]


def test_psnr(pair):
    total = rgb.mean_psnr(rgb.psnr(pair))
    truth, prediction = pair.truth.codes, pair.prediction.codes
    assert total == pytest.approx(metrics.peak_signal_noise_ratio(truth, prediction, data_range=255), abs=1e-9)
    other = peak_signal_noise_ratio(channels_first(pair.prediction), channels_first(pair.truth), data_range=255.0)
    assert total == pytest.approx(float(other), abs=1e-4)


def test_every_channel_off_by_ten_is_28_131_db():
    grey = np.full((5, 7, 3), 100, np.uint8)
    assert rgb.mean_psnr(rgb.psnr(Pair.of(grey + 10, grey))) == pytest.approx(28.131, abs=5e-4)


def test_an_identical_photo_makes_the_mean_infinite():
    grey = np.full((5, 7, 3), 100, np.uint8)
    rows = np.stack([rgb.psnr(Pair.of(grey, grey)), rgb.psnr(Pair.of(grey + 1, grey))])
    assert rgb.mean_psnr(rows.sum(axis=0)) == math.inf
    assert np.isfinite(rgb.mean_psnr(rows)[1])


def test_ssim(pair):
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    other = metrics.structural_similarity(pair.truth.codes, pair.prediction.codes, channel_axis=2, **options)
    assert rgb.ssim(pair) == pytest.approx(other, abs=1e-9)
    # torchmetrics lets windows hang over the border; those are cut off here
    _, third = structural_similarity_index_measure(
        channels_first(pair.prediction), channels_first(pair.truth), sigma=1.5, data_range=255.0, return_full_image=True
    )
    assert rgb.ssim(pair) == pytest.approx(float(third[..., 5:-5, 5:-5].mean()), abs=1e-6)


def test_ssim_needs_a_whole_window():
    grey = np.full((10, 30, 3), 100, np.uint8)
    assert math.isnan(rgb.ssim(Pair.of(grey, grey)))
    grey = np.full((11, 11, 3), 100, np.uint8)
    assert rgb.ssim(Pair.of(grey, grey)) == pytest.approx(1.0)


def test_mse_and_mae(pair):
    ours, true = (channels_first(picture).double() for picture in (pair.prediction, pair.truth))
    assert rgb.mse(pair) == pytest.approx(float(torch.nn.functional.mse_loss(ours / 255, true / 255)))
    assert rgb.mae(pair) == pytest.approx(float(torch.nn.functional.l1_loss(ours, true)))


@pytest.mark.parametrize("tolerance", [0, 2, 10])
def test_pixel_difference(pair, tolerance):
    ours, true = pair.prediction.codes.tolist(), pair.truth.codes.tolist()
    off = [
        any(abs(c - d) > tolerance for c, d in zip(p, q, strict=True))
        for row, other in zip(ours, true, strict=True)
        for p, q in zip(row, other, strict=True)
    ]
    assert rgb.pixel_difference(tolerance)(pair) == pytest.approx(100 * sum(off) / len(off))


@pytest.mark.parametrize(
    ("first", "second", "signed", "absolute"),
    [((255, 0, 0), (0, 255, 0), 293.25, 85.53), ((200, 120, 60), (60, 120, 200), 129.55, 49.04)],
)
def test_colorfulness_of_two_colors(first, second, signed, absolute):
    picture = Picture(np.array([[first, second]] * 4, np.uint8))
    assert rgb.colorfulness_of(picture) == pytest.approx(signed, abs=5e-3)
    assert rgb.colorfulness_of(picture, absolute=True) == pytest.approx(absolute, abs=5e-3)


def test_delta_colorfulness_is_of_the_set(real):
    pale = (real // 2 + 64).astype(np.uint8)
    measure = rgb.both_colorfulness()
    rows = np.stack([measure(Pair.of(pale, real)), measure(Pair.of(real, pale))])
    assert rgb.gap_of_means(rows.sum(axis=0)) == pytest.approx(0, abs=1e-9)
    assert rgb.gap_of_means(rows)[0] > 1


def test_saturation_difference(pair):
    ours, true = (color.rgb2hsv(picture.codes)[..., 1].mean() for picture in (pair.prediction, pair.truth))
    assert rgb.saturation_difference(pair) == pytest.approx(100 * abs(ours - true) / true)


def test_a_gray_truth_has_no_saturation_to_deviate_from():
    grey = np.full((5, 7, 3), 100, np.uint8)
    assert math.isnan(rgb.saturation_difference(Pair.of(grey, grey)))
