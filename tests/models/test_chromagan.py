# SPDX-License-Identifier: Apache-2.0
"""ChromaGAN has the paper's layers, and sees pictures of any size."""

import pytest
import torch
from seeded import layer_table, parameters_by_layer

from bwcolor.models.chromagan import ChromaGan, Critic


def test_layers_are_the_papers():
    with torch.device("meta"):
        network = ChromaGan(class_branch="yes")
    assert parameters_by_layer(network) == layer_table("chromagan")


@pytest.mark.parametrize("backbone", ["vgg16", "efficientnet-lite2"])
def test_both_branches(backbone):
    torch.manual_seed(0)
    network = ChromaGan(backbone, class_branch="yes", shrink=8).eval()
    lightness = torch.rand(2, 1, 48, 64) * 100
    with torch.no_grad():
        ab, classes = network.both(lightness)
        torch.testing.assert_close(network(lightness), ab)
    assert ab.shape == (2, 2, 24, 32)
    assert classes.shape == (2, 1000)
    assert ChromaGan(backbone, shrink=8).both(lightness)[1] is None


def test_neutral_is_the_middle_code():
    network = ChromaGan(shrink=16).eval()
    torch.nn.init.zeros_(network.paint[-1].weight)
    torch.nn.init.zeros_(network.paint[-1].bias)
    with torch.no_grad():
        assert (network(torch.zeros(1, 1, 32, 32)) + 0.5).abs().max() < 1e-5  # 127.5 - 128


def test_the_packaged_weights_fill_the_stand_in():
    network = ChromaGan("efficientnet-lite2", shrink=16)
    before = network.backbone.lite.lite.conv_stem.weight.clone()
    network.load_imagenet()
    assert not torch.equal(before, network.backbone.lite.lite.conv_stem.weight)


def test_the_critic_has_the_papers_layers_and_a_gradient():
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in Critic().parameters())
    assert round(count / 1e6, 2) == 2.76  # millions, as the paper's network has
    critic = Critic(shrink=8)
    ab = torch.zeros(1, 2, 64, 64, requires_grad=True)
    verdict = critic(torch.rand(1, 1, 64, 64) * 100, ab)
    assert verdict.shape == (1, 1, 8, 8)
    verdict.sum().backward()
    assert ab.grad.abs().max() > 0
