# SPDX-License-Identifier: Apache-2.0
"""Networks that say what a gray picture shows: logits of 1,000 ImageNet classes, for colorizers that use or learn them.

=======================  ====  ============================================================
name                     side  ImageNet weights
=======================  ====  ============================================================
``inception-resnet-v2``  299   published file, fetched (Google's, converted by timm's author)
``vgg16``                224   published file, fetched
``efficientnet-lite2``   260   in the package of ``bwcolor[train]``
=======================  ====  ============================================================

The picture is squashed to a square of the side that the network was trained at.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor.color import spaces
from bwcolor.errors import UsageError
from bwcolor.models import backbones, conversion
from bwcolor.models import weights as weight_files
from bwcolor.models.download import RemoteFile
from bwcolor.models.efficientnet_lite import EfficientNetLite2, load_imagenet_weights
from bwcolor.models.inception_resnet_v2 import CLASSES, InceptionResNetV2
from bwcolor.models.trunk import encoder_input
from bwcolor.models.vgg import Vgg

SIDES = {"inception-resnet-v2": 299, "vgg16": 224, "efficientnet-lite2": 260}  # pixels
INCEPTION = RemoteFile(
    name="inception_resnet_v2-940b1cd6.pth",
    address="https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-weights/"
    "inception_resnet_v2-940b1cd6.pth",
    sha256="940b1cd6",
    license="Apache-2.0; trained on ImageNet (non-commercial research)",
)
BACKGROUND = 1  # classes that the published file has before the thousand: "nothing"


class Recognizer(nn.Module):
    """A network with its ImageNet head, frozen: its norms keep their statistics while others learn around it.

    Args:
        name: Of `SIDES`.

    Raises:
        UsageError: There is no such network.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        if name not in SIDES:
            raise UsageError(f"There is no recognizer {name!r}.", f"Take {', '.join(SIDES)}.")
        self.name = name
        self.network = _network(name)
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> Recognizer:
        """Stay in evaluation."""
        super().train(False)
        return self

    @torch.no_grad()
    def forward(self, lightness: Tensor) -> Tensor:
        """Return logits ``(N, 1000)`` for ``(N, 1, h, w)`` L in 0..100."""
        side = SIDES[self.name]
        square = F.interpolate(lightness, (side, side), mode="bilinear", align_corners=False)
        if self.name == "efficientnet-lite2":
            image = encoder_input(square)
        elif self.name == "vgg16":
            image = backbones.image_input(square)
        else:
            gray: Tensor = spaces.gray_from_lightness(square)
            image = (2 * gray - 1).expand(-1, 3, -1, -1)
        y: Tensor = self.network(image)
        return y

    def load_imagenet(self) -> None:
        """Fill the network with its ImageNet weights, fetched where they are not packaged.

        Raises:
            MissingExtraError: The package of EfficientNet-Lite2's weights is not installed.
            WeightsError: The weights cannot be had, or do not fit.
        """
        if isinstance(self.network, EfficientNetLite2):
            load_imagenet_weights(self.network)
        elif isinstance(self.network, Vgg):
            state, _ = weight_files.read_state(backbones.published_weights(self.name))
            self.network.load_state_dict(state)
        else:
            state, _ = weight_files.read_state(conversion.obtain(INCEPTION, _published_layout()))
            self.network.load_state_dict(without_background(state))


def without_background(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return Inception-ResNet-v2's published weights without the class that stands before the thousand."""
    return {name: value[BACKGROUND:] if name.startswith("classif.") else value for name, value in state.items()}


def _published_layout() -> dict[str, Tensor]:
    with torch.device("meta"):
        layout = dict(InceptionResNetV2().state_dict())
    for name in ("classif.weight", "classif.bias"):
        layout[name] = layout[name].new_empty(CLASSES + BACKGROUND, *layout[name].shape[1:])
    return layout


def _network(name: str) -> nn.Module:
    if name == "efficientnet-lite2":
        return EfficientNetLite2(classifier=True)
    return Vgg(16, classifier=True) if name == "vgg16" else InceptionResNetV2()
