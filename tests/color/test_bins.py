# SPDX-License-Identifier: Apache-2.0
"""Quantized color, against the vectors of the published formulas."""

import numpy as np
import pytest
import torch

from bwcolor.color import bins


def test_the_published_bins():
    centers = bins.zhang_centers()
    assert centers.shape == (313, 2)
    assert centers[0].tolist() == [-90, 50]
    assert centers[-1].tolist() == [100, 0]


def test_the_bins_that_srgb_reaches():
    centers = bins.srgb_centers()
    assert len(np.unique(centers, axis=0)) == len(centers)
    assert [0, 0] in centers.tolist()
    published = {tuple(c) for c in bins.zhang_centers().tolist()}
    assert sum(tuple(c) in published for c in centers.tolist()) > 0.95 * len(centers)


@pytest.mark.parametrize(
    ("neighbours", "ab", "expected", "decoded"),
    [
        (5, (12, -7), {(10, -10): 0.5137, (10, 0): 0.2308, (20, -10): 0.1547, (20, 0): 0.0695, (0, -10): 0.0312},
         (11.930, -6.997)),
        (10, (12, -7), {(10, -10): 0.4918, (10, 0): 0.2210, (20, -10): 0.1481}, (11.762, -7.227)),
        (5, (0, 0), {(0, 0): 0.6488, (10, 0): 0.0878, (-10, 0): 0.0878, (0, 10): 0.0878, (0, -10): 0.0878}, (0, 0)),
    ],
)  # fmt: skip
def test_soft_encoding(neighbours, ab, expected, decoded):
    centers = torch.from_numpy(bins.zhang_centers())
    index, share = bins.soft_encode(torch.tensor([ab], dtype=torch.float32), centers, neighbours)
    found = {tuple(centers[i].int().tolist()): float(s) for i, s in zip(index[0], share[0], strict=True)}
    for center, value in expected.items():
        assert found[center] == pytest.approx(value, abs=1e-4)
    mean = (share[0][:, None] * centers[index[0]]).sum(dim=0)
    assert mean.tolist() == pytest.approx(decoded, abs=2e-3)
    assert float(share.sum()) == pytest.approx(1, abs=1e-6)


def test_quantizing_finds_the_nearest_center():
    centers = torch.from_numpy(bins.srgb_centers())
    ab = torch.from_numpy(np.random.default_rng(0).uniform(-80, 80, (50, 2)).astype(np.float32))
    brute = ((ab[:, None] - centers[None]) ** 2).sum(-1)
    chosen = bins.quantize(ab, centers)
    torch.testing.assert_close(brute.gather(1, chosen[:, None])[:, 0], brute.min(dim=1).values)


@pytest.mark.parametrize(("mix", "expected"), [(0.5, (0.7542, 1.4612, 1.7984)), (0.2, (0.5952, 1.6454, 2.5430))])
def test_rebalancing_weights(mix, expected):
    prior = np.array([0.7, 0.2, 0.1])
    weights = bins.rebalancing_weights(prior, mix)
    assert weights == pytest.approx(expected, abs=1e-4)
    assert (prior * weights).sum() == pytest.approx(1)


def test_no_power_no_rebalancing():
    assert bins.rebalancing_weights(np.array([0.7, 0.2, 0.1]), 0.5, 0.0) == pytest.approx([1, 1, 1])


@pytest.mark.parametrize(("temperature", "expected"), [(1.0, 28.0), (0.38, 13.037), (0.1, 0.249)])
def test_annealed_mean(temperature, expected):
    logits = torch.log(torch.tensor([0.5, 0.3, 0.2])).view(1, 3, 1, 1)
    centers = torch.tensor([[0.0, 0.0], [40.0, -40.0], [80.0, -80.0]])
    ab = bins.annealed_mean(logits, centers, temperature)
    assert ab[0, :, 0, 0].tolist() == pytest.approx([expected, -expected], abs=1e-3)


def test_certainty_spans_uniform_to_sure():
    logits = torch.zeros(1, 8, 1, 2)
    logits[0, 3, 0, 1] = 50
    assert bins.certainty(logits)[0, 0].tolist() == pytest.approx([0, 1], abs=1e-5)


def test_smoothing_keeps_the_sum_and_reaches_empty_bins():
    centers = bins.srgb_centers()
    counts = np.zeros(len(centers))
    counts[100] = 5
    prior = bins.empirical_prior(counts, centers, 5.0)
    assert prior.sum() == pytest.approx(1)
    assert prior.argmax() == 100
    assert (prior > 0).sum() > 5
    assert bins.empirical_prior(counts, centers, 0.0)[100] == 1
