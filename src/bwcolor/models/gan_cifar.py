# SPDX-License-Identifier: Apache-2.0
"""`GanCifar`: the generator for pictures of 32x32 of Nazeri, Ng, Ebrahimi, "Image Colorization Using GANs" (2018).

A U-Net of 4x4 convolutions that halve four times, with batch norm, leaky ReLU on the way down and ReLU on the way up,
whose transposed convolutions are joined with what was seen at their scale. It gives all three channels of Lab. A
student report (the project's document 002) wished for residual blocks: they can be put where the picture is smallest.

Departures: the scan's lightness is kept, so `forward` leaves the L that the network paints away (`picture` gives it,
for the paper's loss over three channels); in evaluation batch norm uses the statistics of training and not those of the
batch, which made single pictures blotchy; first-layer padding is 1 before and 2 after, as "same" means for 4x4 kernels.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor.models.blocks import ResidualBlock

STRIDE = 16
AB_SCALE = 110.0  # Lab units at an output of 1
LIGHTNESS_CENTER = 50.0  # L / 50 - 1
KERNEL = 4
LEAK = 0.2  # slope of the leaky ReLU
DROPOUT = 0.5  # in the two deepest layers on the way up
RESIDUAL_BLOCKS = 4
# channels at 1/1, 1/2, 1/4, 1/8 and 1/16; on the way up those of the same scale
WIDTHS = {"paper": (64, 128, 256, 512, 512), "narrow": (16, 32, 64, 112, 112)}


class GanCifar(nn.Module):
    """The generator.

    Args:
        width: "paper", or "narrow": a nineteenth of the weights.
        residual: "yes" for residual blocks at 1/16.
    """

    def __init__(self, width: str = "paper", residual: str = "no") -> None:
        super().__init__()
        widths = WIDTHS[width]
        # before the first layer, one row and column more after than before, as KERNEL is even
        self.enter = nn.Conv2d(1, widths[0], KERNEL, bias=False)
        self.enter_norm = nn.BatchNorm2d(widths[0])
        self.down = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(inputs, outputs, KERNEL, 2, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.LeakyReLU(LEAK),
            )
            for inputs, outputs in pairwise(widths)
        )
        blocks = RESIDUAL_BLOCKS if residual == "yes" else 0
        self.middle = nn.Sequential(*(ResidualBlock(widths[-1]) for _ in range(blocks)))
        self.up = nn.ModuleList()
        inputs = widths[-1]
        for index, outputs in enumerate(reversed(widths[:-1])):
            layers: list[nn.Module] = [
                nn.ConvTranspose2d(inputs, outputs, KERNEL, 2, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
            ]
            self.up.append(nn.Sequential(*layers, *([nn.Dropout(DROPOUT)] if index < 2 else [])))
            inputs = 2 * outputs  # joined with what was seen at this scale
        self.out = nn.Conv2d(inputs, 3, 1)

    def picture(self, lightness: Tensor) -> Tensor:
        """Return the network's own Lab picture, scaled to about +-1: ``(N, 3, h, w)`` for ``(N, 1, h, w)`` L."""
        padded = F.pad(lightness / LIGHTNESS_CENTER - 1.0, (1, 2, 1, 2))
        x = F.leaky_relu(self.enter_norm(self.enter(padded)), LEAK)  # (N, 64, h, w)
        seen = []
        for layer in self.down:
            seen.append(x)
            x = layer(x)  # (N, 512, h/16, w/16) at the end
        x = self.middle(x)
        for layer in self.up:
            x = torch.cat([layer(x), seen.pop()], dim=1)
        return torch.tanh(self.out(x))

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return ab ``(N, 2, h, w)`` in Lab units for ``(N, 1, h, w)`` L in 0..100, h and w multiples of 16.

        Hints are not heeded.
        """
        return AB_SCALE * self.picture(lightness)[:, 1:]
