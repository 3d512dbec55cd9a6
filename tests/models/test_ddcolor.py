# SPDX-License-Identifier: Apache-2.0
"""DDColor computes what the authors' network computes, and its encoder what torchvision's ConvNeXt does."""

import re

import pytest
import torch
from seeded import fill_published, fill_seeded

from bwcolor.color import spaces
from bwcolor.models.convnext import ConvNeXt
from bwcolor.models.ddcolor import DDColor, DDColorTiny, waves

NETWORKS = {"ddcolor_large": DDColor, "ddcolor_tiny": DDColorTiny}


@pytest.mark.parametrize("name", NETWORKS)
def test_state_is_the_authors_name_by_name(recording, name):
    with torch.device("meta"):
        network = NETWORKS[name]()
    recording(name).check_table(network)


def check_outputs(recording, name, cases):
    golden = recording(name)
    network = NETWORKS[name]()
    fill_published(network, golden.gain)
    seen = {}
    decoder = network.decoder
    network.encoder["arch"].register_forward_hook(lambda *call: seen.update(norm0=call[2][0], norm3=call[2][3]))
    for index, layer in enumerate(decoder.layers):
        layer.register_forward_hook(lambda *call, index=index: seen.update({f"up{index}": call[2]}))
    decoder.color_decoder.register_forward_hook(lambda *call: seen.update(color_embed=call[2]))
    for case in cases:
        with torch.no_grad():
            seen["ab"] = network.published(golden.inputs(case, "x"))
            # the network joins the steps after these features; they are checked all the same
            seen["last_shuf"] = decoder.last_shuf(seen["up2"])
        for tap, ours in seen.items():
            golden.check(case, tap, ours)


def test_outputs_are_the_authors(recording):
    check_outputs(recording, "ddcolor_tiny", (0, 1))


def test_outputs_of_the_large_network_are_the_authors(recording):
    check_outputs(recording, "ddcolor_large", (0, 1))


def torchvision_name(name):
    """Return what torchvision calls a weight of ours."""
    for ours, theirs in (("dwconv", "block.0"), ("norm", "block.2"), ("pwconv1", "block.3"), ("pwconv2", "block.5")):
        name = re.sub(rf"^(stages\.\d\.\d+)\.{ours}\b", rf"\1.{theirs}", name)
    name = re.sub(r"^stages\.(\d)", lambda found: f"features.{2 * int(found[1]) + 1}", name)
    name = re.sub(r"^downsample_layers\.(\d)", lambda found: f"features.{2 * int(found[1])}", name)
    return name.replace(".gamma", ".layer_scale")


def test_the_encoder_is_torchvisions(recording):
    golden = recording("convnext_tiny")
    network = ConvNeXt("tiny")
    fill_seeded(network, golden.gain, {name: torchvision_name(name) for name in network.state_dict()})
    table = {name for name, _, _ in golden.table if not name.startswith("classifier.")}
    assert {torchvision_name(name) for name in network.state_dict() if "stages" in name or "down" in name} == table
    for case in (0, 1):
        with torch.no_grad():
            stages = network.stages_of(golden.inputs(case, "x"))
        for index, ours in enumerate(stages):
            golden.check(case, f"stage{index + 1}", ours)


def test_waves_are_told_row_by_row():
    found = waves(3, torch.zeros(1))
    assert found.shape == (3, 128)
    # the first pair has the whole turn, so that the last row is back at its start
    torch.testing.assert_close(found[2, :2], torch.tensor([0.0, 1.0]), atol=1e-4, rtol=0)
    torch.testing.assert_close(found[0, 0], torch.tensor(2 * torch.pi / 3).sin(), atol=1e-4, rtol=0)


def test_lightness_goes_in_as_the_gray_picture_that_has_it():
    torch.manual_seed(0)
    network = DDColorTiny().eval()
    codes = torch.rand(1, 1, 32, 64)
    with torch.no_grad():
        ab = network(spaces.lightness_from_gray(codes))
        torch.testing.assert_close(ab, network.published(codes.expand(-1, 3, -1, -1)), atol=1e-3, rtol=1e-3)
