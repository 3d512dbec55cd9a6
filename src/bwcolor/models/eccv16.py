# SPDX-License-Identifier: Apache-2.0
"""`Eccv16`: Zhang, Isola, Efros, "Colorful Image Colorization" (ECCV 2016), by the layout of the authors' PyTorch port.

Eight blocks of convolutions without skips give, at a quarter of the input's size, a distribution over 313 bins of ab;
its mean is the color. Names of the weights are the authors', so that their published file loads strictly.

Departures: the authors enlarge ab bilinearly by four inside the network; here that is `published`, while the contract's
``forward`` stays on the network's own grid. The paper's annealed mean (temperature 0.38) is not applied by default: the
Caffe network has it as a layer, the port has none, so the published weights are decoded as they come.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor.color import bins

STRIDE = 8  # blocks 1 to 3 halve the picture
AB_STRIDE = 4  # block 8 doubles it again
LIGHTNESS_CENTER = 50.0  # the network takes (L - 50) / 100
LIGHTNESS_SCALE = 100.0
AB_SCALE = 110.0  # its last layer holds the bins' centers divided by this
WIDTH = 64  # channels of the first block; the others are multiples of it
# (channels as a multiple of the width, convolutions, stride of the last, dilation) of blocks 1 to 7
BLOCKS = ((1, 2, 2, 1), (2, 2, 2, 1), (4, 3, 2, 1), (8, 3, 1, 1), (8, 3, 1, 2), (8, 3, 1, 2), (8, 3, 1, 1))
HEAD_WIDTH = 4  # of block 8, as a multiple of the width


def block(inputs: int, outputs: int, count: int, stride: int, dilation: int) -> nn.Sequential:
    """Return 3x3 convolutions with ReLU, the last one strided, and one batch norm after the last ReLU."""
    layers: list[nn.Module] = []
    for index in range(count):
        step = stride if index == count - 1 else 1
        layers += [nn.Conv2d(inputs, outputs, 3, step, padding=dilation, dilation=dilation), nn.ReLU()]
        inputs = outputs
    return nn.Sequential(*layers, nn.BatchNorm2d(outputs))


class Eccv16(nn.Module):
    """A classifier over 313 bins of ab.

    Args:
        width: Channels of the first block: 64 as published; fewer for trials.
    """

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        inputs = 1
        for number, (times, count, stride, dilation) in enumerate(BLOCKS, start=1):
            self.add_module(f"model{number}", block(inputs, times * width, count, stride, dilation))
            inputs = times * width
        centers = torch.from_numpy(bins.zhang_centers())
        head = HEAD_WIDTH * width
        self.model8 = nn.Sequential(
            nn.ConvTranspose2d(inputs, head, 4, 2, padding=1),
            nn.ReLU(),
            nn.Conv2d(head, head, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(head, head, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(head, len(centers), 1),
        )
        self.model_out = nn.Conv2d(len(centers), 2, 1, bias=False)
        with torch.no_grad():
            self.model_out.weight.copy_(centers.T[:, :, None, None] / AB_SCALE)

    @property
    def centers(self) -> Tensor:
        """The bins' ab in Lab units, ``(313, 2)``, as the last layer holds them."""
        return self.model_out.weight[:, :, 0, 0].T * AB_SCALE

    def distribution(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return the logits over the bins.

        Args:
            lightness: ``(N, 1, h, w)`` float, CIE L* 0..100; h and w multiples of 8.
            hints: Not heeded: this network knows none.

        Returns:
            ``(N, 313, h/4, w/4)`` float.
        """
        x = (lightness - LIGHTNESS_CENTER) / LIGHTNESS_SCALE
        for number in range(1, len(BLOCKS) + 1):
            x = self.get_submodule(f"model{number}")(x)  # (N, 512, h/8, w/8) at the end
        y: Tensor = self.model8(x)  # (N, 313, h/4, w/4)
        return y

    def colors(self, lightness: Tensor, hints: Tensor | None = None, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
        """Return ab ``(N, 2, h/4, w/4)`` in Lab units and the logits ``(N, 313, h/4, w/4)`` of one pass."""
        logits = self.distribution(lightness, hints)
        return bins.annealed_mean(logits, self.centers, temperature), logits

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return ab ``(N, 2, h/4, w/4)`` in Lab units (see `distribution` for the arguments)."""
        return self.colors(lightness, hints)[0]

    def published(self, lightness: Tensor) -> Tensor:
        """Return ab as the authors' network does, enlarged bilinearly to ``(N, 2, h, w)``."""
        return F.interpolate(self(lightness), scale_factor=float(AB_STRIDE), mode="bilinear", align_corners=False)
