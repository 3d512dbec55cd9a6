# SPDX-License-Identifier: Apache-2.0
"""Koalarization has the authors' layers, and a recognizer that stays what it is while the rest learns."""

import pytest
import torch
from seeded import layer_table, parameters_by_layer

from bwcolor.errors import UsageError
from bwcolor.models import conversion, recognizers, weights
from bwcolor.models.efficientnet_lite import CLASSES
from bwcolor.models.inception_resnet_v2 import InceptionResNetV2
from bwcolor.models.koalarization import Koalarization
from bwcolor.models.recognizers import Recognizer, without_background


def test_layers_are_the_authors():
    with torch.device("meta"):
        network = Koalarization(embedding=1001)
    assert parameters_by_layer(network, besides="backbone.") == layer_table("koalarization")


@pytest.fixture
def lite():
    torch.manual_seed(0)
    return Koalarization("efficientnet-lite2", shrink=8)


def test_what_the_picture_shows_is_heard_everywhere(lite):
    lite.eval()
    lightness = torch.rand(1, 1, 48, 64) * 100
    with torch.no_grad():
        said = lite.embed(lightness)
        assert said.shape == (1, CLASSES)
        torch.testing.assert_close(lite(lightness, None, said), lite(lightness))
        other = lite(lightness, None, said + 10)
        difference = (other - lite(lightness)).abs().amax(dim=1)
    # in every neighbourhood: single places may be dead in a network that nothing taught
    assert torch.nn.functional.max_pool2d(difference, 8).min() > 1e-3


def test_the_recognizer_does_not_learn(lite):
    lite.load_imagenet()
    before = {name: value.clone() for name, value in lite.backbone.state_dict().items()}
    lite.train()
    lite(torch.rand(2, 1, 32, 32) * 100).sum().backward()
    assert all(torch.equal(before[name], value) for name, value in lite.backbone.state_dict().items())
    assert all(parameter.grad is None for parameter in lite.backbone.parameters())
    assert lite.fuse.weight.grad is not None


def test_the_recognizer_knows_a_photograph():
    from skimage import data
    from skimage.color import rgb2lab

    network = Recognizer("efficientnet-lite2")
    network.load_imagenet()
    photo = torch.from_numpy(rgb2lab(data.chelsea())[..., 0]).float()[None, None]
    assert network(photo).argmax().item() in (281, 282, 285)  # tabby, tiger cat, Egyptian cat


def test_the_published_background_is_dropped(tmp_path, monkeypatch):
    with torch.device("meta"):
        layout = recognizers._published_layout()
    assert layout["classif.weight"].shape == (1001, 1536)
    torch.manual_seed(0)
    network = InceptionResNetV2()
    state = network.state_dict()
    published = {
        name: torch.cat([torch.full_like(value[:1], 9.0), value]) if name.startswith("classif.") else value
        for name, value in state.items()
    }
    path = tmp_path / "published.safetensors"
    weights.write_state(published, path, {}, half=False)
    monkeypatch.setattr(conversion, "obtain", lambda file, layout: path)
    recognizer = Recognizer("inception-resnet-v2")
    recognizer.load_imagenet()
    assert all(torch.equal(value, state[name]) for name, value in recognizer.network.state_dict().items())
    assert without_background({"classif.bias": torch.arange(3)})["classif.bias"].tolist() == [1, 2]


def test_an_unknown_recognizer_is_refused():
    with pytest.raises(UsageError, match="no recognizer 'x'"):
        Recognizer("x")
