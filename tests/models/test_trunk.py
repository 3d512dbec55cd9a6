# SPDX-License-Identifier: Apache-2.0
"""The project's own networks keep the Network contract."""

import pytest
import torch

from bwcolor.color import bins, spaces
from bwcolor.models.efficientnet_lite import INPUT_MEAN, INPUT_SCALE
from bwcolor.models.network import Classifier, build
from bwcolor.models.table import MODELS
from bwcolor.models.trunk import Classify, Gan, encoder_input


@pytest.mark.parametrize("name", ["gan", "classify", "null"])
@pytest.mark.parametrize("hinted", [False, True])
def test_contract(name, hinted):
    torch.manual_seed(0)
    row = MODELS[name]
    network = build(row).eval()
    lightness = torch.rand(2, 1, 64, 96) * 100
    hints = torch.zeros(2, 3, 64, 96) if hinted else None
    with torch.no_grad():
        ab = network(lightness, hints)
        alone = network(lightness[:1], None if hints is None else hints[:1])
    assert ab.shape == (2, 2, 64 // row.ab_stride, 96 // row.ab_stride)
    assert ab.dtype == torch.float32
    torch.testing.assert_close(ab[:1], alone, atol=1e-3, rtol=1e-4)


def test_a_gray_photo_enters_as_its_srgb_neutral():
    codes = torch.arange(256).float()
    lightness = spaces.lightness_from_gray(codes.double() / 255).float().reshape(1, 1, 16, 16)
    entered = encoder_input(lightness)[0, 0].reshape(-1)
    torch.testing.assert_close(entered, (codes - INPUT_MEAN) / INPUT_SCALE, atol=1e-3, rtol=0)


def test_the_ab_head_starts_as_a_zero_residual_on_the_annealed_mean():
    torch.manual_seed(0)
    network = Gan().eval()
    lightness = torch.rand(1, 1, 32, 64) * 100
    with torch.no_grad():
        ab, logits = network.colors(lightness, None, 0.5)
    torch.testing.assert_close(ab, bins.annealed_mean(logits, network.centers, 0.5))


def test_hints_reach_the_colors():
    torch.manual_seed(0)
    network = Classify()
    with torch.no_grad():
        for stage in network.decoder:
            stage.hint.weight.normal_(0, 0.1)
    network.eval()
    lightness = torch.full((1, 1, 64, 64), 50.0)
    hints = torch.zeros(1, 3, 64, 64)
    hints[:, 0, 20:28, 20:28], hints[:, 2, 20:28, 20:28] = 60.0, 1.0
    with torch.no_grad():
        assert (network(lightness, hints) - network(lightness)).abs().max() > 1e-3


@pytest.mark.parametrize("kind", [Classify, Gan])
def test_without_hints_the_hint_branch_is_of_no_account(kind):
    """Bit for bit, however it was trained; and a branch that was not changes nothing, whatever it is told."""
    torch.manual_seed(0)
    network = kind().eval()
    lightness, hints = torch.rand(1, 1, 32, 64) * 100, torch.rand(1, 3, 32, 64)
    with torch.no_grad():
        before = network.colors(lightness, None, 0.6)
        for fresh, plain in zip(network.colors(lightness, hints, 0.6), before, strict=True):
            assert torch.equal(fresh, plain)
        for parameter in (*network.hints.parameters(), *(stage.hint.weight for stage in network.decoder)):
            parameter.normal_(0, 1)
        for after, plain in zip(network.colors(lightness, None, 0.6), before, strict=True):
            assert torch.equal(after, plain)
        assert not torch.equal(network(lightness, hints), network(lightness))
        # hints that say nothing are none: a point here does not speak over there
        torch.testing.assert_close(network(lightness, torch.zeros_like(hints)), network(lightness))


def test_networks_of_bins_are_told_from_others():
    assert isinstance(build(MODELS["gan"]), Classifier)
    assert not isinstance(build(MODELS["null"]), Classifier)
