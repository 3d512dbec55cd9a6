# SPDX-License-Identifier: Apache-2.0
"""Every row of the table keeps the Network contract, in every form it can be built in."""

import pytest
import torch

from bwcolor.errors import UsageError
from bwcolor.models.network import Classifier, build
from bwcolor.models.table import MODELS, find_model

FORMS = [(name, {}) for name in MODELS] + [
    (name, {key: value}) for name, row in MODELS.items() for key, values in row.choices for value in values[1:]
]


def made(name, options):
    torch.manual_seed(0)
    return build(find_model(name), options).eval()


@pytest.mark.parametrize(
    ("name", "options"), FORMS, ids=lambda part: "-".join(part.values()) if isinstance(part, dict) else part
)
def test_contract(name, options):
    row = MODELS[name]
    network = made(name, options)
    lightness = torch.rand(2, 1, 64, 96, generator=torch.Generator().manual_seed(1)) * 100
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with torch.no_grad():
        ab = network(lightness)
        alone = network(lightness[1:])
        unhinted = network(lightness, torch.zeros(2, 3, 64, 96))
    assert ab.shape == (2, 2, 64 // row.ab_stride, 96 // row.ab_stride)
    assert ab.dtype == torch.float32
    assert torch.isfinite(ab).all()
    # one photo does not change another, and nothing is remembered
    torch.testing.assert_close(ab[1:], alone, atol=2e-3, rtol=1e-3)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    # hints that say nothing change nothing
    torch.testing.assert_close(unhinted, ab, atol=2e-3, rtol=1e-3)


@pytest.mark.parametrize("name", [name for name, row in MODELS.items() if row.temperature is not None])
def test_networks_of_bins_give_their_distribution(name):
    row = MODELS[name]
    network = made(name, {})
    assert isinstance(network, Classifier)
    lightness = torch.rand(1, 1, 64, 64) * 100
    with torch.no_grad():
        ab, logits = network.colors(lightness, None, 1.0)
        again = network.distribution(lightness)
    side = 64 // row.ab_stride
    assert logits.shape == (1, len(network.centers), side, side)
    assert network.centers.shape[1] == 2
    torch.testing.assert_close(logits, again)
    torch.testing.assert_close(network(lightness), ab, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["cnn", "gan-cifar", "siggraph17", "vgg-regression", "null"])
def test_networks_without_bins_do_not_pretend(name):
    assert MODELS[name].temperature is None
    assert not isinstance(made(name, {}), Classifier)


def test_a_form_that_does_not_exist_is_refused():
    with pytest.raises(UsageError, match=r"vgg-regression has no backbone 'resnet'. Take vgg16 or"):
        build(MODELS["vgg-regression"], {"backbone": "resnet"})
    with pytest.raises(UsageError, match=r"cnn-16 has no backbone 'vgg16'. It comes in one form only"):
        build(MODELS["cnn-16"], {"backbone": "vgg16"})
