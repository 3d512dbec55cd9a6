# SPDX-License-Identifier: Apache-2.0
"""DeOldify's generators compute what the author's compute."""

import pytest
import torch
from seeded import fill_published

from bwcolor.color import spaces
from bwcolor.models.deoldify import DeOldify, DeOldifyArtistic, DeOldifyStable
from bwcolor.models.vgg import IMAGE_MEAN, IMAGE_STD

NETWORKS = {"deoldify_artistic": DeOldifyArtistic, "deoldify_stable": DeOldifyStable}
TAPS = (0, 3, 4, 5, 6, 7, 8, 10)


@pytest.mark.parametrize("name", NETWORKS)
def test_state_is_the_authors_name_by_name(recording, name):
    with torch.device("meta"):
        network = NETWORKS[name]()
    recording(name).check_table(network)


@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_are_the_authors(recording, name):
    golden = recording(name)
    network = NETWORKS[name]()
    fill_published(network, golden.gain)
    seen = {}
    for index in TAPS[1:]:
        network.layers[index].register_forward_hook(lambda *call, index=index: seen.update({index: call[2]}))
    network.layers[0][7].register_forward_hook(lambda *call: seen.update({0: call[2]}))
    for case in (0, 1):
        with torch.no_grad():
            golden.check(case, "y", network.published(golden.inputs(case, "x")))
        for index in TAPS:
            golden.check(case, f"layers.{index}", seen[index])


class Paint(DeOldify):
    """Paints all of the picture in one color."""

    def __init__(self, color):
        torch.nn.Module.__init__(self)
        self.color = color

    def published(self, image):
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (IMAGE_MEAN, IMAGE_STD))
        return ((self.color.view(1, 3, 1, 1) - mean) / std).expand_as(image)


def test_the_painted_chroma_is_kept_and_the_painted_lightness_is_not():
    color = torch.tensor([0.7, 0.5, 0.4])
    lightness = torch.tensor([30.0, 60.0]).view(1, 1, 1, 2)
    ab = Paint(color)(lightness)
    planes = spaces.srgb_from_lab(lightness[:, 0], ab[:, 0], ab[:, 1])
    painted, ours = spaces.yuv_from_srgb(*color), spaces.yuv_from_srgb(*planes)
    for channel in (1, 2):
        torch.testing.assert_close(ours[channel], painted[channel].expand(1, 1, 2), atol=2e-3, rtol=0)
