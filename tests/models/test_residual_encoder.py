# SPDX-License-Identifier: Apache-2.0
"""Regression and classification of U and V."""

import pytest
import torch

from bwcolor.color import bins
from bwcolor.models import residual_encoder, yuv
from bwcolor.models.residual_encoder import BINS, VggClassification, VggRegression


@pytest.fixture(scope="module")
def classification():
    torch.manual_seed(0)
    return VggClassification(backbone="alexnet", shrink=8).eval()


def test_bins_are_equal_and_cover_the_whole_reach():
    middles = residual_encoder.bin_middles()
    assert middles.shape == (BINS, 2)
    for axis, reach in enumerate((yuv.U_REACH, yuv.V_REACH)):
        step = middles[1:, axis] - middles[:-1, axis]
        torch.testing.assert_close(step, torch.full_like(step, 2 * reach / BINS), atol=1e-6, rtol=1e-5)
        assert middles[0, axis] == pytest.approx(-reach * (1 - 1 / BINS))


def test_the_bin_of_a_middle_is_its_own_and_what_lies_beyond_is_in_the_outermost():
    middles = residual_encoder.bin_middles().T[None, :, None]  # (1, 2, 1, 50)
    index = torch.arange(BINS).expand(1, 2, 1, BINS)
    assert torch.equal(residual_encoder.nearest_bins(middles), index)
    assert residual_encoder.nearest_bins(torch.tensor([[[[-9.0]], [[9.0]]]])).flatten().tolist() == [0, BINS - 1]


def test_the_joint_distribution_is_the_product_of_the_two(classification):
    lightness = torch.rand(1, 1, 32, 32) * 100
    with torch.no_grad():
        u, v = (torch.softmax(head, dim=1) for head in classification.marginals(lightness))
        joint = torch.softmax(classification.distribution(lightness), dim=1).unflatten(1, (BINS, BINS))
    torch.testing.assert_close(joint, u[:, :, None] * v[:, None])
    torch.testing.assert_close(joint.sum(dim=2), u)


@pytest.mark.parametrize("temperature", [1.0, 0.2])
def test_colors_are_the_annealed_mean_of_the_joint_bins(classification, temperature):
    lightness = torch.rand(1, 1, 32, 32) * 60 + 20
    with torch.no_grad():
        ab, logits = classification.colors(lightness, None, temperature)
    uv = bins.annealed_mean(logits, classification.uv_centers, temperature)
    expected = yuv.ab_from_uv(torch.nn.functional.avg_pool2d(lightness, 4), uv)
    torch.testing.assert_close(ab, expected, atol=1e-2, rtol=1e-3)


def test_centers_are_the_bins_at_middle_lightness(classification):
    lightness = torch.full((1, 1, 1, len(classification.centers)), 50.0)
    planes = classification.uv_centers.T[None, :, None]
    torch.testing.assert_close(yuv.ab_from_uv(lightness, planes)[0, :, 0].T, classification.centers)


@pytest.mark.parametrize("bottleneck", ["paper", "wide"])
def test_regression_stays_within_what_rgb_can_have(bottleneck):
    torch.manual_seed(0)
    network = VggRegression(backbone="alexnet", bottleneck=bottleneck, shrink=8).eval()
    with torch.no_grad():
        network.out[0].weight.mul_(1e3)
        uv = network.chrominance(torch.rand(1, 1, 32, 32) * 100)
    assert uv[:, 0].abs().max() <= yuv.U_REACH
    assert uv[:, 1].abs().max() <= yuv.V_REACH
    assert uv[:, 1].abs().max() > 0.9 * yuv.V_REACH


def test_the_walk_has_the_papers_widths():
    network = VggRegression()
    widths = [network.walk.enter[0].out_channels, *(step[0].out_channels for step in network.walk.steps)]
    assert widths == [256, 128, 64]
    assert network.narrow[0].out_channels == 3
    decoder = sum(p.numel() for name, p in network.named_parameters() if not name.startswith("backbone."))
    assert decoder == pytest.approx(0.50e6, rel=0.02)
