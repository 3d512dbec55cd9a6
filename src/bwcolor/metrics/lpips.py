# SPDX-License-Identifier: Apache-2.0
"""LPIPS 0.1: how different two pictures look to the inner layers of a classifier.

Zhang, Isola, Efros, Shechtman, Wang: "The unreasonable effectiveness of deep features as a perceptual metric" (CVPR
2018). The linear heads are the published ones (BSD-2-Clause) and lie beside this file; the trunks' weights are
torchvision's and are downloaded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor.errors import WeightsError
from bwcolor.metrics.metric import Measure, Sums, sums
from bwcolor.metrics.pair import Pair, Picture
from bwcolor.models.alexnet import AlexNet
from bwcolor.models.download import RemoteFile, fetch
from bwcolor.models.vgg import Vgg

SHIFT = (-0.030, -0.088, -0.188)  # of RGB in -1..1; not ImageNet's numbers
SCALE = (0.458, 0.448, 0.450)
EPSILON = 1e-10  # added to the norm, outside the root
SMALLEST = 32  # pixels; the trunks' last layers have nothing to see in smaller pictures

HEADS = "lpips_v0.1.safetensors"
TERMS = "BSD-3-Clause code; trained on ImageNet (non-commercial research)"
_MODELS = "https://download.pytorch.org/models/"


class Fire(nn.Module):
    """SqueezeNet's block: squeeze, then 1x1 and 3x3 side by side."""

    def __init__(self, inputs: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Run it."""
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.expand1x1(x)), F.relu(self.expand3x3(x))], dim=1)


class SqueezeNet(nn.Module):
    """SqueezeNet 1.1 (Iandola et al. 2016) up to its last block; layers bear torchvision's numbers."""

    TAP_ENDS = (2, 5, 8, 10, 11, 12, 13)  # layers after which it is looked at

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 3, 2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            Fire(64, 16, 64),
            Fire(128, 16, 64),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            Fire(128, 32, 128),
            Fire(256, 32, 128),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            Fire(256, 48, 192),
            Fire(384, 48, 192),
            Fire(384, 64, 256),
            Fire(512, 64, 256),
        )

    def taps(self, image: Tensor) -> list[Tensor]:
        """Return the first ReLU and the blocks before each pool and at the end, of ``(N, 3, h, w)``."""
        found = []
        for index, layer in enumerate(self.features.children()):
            image = layer(image)
            if index + 1 in self.TAP_ENDS:
                found.append(image)
        return found


@dataclass(frozen=True)
class Trunk:
    """A classifier's convolutional part.

    Attributes:
        network: Makes it; its ``taps`` gives the layers that are looked at.
        layers: How many these are.
        weights: Where its weights are published.
    """

    network: Callable[[], Any]
    layers: int
    weights: RemoteFile


TRUNKS = {
    "alex": Trunk(
        AlexNet,
        5,
        RemoteFile(
            "alexnet-owt-7be5be79.pth",
            _MODELS + "alexnet-owt-7be5be79.pth",
            "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
            244_408_911,
            TERMS,
        ),
    ),
    "squeeze": Trunk(
        SqueezeNet,
        7,
        RemoteFile(
            "squeezenet1_1-b8a52dc0.pth",
            _MODELS + "squeezenet1_1-b8a52dc0.pth",
            "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b",
            4_958_839,
            TERMS,
        ),
    ),
    "vgg": Trunk(
        Vgg,
        5,
        RemoteFile(
            "vgg16-397923af.pth",
            _MODELS + "vgg16-397923af.pth",
            "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
            553_433_881,
            TERMS,
        ),
    ),
}


class Lpips(nn.Module):
    """The distance with one trunk.

    Args:
        trunk: "alex", "squeeze" or "vgg".
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, trunk: str) -> None:
        super().__init__()
        self.trunk = TRUNKS[trunk].network()
        self.register_buffer("shift", torch.tensor(SHIFT).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor(SCALE).view(1, 3, 1, 1), persistent=False)
        for index, head in enumerate(published_heads(trunk)):
            self.register_buffer(f"head{index}", head, persistent=False)

    def _seen(self, x: Tensor) -> list[Tensor]:
        """Return each tap's activations, scaled to length one in every place."""
        found: list[Tensor] = self.trunk.taps((x - self.shift) / self.scale)
        return [each / (each.square().sum(dim=1, keepdim=True).sqrt() + EPSILON) for each in found]

    def maps(self, first: Tensor, second: Tensor) -> list[Tensor]:
        """Return each tap's ``(N, 1, h', w')`` map of differences.

        Args:
            first: ``(N, 3, h, w)`` float RGB, -1..1.
            second: The same shape.
        """
        pairs = zip(self._seen(first), self._seen(second), strict=True)
        return [F.conv2d((a - b).square(), self.get_buffer(f"head{index}")) for index, (a, b) in enumerate(pairs)]

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return ``(N,)`` distances of ``(N, 3, h, w)`` RGB pictures, -1..1."""
        return torch.stack([each.mean(dim=(1, 2, 3)) for each in self.maps(first, second)]).sum(dim=0)


def published_heads(trunk: str) -> list[Tensor]:
    """Return the linear heads of LPIPS 0.1: ``(1, C, 1, 1)`` float32, none negative, one for each tap."""
    from safetensors.torch import load_file

    path = Path(str(resources.files("bwcolor.metrics") / HEADS))
    found = load_file(path)
    return [found[f"{trunk}.{index}"] for index in range(TRUNKS[trunk].layers)]


def load(trunk: str, state: dict[str, Tensor]) -> Lpips:
    """Return the distance with a trunk's weights, strictly.

    Args:
        trunk: "alex", "squeeze" or "vgg".
        state: torchvision's whole state dict; what follows its features is left away.

    Raises:
        WeightsError: Names or shapes differ.
    """
    network = Lpips(trunk).eval().requires_grad_(False)
    try:
        network.trunk.load_state_dict({name: value for name, value in state.items() if name.startswith("features.")})
    except RuntimeError as error:
        raise WeightsError(f"These are not the weights of {trunk}: {error}") from error
    return network


@cache
def _measure(trunk: str) -> Measure:
    state = torch.load(fetch(TRUNKS[trunk].weights), map_location="cpu", weights_only=True)
    network = load(trunk, state)

    def tensor(picture: Picture) -> Tensor:
        return torch.from_numpy(np.moveaxis(picture.codes, -1, 0).astype(np.float32) / 127.5 - 1.0)[None]

    def measure(pair: Pair) -> Sums:
        if min(pair.truth.shape) < SMALLEST:
            return sums(0.0, 0.0)
        with torch.inference_mode():
            return sums(float(network(tensor(pair.prediction), tensor(pair.truth))), 1.0)

    return measure


def alex_measure() -> Measure:
    """Return what measures LPIPS with AlexNet, the one that papers report."""
    return _measure("alex")


def squeeze_measure() -> Measure:
    """Return what measures LPIPS with SqueezeNet, the smallest download."""
    return _measure("squeeze")


def vgg_measure() -> Measure:
    """Return what measures LPIPS with VGG-16, the one that networks are trained with."""
    return _measure("vgg")
