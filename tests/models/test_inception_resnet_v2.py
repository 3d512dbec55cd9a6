# SPDX-License-Identifier: Apache-2.0
"""Inception-ResNet-v2 computes what timm's computes."""

import torch
from seeded import fill_seeded

from bwcolor.models.inception_resnet_v2 import InceptionResNetV2

TAPS = ("mixed_5b", "repeat", "mixed_6a", "repeat_1", "mixed_7a", "block8", "conv2d_7b")


def test_outputs_are_timms(recording):
    golden = recording("inception_resnet_v2")
    network = InceptionResNetV2()
    golden.check_table(network)
    fill_seeded(network, golden.gain)
    seen = {}
    for name in TAPS:
        network.get_submodule(name).register_forward_hook(lambda *call, name=name: seen.update({name: call[2]}))
    for case in (0, 1):
        with torch.no_grad():
            seen["logits"] = network(golden.inputs(case, "x"))
        for name, ours in seen.items():
            golden.check(case, name, ours)
