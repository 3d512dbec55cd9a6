# SPDX-License-Identifier: Apache-2.0
"""Backbones give what the table of taps says, and take ImageNet's weights."""

import hashlib

import pytest
import torch

from bwcolor.errors import UsageError, WeightsError
from bwcolor.models import backbones, cache, download
from bwcolor.models.alexnet import AlexNet
from bwcolor.models.efficientnet_lite import EfficientNetLite2, load_imagenet_weights
from bwcolor.models.trunk import encoder_input
from bwcolor.models.vgg import IMAGE_MEAN, IMAGE_STD, Vgg

TAPS = {
    "vgg16": ((1, 64), (2, 128), (4, 256), (8, 512)),
    "vgg19": ((1, 64), (2, 128), (4, 256), (8, 512)),
    "alexnet": ((4, 64), (8, 192), (16, 256)),
    "efficientnet-lite2": ((4, 24), (8, 48), (16, 120)),
}


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv(cache.HOME_VARIABLE, str(tmp_path / "home"))


@pytest.mark.parametrize("name", TAPS)
def test_taps_are_those_of_the_table(name):
    network = backbones.backbone(name).eval()
    assert network.rungs == TAPS[name]
    with torch.no_grad():
        features = network(torch.rand(1, 1, 48, 64) * 100)
    shapes = [tuple(feature.shape) for feature in features]
    assert shapes == [(1, channels, 48 // scale, 64 // scale) for scale, channels in TAPS[name]]
    deeper = sum(p.numel() for p in network.parameters())
    assert deeper < 11e6  # nothing below the last tap is built


def test_the_picture_is_gray_in_imagenets_statistics():
    entered = backbones.image_input(torch.full((1, 1, 2, 2), 100.0))[0, :, 0, 0]
    expected = [(1 - mean) / std for mean, std in zip(IMAGE_MEAN, IMAGE_STD, strict=True)]
    assert entered.tolist() == pytest.approx(expected, abs=1e-4)


def test_the_packaged_weights_see_what_the_whole_network_sees():
    whole = EfficientNetLite2()
    load_imagenet_weights(whole)
    network = backbones.backbone("efficientnet-lite2")
    backbones.load_imagenet(network)
    lightness = torch.rand(1, 1, 64, 64) * 100
    with torch.no_grad():
        image = encoder_input(lightness)
        expected = whole.eval().taps(whole.stem(image))[:3]
        for ours, theirs in zip(network.eval()(lightness), expected, strict=True):
            torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("name", ["alexnet", pytest.param("vgg16", marks=pytest.mark.slow)])
def test_published_weights_are_fetched_and_taken(name, tmp_path, monkeypatch):
    torch.manual_seed(0)
    with torch.device("meta"):
        published = AlexNet(classifier=True) if name == "alexnet" else Vgg(16, classifier=True)
    # the classifier's many weights are zeros: they have to be there, and are not used
    state = {key: torch.zeros(value.shape) for key, value in published.state_dict().items()}
    for key in state:
        if key.startswith("features"):
            state[key] = torch.randn(state[key].shape) * 0.05
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    path = mirror / backbones.PUBLISHED[name].name
    torch.save(state, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setenv(download.MIRROR_VARIABLE, str(mirror))
    monkeypatch.setattr(download, "matches", lambda file, sha256: sha256 == digest)
    network = backbones.backbone(name)
    backbones.load_imagenet(network)
    (first, *_) = (module for module in network.modules() if isinstance(module, torch.nn.Conv2d))
    assert torch.equal(first.weight, state["features.0.weight"])


def test_weights_that_cannot_be_had_are_said(monkeypatch):
    monkeypatch.setenv(download.OFFLINE_VARIABLE, "1")
    with pytest.raises(WeightsError, match=r"download\.pytorch\.org/models/vgg19-dcbb9e9d\.pth"):
        backbones.load_imagenet(backbones.backbone("vgg19"))


def test_an_unknown_backbone_is_refused():
    with pytest.raises(UsageError, match="Take vgg16, vgg19, alexnet or efficientnet-lite2"):
        backbones.backbone("resnet50")
