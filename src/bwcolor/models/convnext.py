# SPDX-License-Identifier: Apache-2.0
"""ConvNeXt: Liu et al., "A ConvNet for the 2020s" (CVPR 2022), as an encoder that is tapped after each stage.

Names of the weights are those of the authors' network, which DDColor's published files hold.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDE = 32
NORM_EPS = 1e-6
KERNEL = 7
EXPANSION = 4
# blocks and channels of the four stages
SIZES = {
    "tiny": ((3, 3, 9, 3), (96, 192, 384, 768)),
    "large": ((3, 3, 27, 3), (192, 384, 768, 1536)),
}


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of ``(N, C, h, w)``."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalize at each place."""
        y: Tensor = super().forward(x.permute(0, 2, 3, 1))
        return y.permute(0, 3, 1, 2)


class Block(nn.Module):
    """A depthwise 7x7 convolution, and at each place two linear layers; added to the input, scaled by channel.

    Args:
        channels: Of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(channels, channels, KERNEL, padding=KERNEL // 2, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=NORM_EPS)
        self.pwconv1 = nn.Linear(channels, EXPANSION * channels)
        self.pwconv2 = nn.Linear(EXPANSION * channels, channels)
        self.gamma = nn.Parameter(torch.full((channels,), 1e-6))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, C, h, w)`` to the same shape."""
        y = self.norm(self.dwconv(x).permute(0, 2, 3, 1))  # (N, h, w, C)
        y = self.gamma * self.pwconv2(F.gelu(self.pwconv1(y)))
        return x.add(y.permute(0, 3, 1, 2))


class ConvNeXt(nn.Module):
    """The stages, each with a norm of its own for who taps it.

    Args:
        size: "tiny" or "large".

    Attributes:
        channels: Of the four taps.
    """

    def __init__(self, size: str) -> None:
        super().__init__()
        depths, self.channels = SIZES[size]
        first = nn.Sequential(nn.Conv2d(3, self.channels[0], 4, stride=4), ChannelNorm(self.channels[0], eps=NORM_EPS))
        self.downsample_layers = nn.ModuleList([first])
        for inputs, outputs in zip(self.channels, self.channels[1:], strict=False):
            norm = ChannelNorm(inputs, eps=NORM_EPS)
            self.downsample_layers.append(nn.Sequential(norm, nn.Conv2d(inputs, outputs, 2, stride=2)))
        self.stages = nn.ModuleList(
            nn.Sequential(*(Block(channels) for _ in range(depth)))
            for depth, channels in zip(depths, self.channels, strict=True)
        )
        for index, channels in enumerate(self.channels):
            self.add_module(f"norm{index}", ChannelNorm(channels, eps=NORM_EPS))
        # of the classifier that the encoder was trained with; in the files, and in no path
        self.norm = nn.LayerNorm(self.channels[-1], eps=NORM_EPS)

    def stages_of(self, image: Tensor) -> list[Tensor]:
        """Return what each stage gives, at 1/4, 1/8, 1/16 and 1/32 of ``(N, 3, h, w)`` in ImageNet's statistics."""
        outputs = []
        x = image
        for enter, stage in zip(self.downsample_layers, self.stages, strict=True):
            x = stage(enter(x))
            outputs.append(x)
        return outputs

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the normalized taps (see `stages_of`)."""
        return [self.get_submodule(f"norm{index}")(x) for index, x in enumerate(self.stages_of(image))]
