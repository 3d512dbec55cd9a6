# SPDX-License-Identifier: Apache-2.0
"""The encoder against the authors' network, with the packaged ImageNet weights."""

import hashlib

import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet

from bwcolor.errors import MissingExtraError, WeightsError
from bwcolor.models import efficientnet_lite as lite


def test_logits_equal_the_witness():
    ours = lite.EfficientNetLite2(classifier=True)
    lite.load_imagenet_weights(ours)
    witness = EfficientNet.from_name("efficientnet-lite2")
    witness.load_state_dict(torch.load(lite.packaged_weights(), weights_only=True))
    image = torch.randn(2, 3, 260, 260, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        difference = (ours.eval()(image) - witness.eval()(image)).abs().max()
    assert difference < 1e-4


def test_the_packaged_file_is_the_pinned_one():
    assert hashlib.sha256(lite.packaged_weights().read_bytes()).hexdigest() == lite.WEIGHTS_SHA256


def test_another_file_is_refused(tmp_path, monkeypatch):
    other = tmp_path / "other.pth"
    other.write_bytes(b"not the weights")
    monkeypatch.setattr(lite, "packaged_weights", lambda: other)
    with pytest.raises(WeightsError, match="not the pinned file"):
        lite.load_imagenet_weights(lite.EfficientNetLite2())


def test_a_missing_package_names_both_ways_on(monkeypatch):
    monkeypatch.setattr(lite, "packaged_weights", lambda: None)
    with pytest.raises(MissingExtraError, match=r"bwcolor\[train\].*scratch"):
        lite.load_imagenet_weights(lite.EfficientNetLite2())


@pytest.mark.parametrize("size", [(64, 96), (33, 70)])
def test_taps_have_the_documented_scales(size):
    network = lite.EfficientNetLite2().eval()
    with torch.no_grad():
        taps = network.taps(network.stem(torch.zeros(1, 3, *size)))
    shapes = [(t.shape[1], t.shape[2], t.shape[3]) for t in taps]
    expected = []
    for channels, scale in zip(lite.TAP_CHANNELS, (4, 8, 16, 32), strict=True):
        expected.append((channels, -(-size[0] // scale), -(-size[1] // scale)))
    assert shapes == expected
