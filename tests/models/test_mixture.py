# SPDX-License-Identifier: Apache-2.0
"""Mixtures average, or weigh by certainty."""

import pytest
import torch
import torch.nn.functional as F

from bwcolor.color import bins
from bwcolor.errors import UsageError
from bwcolor.models.mixture import Mixture
from bwcolor.models.network import build
from bwcolor.models.table import MODELS, find_model


class Sure(torch.nn.Module):
    """One color everywhere, with a distribution of a given sharpness."""

    def __init__(self, color, sharpness):
        super().__init__()
        self.color, self.sharpness = torch.tensor(color), sharpness
        self.centers = torch.stack([self.color, torch.zeros(2)])

    def colors(self, lightness, hints=None, temperature=1.0):
        grid = (len(lightness), 1, lightness.shape[-2] // 4, lightness.shape[-1] // 4)
        logits = torch.cat([torch.full(grid, self.sharpness), torch.zeros(grid)], dim=1)
        return self.color.view(1, 2, 1, 1).expand(grid[0], 2, *grid[2:]), logits


LIGHTNESS = torch.full((2, 1, 32, 32), 50.0)


def test_the_mean_of_two():
    row = find_model("null+siggraph17")
    torch.manual_seed(0)
    mixture = build(row).eval()
    with torch.no_grad():
        mixed = mixture(LIGHTNESS)
        one, other = (network(LIGHTNESS) for network in mixture.networks)
    assert row.ab_stride == 4
    torch.testing.assert_close(mixed, (one + F.avg_pool2d(other, 4)) / 2)


def test_the_sure_one_counts_more():
    row = find_model("gan+classify:certainty")
    plain = find_model("gan+classify")
    vague, sharp = Sure([40.0, 0.0], 0.1), Sure([0.0, 40.0], 4.0)
    chroma = [MODELS[name].chroma for name in ("gan", "classify")]
    mean = Mixture([vague, sharp], plain)(LIGHTNESS)
    weighed = Mixture([vague, sharp], row)(LIGHTNESS)
    assert mean[0, :, 0, 0].tolist() == pytest.approx([20.0 * chroma[0], 20.0 * chroma[1]], rel=1e-5)
    shares = [bins.certainty(net.colors(LIGHTNESS)[1])[0, 0, 0].item() for net in (vague, sharp)]
    shares = [max(share, 1e-3) / (max(shares[0], 1e-3) + shares[1]) for share in shares]
    expected = [40.0 * shares[0] * chroma[0], 40.0 * shares[1] * chroma[1]]
    assert weighed[0, :, 0, 0].tolist() == pytest.approx(expected, rel=1e-4)
    assert weighed[0, 1, 0, 0] > 5 * weighed[0, 0, 0, 0]


def test_a_row_of_a_mixture_is_made_of_its_parts():
    row = find_model("eccv16+vgg-classification")
    assert row.parts == ("eccv16", "vgg-classification")
    assert (row.stride, row.ab_stride, row.working_size) == (16, 4, 256)
    assert "BSD-2-Clause" in row.weights_license
    assert not row.takes_hints


def test_three_may_be_mixed():
    assert find_model("gan+classify+eccv16:certainty").parts == ("gan", "classify", "eccv16")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gan+siggraph17:certainty", "'siggraph17' cannot say how certain it is"),
        ("gan+classify:median", "'median' is no way to mix"),
        ("gan+clasify", "Did you mean classify"),
        ("gan+", "no model ''"),
    ],
)
def test_mixtures_that_make_no_sense(name, message):
    with pytest.raises(UsageError, match=message):
        find_model(name)
