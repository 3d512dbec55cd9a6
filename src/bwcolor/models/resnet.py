# SPDX-License-Identifier: Apache-2.0
"""ResNet-34 and ResNet-101 without a head: He et al., "Deep Residual Learning for Image Recognition" (CVPR 2016).

Layout and names are those of torchvision's, in the sequence in which DeOldify's published files hold them.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

WIDTH = 64  # channels of the stem and of the first stage's narrow layers
# blocks of the four stages, and whether they are bottlenecks, which are four times as wide at their ends
DEPTHS = {34: ((3, 4, 6, 3), False), 101: ((3, 4, 23, 3), True)}
BOTTLENECK_EXPANSION = 4
# places of the stem's layers and of the stages in the sequence
STEM_END = 3
STAGES = (4, 5, 6, 7)


class Residual(nn.Module):
    """Two 3x3 convolutions, or a 3x3 between two 1x1, each with batch norm; added to the input.

    Args:
        inputs: Channels.
        narrow: Channels inside.
        outputs: Channels.
        stride: Of the 3x3 convolution, of the first one where there are two.
        bottleneck: Whether it is the one between two 1x1.
    """

    def __init__(self, inputs: int, narrow: int, outputs: int, stride: int, bottleneck: bool) -> None:
        super().__init__()
        kernels = ((1, 1), (3, stride), (1, 1)) if bottleneck else ((3, stride), (3, 1))
        widths = (inputs, *[narrow] * (len(kernels) - 1), outputs)
        self.count = len(kernels)
        for index, (kernel, step) in enumerate(kernels):
            conv = nn.Conv2d(widths[index], widths[index + 1], kernel, step, padding=kernel // 2, bias=False)
            self.add_module(f"conv{index + 1}", conv)
            self.add_module(f"bn{index + 1}", nn.BatchNorm2d(widths[index + 1]))
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            skip = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(skip, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, inputs, h, w)`` to ``(N, outputs, h / stride, w / stride)``."""
        y = x
        for index in range(1, self.count + 1):
            y = self.get_submodule(f"bn{index}")(self.get_submodule(f"conv{index}")(y))
            if index < self.count:
                y = F.relu(y)
        return F.relu(y + self.downsample(x))


class ResNet(nn.Sequential):
    """Stem and stages.

    Args:
        depth: 34 or 101.

    Attributes:
        channels: Of what `taps` returns.
    """

    def __init__(self, depth: int) -> None:
        counts, bottleneck = DEPTHS[depth]
        stages: list[nn.Module] = []
        inputs = WIDTH
        self_channels = [WIDTH]
        for index, count in enumerate(counts):
            narrow = WIDTH << index
            outputs = narrow * BOTTLENECK_EXPANSION if bottleneck else narrow
            blocks = []
            for block in range(count):
                blocks.append(Residual(inputs, narrow, outputs, 2 if index and not block else 1, bottleneck))
                inputs = outputs
            stages.append(nn.Sequential(*blocks))
            self_channels.append(outputs)
        stem = (nn.Conv2d(3, WIDTH, 7, 2, padding=3, bias=False), nn.BatchNorm2d(WIDTH), nn.ReLU())
        super().__init__(*stem, nn.MaxPool2d(3, 2, padding=1), *stages)
        self.channels = tuple(self_channels)

    def taps(self, image: Tensor) -> list[Tensor]:
        """Return the stem's ReLU at 1/2 and the stages at 1/4 to 1/32 of ``(N, 3, h, w)`` in ImageNet's statistics."""
        outputs = []
        x = image
        for index, layer in enumerate(self):
            x = layer(x)
            if index + 1 == STEM_END or index in STAGES:
                outputs.append(x)
        return outputs
