# SPDX-License-Identifier: Apache-2.0
"""Siggraph17 computes what the authors' network computes, and heeds hints."""

import pytest
import torch
from seeded import fill_seeded

from bwcolor.color import bins
from bwcolor.models.siggraph17 import Siggraph17, overall_hint


@pytest.fixture(scope="module")
def seeded(recording):
    golden = recording("siggraph17")
    network = Siggraph17()
    fill_seeded(network, golden.gain)
    return golden, network


def test_state_is_the_authors_name_by_name(seeded):
    golden, network = seeded
    golden.check_table(network)


@pytest.mark.parametrize("case", [0, 1, 2])
def test_outputs_are_the_authors(seeded, case):
    golden, network = seeded
    hints = None
    if f"c{case}.in.input_B" in golden.arrays:
        hints = torch.cat([golden.inputs(case, "input_B"), golden.inputs(case, "mask_B")], dim=1)
    assert (hints is None) == (case == 0)
    lightness = golden.inputs(case, "input_A")
    with torch.no_grad():
        eighth = network.features(lightness, hints)[-1]
        golden.check(case, "conv8_3", eighth)
        golden.check(case, "class_logits", network.classes(eighth))
        golden.check(case, "ab", network(lightness, hints))


@pytest.fixture
def led():
    """Return a small network with the branch of global hints."""
    torch.manual_seed(0)
    return Siggraph17(width=4, global_hints="yes").eval()


def test_global_hints_change_nothing_until_they_are_trained(led):
    lightness = torch.rand(2, 1, 32, 40) * 100
    overall = overall_hint(torch.rand(2, 2, 16, 16) * 60, torch.tensor([0.4, 0.9]))
    with torch.no_grad():
        torch.testing.assert_close(led(lightness, None, overall), led(lightness), atol=0, rtol=0)


def test_global_hints_can_be_learned(led):
    led.train()
    optimizer = torch.optim.Adam(led.parameters(), lr=1e-2)
    lightness = torch.rand(1, 1, 32, 32).repeat(2, 1, 1, 1) * 100
    truth = torch.stack([torch.full((2, 32, 32), 30.0), torch.full((2, 32, 32), -30.0)])
    overall = overall_hint(truth)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = (led(lightness, None, overall) - truth).abs().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    # the two pictures differ in nothing but what they are told
    assert losses[-1] < 0.5 * losses[0]


def test_an_overall_hint_counts_bins_and_flags_what_it_tells():
    ab = torch.zeros(1, 2, 8, 8)
    ab[:, 0, :, 4:] = 60.0
    hint = overall_hint(ab)
    centers = bins.zhang_centers().tolist()
    assert hint[0, centers.index([0.0, 0.0])] == 0.5
    assert hint[0, centers.index([60.0, 0.0])] == 0.5
    assert hint[0, 313:].tolist() == [1.0, 0.0, 0.0]
    assert overall_hint(saturation=torch.tensor([0.25]))[0, 313:].tolist() == [0.0, 0.25, 1.0]
    with pytest.raises(ValueError, match="needs ab or a saturation"):
        overall_hint()


def test_what_lies_outside_the_mask_is_no_hint():
    torch.manual_seed(0)
    network = Siggraph17(width=4).eval()
    lightness = torch.rand(1, 1, 32, 32) * 100
    stray = torch.zeros(1, 3, 32, 32)
    stray[:, :2] = 50.0
    with torch.no_grad():
        torch.testing.assert_close(network(lightness, stray), network(lightness))
        stray[:, 2, 10:14, 10:14] = 1.0
        assert (network(lightness, stray) - network(lightness)).abs().max() > 1e-3
