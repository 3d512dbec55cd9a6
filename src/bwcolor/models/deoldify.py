# SPDX-License-Identifier: Apache-2.0
"""`DeOldifyArtistic` and `DeOldifyStable`: the generators of DeOldify (Antic 2018, github.com/jantic/DeOldify, MIT).

A U-Net on a ResNet, with spectral norm and batch norm together, pixel shuffles that are blurred, and self-attention
(Zhang et al., ICML 2019) at an eighth of the size. It paints the whole picture in color; `forward` keeps U and V of it,
as the author's pipeline does, and gives the ab that they have at the scan's lightness. Names of the weights are those
of the published files, spectral and weight norms folded.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor.color import spaces
from bwcolor.models import yuv
from bwcolor.models.backbones import image_input
from bwcolor.models.blocks import ShuffleUp, norm_last
from bwcolor.models.normed import SpectralConv1d, SpectralConv2d, WeightNormConv2d
from bwcolor.models.resnet import ResNet
from bwcolor.models.vgg import IMAGE_MEAN, IMAGE_STD

STRIDE = 32
DEEP_FACTOR = 1.5  # of the artistic generator: channels of a block by those that come in
WIDE_OUTPUTS = (512, 512, 512, 256)  # of the stable generator's blocks
ATTENTIVE = 1  # the block with self-attention
ATTENTION_SHARE = 8  # channels by those of queries and keys
REACH = 3.0  # the painted picture lies within +- this, in ImageNet's statistics


class SelfAttention(nn.Module):
    """Each place adds what it finds at others; shares are normalized over who asks, as the author has it.

    Args:
        channels: Of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = SpectralConv1d(channels, channels // ATTENTION_SHARE, 1, bias=False)
        self.key = SpectralConv1d(channels, channels // ATTENTION_SHARE, 1, bias=False)
        self.value = SpectralConv1d(channels, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, C, h, w)`` to the same shape."""
        places = x.flatten(2)  # (N, C, h * w)
        shares = torch.softmax(self.query(places).transpose(1, 2) @ self.key(places), dim=1)  # (N, asked by, asked)
        y: Tensor = self.gamma * (self.value(places) @ shares) + places
        return y.view_as(x)


class Block(nn.Module):
    """Enlarge twofold, join the encoder's tap, and convolve once ("wide") or twice ("deep").

    Args:
        inputs: Channels that come from below.
        shuffled: Channels after enlarging.
        tapped: Channels of the tap.
        outputs: Channels.
        deep: Whether there are two convolutions.
        attentive: Whether self-attention follows the last.
    """

    def __init__(self, inputs: int, shuffled: int, tapped: int, outputs: int, deep: bool, attentive: bool) -> None:
        super().__init__()
        self.shuf = ShuffleUp(inputs, shuffled)
        self.bn = nn.BatchNorm2d(tapped)
        self.names = ("conv1", "conv2") if deep else ("conv",)
        for name, width in zip(self.names, (shuffled + tapped, outputs), strict=False):
            self.add_module(name, norm_last(width, outputs))
        if attentive:
            self.get_submodule(self.names[-1]).append(SelfAttention(outputs))  # type: ignore[operator]

    def forward(self, x: Tensor, tap: Tensor) -> Tensor:
        """Map ``(N, inputs, h, w)`` and ``(N, tapped, 2h, 2w)`` to ``(N, outputs, 2h, 2w)``."""
        x = self.shuf(x)
        if x.shape[-2:] != tap.shape[-2:]:  # where the tap's size is odd
            x = F.interpolate(x, tap.shape[-2:], mode="nearest")
        x = F.relu(torch.cat([x, self.bn(tap)], dim=1))
        for name in self.names:
            x = self.get_submodule(name)(x)
        return x


class Refine(nn.Module):
    """Two 3x3 convolutions with ReLU, added to their input.

    Args:
        channels: Of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Sequential(SpectralConv2d(channels, channels, 3, padding=1), nn.ReLU()) for _ in range(2))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, C, h, w)`` to the same shape."""
        return x.add(self.layers(x))


class DeOldify(nn.Module):
    """A generator.

    Args:
        depth: Of the ResNet.
        deep: Whether it is of the "deep" kind; else "wide".
    """

    def __init__(self, depth: int, deep: bool) -> None:
        super().__init__()
        body = ResNet(depth)
        *taps, width = body.channels
        middle = nn.Sequential(norm_last(width, 2 * width), norm_last(2 * width, width))
        blocks: list[nn.Module] = []
        for index, tapped in enumerate(reversed(taps)):
            shuffled = width // 2 if deep else WIDE_OUTPUTS[index]
            joined = shuffled + tapped
            outputs = WIDE_OUTPUTS[index]
            if deep:
                outputs = int(DEEP_FACTOR * (joined // 2 if index == len(taps) - 1 else joined))
            blocks.append(Block(width, shuffled, tapped, outputs, deep, index == ATTENTIVE))
            width = outputs
        self.layers = nn.ModuleList(
            [
                body,
                nn.BatchNorm2d(body.channels[-1]),
                nn.ReLU(),
                middle,
                *blocks,
                ShuffleUp(width, width, normed=False, kind=WeightNormConv2d),
                nn.Identity(),  # there the picture is joined
                Refine(width + 3),
                nn.Sequential(SpectralConv2d(width + 3, 3, 1)),
            ]
        )

    def published(self, image: Tensor) -> Tensor:
        """Paint as the author's network does.

        Args:
            image: ``(N, 3, h, w)`` float, a gray picture as RGB in ImageNet's statistics; h and w multiples of 2.

        Returns:
            ``(N, 3, h, w)`` float, RGB in ImageNet's statistics, within +-3.
        """
        body, norm, relu, middle, *blocks, last, _, refine, out = self.layers
        *taps, deepest = body.taps(image)  # type: ignore[operator]
        x = middle(relu(norm(deepest)))  # (N, C, h/32, w/32)
        for block, tap in zip(blocks, reversed(taps), strict=True):
            x = block(x, tap)
        x = torch.cat([last(x), image], dim=1)  # (N, C + 3, h, w)
        y: Tensor = torch.sigmoid(out(refine(x)))
        return 2 * REACH * y - REACH

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Color.

        Args:
            lightness: ``(N, 1, h, w)`` float, CIE L* 0..100; h and w multiples of 32.
            hints: Not heeded: this network knows none.

        Returns:
            ab ``(N, 2, h, w)`` float in Lab units.
        """
        painted = self.published(image_input(lightness)).float()
        mean, std = (painted.new_tensor(values).view(1, 3, 1, 1) for values in (IMAGE_MEAN, IMAGE_STD))
        _, u, v = spaces.yuv_from_srgb(*(painted * std + mean).unbind(dim=1))
        return yuv.ab_from_uv(lightness, torch.stack([u, v], dim=1))


class DeOldifyArtistic(DeOldify):
    """The vivid generator: ResNet-34, two convolutions a block."""

    def __init__(self) -> None:
        super().__init__(34, deep=True)


class DeOldifyStable(DeOldify):
    """The steadier generator, for portraits and landscapes: ResNet-101, one wide convolution a block."""

    def __init__(self) -> None:
        super().__init__(101, deep=False)
