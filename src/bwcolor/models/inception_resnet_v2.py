# SPDX-License-Identifier: Apache-2.0
"""Inception-ResNet-v2: Szegedy et al., "Inception-v4, Inception-ResNet and the Impact of Residual Connections" (2017).

Names of the weights are those of timm's conversion of Google's published checkpoint. Each branch of a block is a line
of the tables below: (channels, kernel's height and width, stride) of its convolutions. Strided ones, and two of the
stem, do not pad.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CLASSES = 1000
NORM_EPS = 1e-3
NORM_MOMENTUM = 0.01
SMALLEST = 75  # pixels of a side that leave a place at the end
POOL = 3  # of all poolings

Step = tuple[int, int, int, int]  # channels, kernel's height, kernel's width, stride
Steps = tuple[Step, ...]

MIXED_5B: tuple[Steps, ...] = (
    ((96, 1, 1, 1),),
    ((48, 1, 1, 1), (64, 5, 5, 1)),
    ((64, 1, 1, 1), (96, 3, 3, 1), (96, 3, 3, 1)),
)
POOLED_5B = 64  # channels of its fourth branch, after a mean of 3x3 places
BLOCK_35: tuple[Steps, ...] = (
    ((32, 1, 1, 1),),
    ((32, 1, 1, 1), (32, 3, 3, 1)),
    ((32, 1, 1, 1), (48, 3, 3, 1), (64, 3, 3, 1)),
)
MIXED_6A: tuple[Steps, ...] = (((384, 3, 3, 2),), ((256, 1, 1, 1), (256, 3, 3, 1), (384, 3, 3, 2)))
BLOCK_17: tuple[Steps, ...] = (((192, 1, 1, 1),), ((128, 1, 1, 1), (160, 1, 7, 1), (192, 7, 1, 1)))
MIXED_7A: tuple[Steps, ...] = (
    ((256, 1, 1, 1), (384, 3, 3, 2)),
    ((256, 1, 1, 1), (288, 3, 3, 2)),
    ((256, 1, 1, 1), (288, 3, 3, 1), (320, 3, 3, 2)),
)
BLOCK_8: tuple[Steps, ...] = (((192, 1, 1, 1),), ((192, 1, 1, 1), (224, 1, 3, 1), (256, 3, 1, 1)))
# how often each residual block comes, and how much of it is added
REPEATS_35, SCALE_35 = 10, 0.17
REPEATS_17, SCALE_17 = 20, 0.10
REPEATS_8, SCALE_8 = 9, 0.20
LAST_CHANNELS = 1536


class Unit(nn.Module):
    """A convolution without bias, batch norm and ReLU.

    Args:
        inputs: Channels.
        step: Channels, kernel and stride.
        pads: Whether the size is kept where the stride is 1.
    """

    def __init__(self, inputs: int, step: Step, pads: bool = True) -> None:
        super().__init__()
        channels, height, width, stride = step
        padding = (height // 2, width // 2) if pads and stride == 1 else 0
        self.conv = nn.Conv2d(inputs, channels, (height, width), stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(channels, eps=NORM_EPS, momentum=NORM_MOMENTUM)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, inputs, h, w)`` to ``(N, channels, h', w')``."""
        return F.relu(self.bn(self.conv(x)))


def _branch(inputs: int, steps: Steps) -> nn.Module:
    """Return the units of a branch; a single one stands for itself."""
    units = []
    for step in steps:
        units.append(Unit(inputs, step))
        inputs = step[0]
    return units[0] if len(units) == 1 else nn.Sequential(*units)


class Mixed(nn.Module):
    """Branches beside each other, their outputs joined.

    Args:
        inputs: Channels.
        branches: Their steps.
        pooled: The last branch, which pools.
    """

    def __init__(self, inputs: int, branches: tuple[Steps, ...], pooled: nn.Module) -> None:
        super().__init__()
        self.count = len(branches) + 1
        for index, steps in enumerate(branches):
            self.add_module(f"branch{index}", _branch(inputs, steps))
        self.add_module(f"branch{len(branches)}", pooled)

    def forward(self, x: Tensor) -> Tensor:
        """Return the joined outputs."""
        return torch.cat([self.get_submodule(f"branch{index}")(x) for index in range(self.count)], dim=1)


class Residual(nn.Module):
    """Branches beside each other, mixed by a 1x1 convolution, scaled, and added to the input.

    Args:
        channels: Of input and output.
        branches: Their steps.
        scale: Share that is added.
        bends: Whether a ReLU follows.
    """

    def __init__(self, channels: int, branches: tuple[Steps, ...], scale: float, bends: bool = True) -> None:
        super().__init__()
        self.count, self.scale, self.bends = len(branches), scale, bends
        for index, steps in enumerate(branches):
            self.add_module(f"branch{index}", _branch(channels, steps))
        self.conv2d = nn.Conv2d(sum(steps[-1][0] for steps in branches), channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, C, h, w)`` to the same shape."""
        joined = torch.cat([self.get_submodule(f"branch{index}")(x) for index in range(self.count)], dim=1)
        y = x + self.scale * self.conv2d(joined)
        return F.relu(y) if self.bends else y


def _width(inputs: int, branches: tuple[Steps, ...]) -> int:
    """Return the channels of a mixed block that also pools its input."""
    return inputs + sum(steps[-1][0] for steps in branches)


class InceptionResNetV2(nn.Module):
    """The network, with its head of 1,000 ImageNet classes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv2d_1a = Unit(3, (32, 3, 3, 2))
        self.conv2d_2a = Unit(32, (32, 3, 3, 1), pads=False)
        self.conv2d_2b = Unit(32, (64, 3, 3, 1))
        self.conv2d_3b = Unit(64, (80, 1, 1, 1))
        self.conv2d_4a = Unit(80, (192, 3, 3, 1), pads=False)
        mean = nn.AvgPool2d(POOL, 1, padding=1, count_include_pad=False)
        self.mixed_5b = Mixed(192, MIXED_5B, nn.Sequential(mean, Unit(192, (POOLED_5B, 1, 1, 1))))
        width = _width(POOLED_5B, MIXED_5B)  # 320
        self.repeat = nn.Sequential(*(Residual(width, BLOCK_35, SCALE_35) for _ in range(REPEATS_35)))
        self.mixed_6a = Mixed(width, MIXED_6A, nn.MaxPool2d(POOL, 2))
        width = _width(width, MIXED_6A)  # 1,088
        self.repeat_1 = nn.Sequential(*(Residual(width, BLOCK_17, SCALE_17) for _ in range(REPEATS_17)))
        self.mixed_7a = Mixed(width, MIXED_7A, nn.MaxPool2d(POOL, 2))
        width = _width(width, MIXED_7A)  # 2,080
        self.repeat_2 = nn.Sequential(*(Residual(width, BLOCK_8, SCALE_8) for _ in range(REPEATS_8)))
        self.block8 = Residual(width, BLOCK_8, 1.0, bends=False)
        self.conv2d_7b = Unit(width, (LAST_CHANNELS, 1, 1, 1))
        self.classif = nn.Linear(LAST_CHANNELS, CLASSES)

    def forward(self, image: Tensor) -> Tensor:
        """Classify.

        Args:
            image: ``(N, 3, h, w)`` float, RGB in -1..1; made for 299x299, at least 75x75.

        Returns:
            ``(N, 1000)`` logits.
        """
        x = self.conv2d_2b(self.conv2d_2a(self.conv2d_1a(image)))
        x = self.conv2d_4a(self.conv2d_3b(F.max_pool2d(x, POOL, 2)))
        x = self.repeat(self.mixed_5b(F.max_pool2d(x, POOL, 2)))  # (N, 320, 35, 35) of 299x299
        x = self.repeat_1(self.mixed_6a(x))  # (N, 1088, 17, 17)
        x = self.block8(self.repeat_2(self.mixed_7a(x)))  # (N, 2080, 8, 8)
        y: Tensor = self.classif(self.conv2d_7b(x).mean(dim=(2, 3)))
        return y
