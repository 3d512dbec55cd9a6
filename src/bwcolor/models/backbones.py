# SPDX-License-Identifier: Apache-2.0
"""Networks trained on ImageNet that colorizers see through, by one name each, and what they give at which scale.

======================  ============================================  ====================================
name                    taps: channels at the scale of the picture    ImageNet weights
======================  ============================================  ====================================
``vgg16``               64 at 1, 128 at 1/2, 256 at 1/4, 512 at 1/8   published file, fetched
``vgg19``               the same                                      published file, fetched
``alexnet``             64 at 1/4, 192 at 1/8, 256 at 1/16            published file, fetched
``efficientnet-lite2``  24 at 1/4, 48 at 1/8, 120 at 1/16             in the package of ``bwcolor[train]``
======================  ============================================  ====================================

A decoder starts at the last of them and walks up; nothing deeper is built.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor.color import spaces
from bwcolor.errors import UsageError
from bwcolor.models import conversion
from bwcolor.models import weights as weight_files
from bwcolor.models.alexnet import AlexNet
from bwcolor.models.download import RemoteFile
from bwcolor.models.efficientnet_lite import TAP_CHANNELS, TAP_STAGES, EfficientNetLite2, load_imagenet_weights
from bwcolor.models.trunk import encoder_input
from bwcolor.models.vgg import IMAGE_MEAN, IMAGE_STD, WIDENING, WIDTH, Vgg

VGG_BLOCKS = 4  # to conv4_3 or conv4_4
ALEXNET_PADDING = (1, 2, 1, 2)  # pixels, that make its grids whole
ALEXNET_TAPS = (0, 1, 4)  # the last layer of each scale
LITE_TAPS = 3  # those above 1/32

_TERMS = "no terms of its own; trained on ImageNet (non-commercial research)"


def _published(name: str, digits: str) -> RemoteFile:
    """Return a file of torchvision's; its makers publish the first digits of the hash."""
    return RemoteFile(name, f"https://download.pytorch.org/models/{name}", digits, license=_TERMS)


PUBLISHED = {
    "vgg16": _published("vgg16-397923af.pth", "397923af"),
    "vgg19": _published("vgg19-dcbb9e9d.pth", "dcbb9e9d"),
    "alexnet": _published("alexnet-owt-7be5be79.pth", "7be5be79"),
}


def image_input(lightness: Tensor) -> Tensor:
    """Turn lightness ``(N, 1, h, w)``, 0..100, into the gray picture ``(N, 3, h, w)`` in ImageNet's statistics."""
    gray: Tensor = spaces.gray_from_lightness(lightness)
    mean, std = (lightness.new_tensor(values).view(1, 3, 1, 1) for values in (IMAGE_MEAN, IMAGE_STD))
    return (gray - mean) / std


class Backbone(nn.Module, ABC):
    """A network that gives features of a gray picture at several scales.

    Attributes:
        name: As `backbone` takes it.
        rungs: (scale, channels) of what `forward` returns, the finest first; scale 4 is a quarter of the picture.
    """

    name: str
    rungs: tuple[tuple[int, int], ...]

    @abstractmethod
    def forward(self, lightness: Tensor) -> list[Tensor]:
        """Return features of ``(N, 1, h, w)`` L in 0..100, by `rungs`; h and w multiples of the last scale."""


class VggBackbone(Backbone):
    """VGG without its fifth block."""

    def __init__(self, depth: int, shrink: int) -> None:
        super().__init__()
        self.name = f"vgg{depth}"
        width = WIDTH // shrink
        self.vgg = Vgg(depth, VGG_BLOCKS, width=width)
        self.rungs = tuple((1 << block, WIDENING[block] * width) for block in range(VGG_BLOCKS))

    def forward(self, lightness: Tensor) -> list[Tensor]:
        """Return the last ReLU of blocks 1 to 4."""
        return self.vgg.taps(image_input(lightness))


class AlexNetBackbone(Backbone):
    """AlexNet, with its input padded so that its grids are whole."""

    def __init__(self, shrink: int) -> None:
        super().__init__()
        self.name = "alexnet"
        self.alexnet = AlexNet(whole_cells=True, shrink=shrink)
        widths = [layer.out_channels for layer in self.alexnet.features if isinstance(layer, nn.Conv2d)]
        self.rungs = tuple(zip((4, 8, 16), (widths[tap] for tap in ALEXNET_TAPS), strict=True))

    def forward(self, lightness: Tensor) -> list[Tensor]:
        """Return ReLU 1, 2 and 5."""
        taps = self.alexnet.taps(F.pad(image_input(lightness), ALEXNET_PADDING))
        return [taps[tap] for tap in ALEXNET_TAPS]


class LiteBackbone(Backbone):
    """EfficientNet-Lite2 down to 1/16."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "efficientnet-lite2"
        self.rungs = tuple(zip((4, 8, 16), TAP_CHANNELS, strict=False))
        self.lite = _without_the_deepest(EfficientNetLite2())

    def forward(self, lightness: Tensor) -> list[Tensor]:
        """Return the outputs of the last block at each scale."""
        x = self.lite.stem(encoder_input(lightness))
        features = [x]
        for begin, end in pairwise(TAP_STAGES[:LITE_TAPS]):
            for layer in self.lite.blocks[self.lite.stage_ends[begin] : self.lite.stage_ends[end]]:
                x = layer(x)
            features.append(x)
        return features


def backbone(name: str, shrink: int = 1) -> Backbone:
    """Build a backbone with random weights.

    Args:
        name: "vgg16", "vgg19", "alexnet" or "efficientnet-lite2".
        shrink: Divides the channels, for trials; EfficientNet-Lite2 has one width only.

    Raises:
        UsageError: There is no such backbone.
    """
    if name in ("vgg16", "vgg19"):
        return VggBackbone(int(name.removeprefix("vgg")), shrink)
    if name == "alexnet":
        return AlexNetBackbone(shrink)
    if name == "efficientnet-lite2":
        return LiteBackbone()
    raise UsageError(f"There is no backbone {name!r}.", "Take vgg16, vgg19, alexnet or efficientnet-lite2.")


def load_imagenet(network: Backbone) -> None:
    """Fill a backbone of full width with its ImageNet weights, fetched where they are not packaged.

    Raises:
        MissingExtraError: The package of EfficientNet-Lite2's weights is not installed.
        WeightsError: The weights cannot be had, or do not fit.
    """
    if isinstance(network, LiteBackbone):
        whole = EfficientNetLite2()
        load_imagenet_weights(whole)
        network.lite.load_state_dict(_without_the_deepest(whole).state_dict())
        return
    state, _ = weight_files.read_state(published_weights(network.name))
    inner = network.get_submodule("alexnet" if network.name == "alexnet" else "vgg")
    inner.load_state_dict({own: state[own] for own in inner.state_dict()})


def published_weights(name: str, source: Path | None = None) -> Path:
    """Return the published weights of VGG or AlexNet as safetensors, fetched where they are not here.

    Args:
        name: "vgg16", "vgg19" or "alexnet".
        source: A published file to convert instead of fetching it.

    Raises:
        WeightsError: They cannot be had, or do not fit.
        OutputError: The cache cannot be written.
    """
    with torch.device("meta"):
        layout = _published_layout(name).state_dict()
    return conversion.obtain(PUBLISHED[name], layout, source)


def _published_layout(name: str) -> nn.Module:
    return AlexNet(classifier=True) if name == "alexnet" else Vgg(int(name.removeprefix("vgg")), classifier=True)


def _without_the_deepest(network: EfficientNetLite2) -> EfficientNetLite2:
    """Drop the blocks below the last tap that is used."""
    end = network.stage_ends[TAP_STAGES[LITE_TAPS - 1]]
    network.blocks = network.blocks[:end]
    return network
