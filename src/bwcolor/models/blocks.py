# SPDX-License-Identifier: Apache-2.0
"""Blocks that several networks share."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor.models.normed import SpectralConv2d


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


def blur(x: Tensor) -> Tensor:
    """Average each place of ``(N, C, h, w)`` with those above and to the left, against the shuffle's checkerboard."""
    return F.avg_pool2d(F.pad(x, (1, 0, 1, 0), mode="replicate"), 2, stride=1)


class ShuffleUp(nn.Module):
    """Enlarge by a 1x1 convolution, ReLU, pixel shuffle and blur, as DeOldify and DDColor do.

    Args:
        inputs: Channels.
        outputs: Channels.
        scale: Of the enlargement.
        normed: Whether a batch norm follows the convolution, which then has no bias.
        kind: Of the convolution.
    """

    def __init__(
        self, inputs: int, outputs: int, scale: int = 2, normed: bool = True, kind: type[nn.Conv2d] = SpectralConv2d
    ) -> None:
        super().__init__()
        conv = kind(inputs, outputs * scale * scale, 1, bias=not normed)
        self.conv = nn.Sequential(conv, *([nn.BatchNorm2d(outputs * scale * scale)] if normed else []))
        self.scale = scale

    def subpixels(self, x: Tensor) -> Tensor:
        """Return ``(N, outputs * scale^2, h, w)``: for each channel the pixels that each place becomes."""
        return F.relu(self.conv(x))

    def spread(self, subpixels: Tensor) -> Tensor:
        """Put the pixels of any number of channels in their places."""
        return blur(F.pixel_shuffle(subpixels, self.scale))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, inputs, h, w)`` to ``(N, outputs, scale * h, scale * w)``."""
        return self.spread(self.subpixels(x))


def norm_last(inputs: int, outputs: int) -> nn.Sequential:
    """Return a 3x3 convolution that is published with spectral norm, ReLU, and batch norm after it."""
    return nn.Sequential(SpectralConv2d(inputs, outputs, 3, padding=1, bias=False), nn.ReLU(), nn.BatchNorm2d(outputs))
