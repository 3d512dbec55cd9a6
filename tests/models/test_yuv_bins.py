# SPDX-License-Identifier: Apache-2.0
"""The most frequent bins of U and V, and the trunk over them."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bwcolor.color import bins
from bwcolor.models import yuv
from bwcolor.models.yuv_bins import CELLS, KEPT, U_RANGE, V_RANGE, YuvBins, frequent_bins, starting_centers


def in_cell(u, v, times, spread=0.0):
    """Return U and V in the middle of a cell, moved by a share of it."""
    middle = [((cell + 0.5 + spread) / CELLS * 2 - 1) * reach for cell, reach in ((u, U_RANGE), (v, V_RANGE))]
    return np.repeat(np.array([middle], dtype=np.float32), times, axis=0)


def test_the_most_frequent_are_kept_and_the_others_join_the_nearest():
    uv = np.concatenate([in_cell(2, 2, 50), in_cell(7, 7, 30), in_cell(6, 7, 5), in_cell(0, 0, 4)])
    found = frequent_bins(uv, keep=2)
    np.testing.assert_allclose(found.centers, np.concatenate([in_cell(2, 2, 1), in_cell(7, 7, 1)]), atol=1e-6)
    np.testing.assert_allclose(found.prior, [54 / 89, 35 / 89])


def test_bins_decode_to_the_mean_of_what_fell_into_them():
    uv = np.concatenate([in_cell(4, 4, 3, 0.3), in_cell(4, 4, 1, -0.1)])
    found = frequent_bins(uv, keep=1)
    np.testing.assert_allclose(found.centers, in_cell(4, 4, 1, 0.2), atol=1e-6)


def test_cells_that_nothing_falls_into_are_never_kept():
    found = frequent_bins(in_cell(4, 4, 10))
    assert len(found.centers) == 1
    assert found.prior.tolist() == [1.0]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**31), st.integers(1, 40))
def test_shares_sum_to_one_and_the_edges_are_counted(seed, keep):
    draw = np.random.default_rng(seed)
    uv = draw.uniform(-1, 1, (200, 2)).astype(np.float32)  # many lie beyond the cells
    found = frequent_bins(uv, keep=keep)
    assert found.prior.sum() == pytest.approx(1.0)
    assert len(found.centers) == len(found.prior) <= keep
    assert (found.prior > 0).all()


def test_the_first_centers_are_near_neutral():
    centers = starting_centers()
    assert centers.shape == (KEPT, 2)
    assert np.hypot(*centers.T).max() < 0.45


def test_bins_travel_with_the_weights():
    torch.manual_seed(0)
    network, other = YuvBins(), YuvBins()
    measured = torch.from_numpy(np.random.default_rng(0).uniform(-0.3, 0.3, (KEPT, 2)).astype(np.float32))
    network.set_bins(measured)
    other.load_state_dict(network.state_dict())
    assert torch.equal(other.uv_centers, measured)
    torch.testing.assert_close(other.centers, network.centers)
    assert not torch.equal(other.centers, YuvBins().centers)


def test_fewer_bins_than_32_leave_copies_that_are_nobodys_nearest():
    network = YuvBins()
    network.set_bins(network.uv_centers[:5].clone())
    lightness = torch.full((1, 1, 8, 8), 55.0)
    index = network.quantize(lightness, torch.randn(1, 2, 8, 8) * 40)
    assert index.max() < 5
    assert torch.isfinite(network.centers).all()


def test_colors_are_the_annealed_mean_at_each_places_lightness():
    torch.manual_seed(0)
    network = YuvBins().eval()
    lightness = torch.rand(1, 1, 64, 64) * 60 + 20
    with torch.no_grad():
        ab, logits = network.colors(lightness, None, 0.4)
    uv = bins.annealed_mean(logits, network.uv_centers, 0.4)
    torch.testing.assert_close(ab, yuv.ab_from_uv(torch.nn.functional.avg_pool2d(lightness, 4), uv))


def test_the_bin_of_a_bins_color_is_its_own():
    network = YuvBins()
    lightness = torch.full((1, 1, 4, 8), 55.0)
    uv = network.uv_centers.reshape(4, 8, 2).permute(2, 0, 1)[None]
    index = network.quantize(lightness, yuv.ab_from_uv(lightness, uv))
    assert index.flatten().tolist() == list(range(KEPT))


def test_all_cells_can_be_bins():
    network = YuvBins(bins="all").eval()
    assert len(network.uv_centers) == CELLS**2
    assert network.distribution(torch.rand(1, 1, 32, 32) * 100).shape == (1, CELLS**2, 8, 8)
    network.set_bins(network.uv_centers[:40].clone())
    assert torch.equal(network.uv_centers[40:], network.uv_centers[39:40].expand(60, 2))
