# SPDX-License-Identifier: Apache-2.0
"""`Koalarization`: Baldassarre, Gonzalez Morin, Rodes-Guirao, "Deep Koalarization" (2017).

A plain encoder sees the picture at an eighth of its size; a network that was trained on ImageNet says what the picture
shows, and what it says is laid beside the features at every place (the fusion); a plain decoder makes ab of both.

Departures: (1) the authors' embedding has 1,001 numbers, of which one stands for "nothing"; here it has the 1,000 of
ImageNet. (2) The last step, which enlarges ab twofold to nearest neighbours, is left to full size. (3) Instead of
Inception-ResNet-v2, EfficientNet-Lite2 can say what there is: its weights can be installed where nothing can be
fetched. Either network's weights stand in the trained file.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor.models.efficientnet_lite import SameConv2d
from bwcolor.models.inception_resnet_v2 import CLASSES
from bwcolor.models.recognizers import Recognizer

STRIDE = 8
AB_STRIDE = 2
LIGHTNESS_CENTER = 50.0  # L / 50 - 1
AB_SCALE = 127.0  # Lab units at an output of 1
# (channels, stride) of the encoder's 3x3 convolutions
ENCODER = ((64, 2), (128, 1), (128, 2), (256, 1), (256, 2), (512, 1), (512, 1), (256, 1))
FUSED = 256
# channels of the decoder's 3x3 convolutions; between the groups the size is doubled
DECODER = ((128,), (64, 64), (32, 2))


class Koalarization(nn.Module):
    """The network.

    Args:
        backbone: "inception-resnet-v2" or "efficientnet-lite2": which says what the picture shows; it does not learn.
        shrink: Divides the channels, for trials.
        embedding: Numbers in which it says so.
    """

    def __init__(self, backbone: str = "inception-resnet-v2", shrink: int = 1, embedding: int = CLASSES) -> None:
        super().__init__()
        self.backbone = Recognizer(backbone)
        inputs = 1
        layers: list[nn.Module] = []
        for channels, stride in ENCODER:
            layers += [_convolution(inputs, channels // shrink, stride), nn.ReLU()]
            inputs = channels // shrink
        self.look = nn.Sequential(*layers)
        self.fuse = nn.Conv2d(inputs + embedding, FUSED // shrink, 1)
        inputs = FUSED // shrink
        layers = []
        for group in DECODER:
            for channels in group:
                outputs = max(channels // shrink, 2)
                layers += [_convolution(inputs, outputs), nn.ReLU()]
                inputs = outputs
            layers.append(nn.Upsample(scale_factor=2, mode="nearest"))
        # the last group ends in ab: through tanh, at half the size
        self.paint = nn.Sequential(*layers[:-2], nn.Tanh())

    def load_imagenet(self) -> None:
        """Fill the backbone with its ImageNet weights (see `Recognizer.load_imagenet`)."""
        self.backbone.load_imagenet()

    def embed(self, lightness: Tensor) -> Tensor:
        """Return what the picture shows, ``(N, embedding)``; the same in every step, so that trainings may keep it."""
        y: Tensor = self.backbone(lightness)
        return y

    def forward(self, lightness: Tensor, hints: Tensor | None = None, embedding: Tensor | None = None) -> Tensor:
        """Color.

        Args:
            lightness: ``(N, 1, h, w)`` float, CIE L* 0..100; h and w multiples of 8.
            hints: Not heeded: this network knows none.
            embedding: Of `embed`, where it is known already.

        Returns:
            ab ``(N, 2, h/2, w/2)`` float in Lab units, within +-127.
        """
        x = self.look(lightness / LIGHTNESS_CENTER - 1)  # (N, 256, h/8, w/8)
        said = (self.embed(lightness) if embedding is None else embedding).to(x.dtype)
        said = said[:, :, None, None].expand(-1, -1, *x.shape[-2:])
        y: Tensor = self.paint(F.relu(self.fuse(torch.cat([x, said], dim=1))))
        return AB_SCALE * y


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    """Return a 3x3 convolution with the first weights of the authors' library."""
    conv = SameConv2d(inputs, outputs, 3, stride)
    nn.init.xavier_uniform_(conv.weight)
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv
