# SPDX-License-Identifier: Apache-2.0
"""Folded weights compute what torch's normalized layers compute."""

import pytest
import torch
from torch.nn.utils import spectral_norm, weight_norm

from bwcolor.models.normed import folded


@pytest.mark.parametrize("normalize", [spectral_norm, weight_norm])
def test_torchs_normalized_layers_become_plain(normalize):
    torch.manual_seed(0)
    layer = normalize(torch.nn.Conv2d(6, 5, 3))
    x = torch.randn(1, 6, 8, 8)
    layer(x)  # a step of the power iteration
    layer.eval()
    plain = torch.nn.Conv2d(6, 5, 3)
    plain.load_state_dict(folded(layer.state_dict()), strict=True)
    torch.testing.assert_close(plain(x), layer(x))


def test_half_a_weight_is_left_to_be_named():
    state = {"conv.weight_orig": torch.ones(2, 2), "conv.weight_u": torch.ones(2), "seen_v": torch.ones(1)}
    assert folded(state) == state
