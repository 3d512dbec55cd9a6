# SPDX-License-Identifier: Apache-2.0
"""Frechet and kernel distances against scipy, torchmetrics and the original implementation's numbers."""

import numpy as np
import pytest
import torch
from scipy import linalg
from torchmetrics.image.fid import _compute_fid
from torchmetrics.image.kid import poly_mmd

from bwcolor.metrics import features


@pytest.fixture(params=[0, 1])
def samples(request):
    random = np.random.default_rng(request.param)
    return random.normal(0, 1, (90, 12)), random.normal(0.3, 1.4, (70, 12))


def test_frechet_distance(samples):
    first, second = samples
    covariances = [np.cov(sample, rowvar=False) for sample in samples]
    root = linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = ((first.mean(0) - second.mean(0)) ** 2).sum() + np.trace(sum(covariances) - 2 * root)
    assert features.frechet_distance(first, second) == pytest.approx(expected, rel=1e-9)
    tensors = [torch.from_numpy(value) for sample, cov in zip(samples, covariances, strict=True)
               for value in (sample.mean(0), cov)]  # fmt: skip
    assert features.frechet_distance(first, second) == pytest.approx(float(_compute_fid(*tensors)), rel=1e-6)


def test_frechet_distance_of_the_original(conformance):
    data = np.load(conformance / "fid_inception" / "frechet.npz")
    first, second, few = data["X"], data["Y"], data["X"][: int(data["n_Z"])]
    assert features.frechet_distance(first, second) == pytest.approx(float(data["fid_XY"]), rel=1e-8)
    assert features.frechet_distance(first, first) == pytest.approx(0, abs=1e-6)
    assert features.frechet_distance(few, second) == pytest.approx(float(data["fid_ZY"]), abs=1e-3)


def test_kernel_distance(samples):
    first, second = samples
    count = min(map(len, samples))
    first, second = first[:count], second[:count]
    kernels = [torch.from_numpy(features.polynomial_kernel(*pair)) for pair in ((first, first), (first, second))]
    np.testing.assert_allclose(kernels[0][0, 1], (first[0] @ first[1] / 12 + 1) ** 3)
    expected = poly_mmd(torch.from_numpy(first), torch.from_numpy(second))
    assert features.kernel_distance(first, second) == pytest.approx(float(expected), rel=1e-9)


def test_kernel_distance_has_no_bias():
    random = np.random.default_rng(4)
    values = [features.kernel_distance(*random.normal(size=(2, 15, 5))) for _ in range(400)]
    assert abs(np.mean(values)) < 3 * np.std(values) / 20


def test_rows_hold_prediction_and_truth_side_by_side(samples):
    first, second = samples[0][:50], samples[1][:50]
    rows = np.concatenate([first, second], axis=1)
    assert features.kernel_of_rows(rows) == pytest.approx(1000 * features.kernel_distance(first, second))
    assert features.frechet_of_rows(rows) == pytest.approx(features.frechet_distance(first, second))


def test_values_without_each_photo_are_those_of_smaller_sets(samples):
    rows = np.concatenate([samples[0][:20], samples[1][:20]], axis=1)
    expected = [features.kernel_of_rows(np.delete(rows, index, axis=0)) for index in range(20)]
    np.testing.assert_allclose(features.kernel_without_each(rows), expected, rtol=1e-9)
