# SPDX-License-Identifier: Apache-2.0
"""VGG and AlexNet compute what torchvision's compute."""

import pytest
import torch
from seeded import fill_seeded

from bwcolor.models.alexnet import AlexNet
from bwcolor.models.vgg import Vgg

TAPS = {
    "vgg16": ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3"),
    "vgg19": ("relu1_2", "relu2_2", "relu3_4", "relu4_4", "relu5_4"),
    "alexnet": ("relu1", "relu2", "relu3", "relu4", "relu5"),
}


def make(name, classifier):
    return AlexNet(classifier=classifier) if name == "alexnet" else Vgg(int(name[3:]), classifier=classifier)


@pytest.mark.parametrize("name", TAPS)
def test_state_is_the_published_name_by_name(recording, name):
    with torch.device("meta"):
        network = make(name, classifier=True)
    recording(name).check_table(network)


@pytest.mark.parametrize("case", [0, 1])
@pytest.mark.parametrize("name", TAPS)
def test_taps_are_the_published(recording, name, case):
    golden = recording(name)
    network = make(name, classifier=False)
    fill_seeded(network, golden.gain)
    with torch.no_grad():
        taps = network.taps(golden.inputs(case, "x"))
    for tap, ours in zip(TAPS[name], taps, strict=True):
        golden.check(case, tap, ours)


@pytest.mark.slow
@pytest.mark.parametrize("name", TAPS)
def test_logits_are_the_published(recording, name):
    golden = recording(name)
    network = make(name, classifier=True)
    fill_seeded(network, golden.gain)
    with torch.no_grad():
        for case in (0, 1):
            golden.check(case, "logits", network(golden.inputs(case, "x")))


@pytest.mark.parametrize("size", [64, 96, 112])
def test_alexnet_can_keep_whole_cells(size):
    network = AlexNet(whole_cells=True, shrink=16)
    image = torch.nn.functional.pad(torch.zeros(1, 3, size, size), (1, 2, 1, 2))
    assert [tap.shape[-1] for tap in network.taps(image)] == [size // 4, size // 8] + [size // 16] * 3
