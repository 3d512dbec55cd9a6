# SPDX-License-Identifier: Apache-2.0
"""Eccv16 computes what the authors' network computes."""

import pytest
import torch
from seeded import fill_seeded

from bwcolor.color import bins
from bwcolor.models.eccv16 import Eccv16


@pytest.fixture(scope="module")
def seeded(recording):
    golden = recording("eccv16")
    network = Eccv16()
    fill_seeded(network, golden.gain)
    return golden, network


def test_state_is_the_authors_name_by_name(seeded):
    golden, network = seeded
    golden.check_table(network)


@pytest.mark.parametrize("case", [0, 1])
def test_outputs_are_the_authors(seeded, case):
    golden, network = seeded
    lightness = golden.inputs(case, "input_l")
    with torch.no_grad():
        golden.check(case, "logits313", network.distribution(lightness))
        golden.check(case, "ab", network.published(lightness))


def test_a_fresh_network_holds_the_papers_bins():
    torch.testing.assert_close(Eccv16(width=4).centers, torch.from_numpy(bins.zhang_centers()))


def test_colors_are_the_annealed_mean():
    torch.manual_seed(0)
    network = Eccv16(width=4).eval()
    lightness = torch.rand(2, 1, 32, 40) * 100
    with torch.no_grad():
        mean, logits = network.colors(lightness)
        vivid, _ = network.colors(lightness, temperature=0.05)
    torch.testing.assert_close(network(lightness), mean)
    torch.testing.assert_close(mean, bins.annealed_mean(logits, network.centers, 1.0))
    assert vivid.norm(dim=1).mean() > mean.norm(dim=1).mean()
