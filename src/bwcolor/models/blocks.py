# SPDX-License-Identifier: Apache-2.0
"""Blocks that several networks share."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch norm, added to their input (He et al., CVPR 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, C, h, w)`` to the same shape."""
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(x + self.bn2(self.conv2(y)))


class PixelShuffleUp(nn.Module):
    """Double the size: 1x1 convolution to four times the channels, then pixel shuffle (Shi et al., CVPR 2016).

    The convolution starts with equal kernels for the four sub-pixels (ICNR, Aitken et al. 2017), so that the step
    starts as nearest-neighbour enlargement without a checkerboard.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs * 4, 1, bias=False)
        with torch.no_grad():
            kernel = torch.empty(outputs, inputs, 1, 1)
            nn.init.kaiming_normal_(kernel)
            self.conv.weight.copy_(kernel.repeat_interleave(4, dim=0))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, inputs, h, w)`` to ``(N, outputs, 2h, 2w)``."""
        return F.pixel_shuffle(self.conv(x), 2)
