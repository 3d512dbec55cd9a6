# SPDX-License-Identifier: Apache-2.0
"""`Cnn` and `Cnn16`: plain convolutional networks, down to an eighth and up again, without skips and without norms.

The tutorial network (Wallner, 2017) from which a student report (Aguilar Gomez, Alaskari, Rivera: the project's
document 001) began, and the report's own of 16 layers. What the report leaves open is taken from the tutorial; its 14th
layer is inferred, as the one that makes the count right.

Departures: both end by enlarging ab twofold, nearest neighbour; here ab stays on the half-size grid on which it is
decided. The tutorial feeds lightness as 0..100; it is scaled to 0..1 here, which is the same network with other first
weights, and trains at ordinary rates.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDE = 8
AB_STRIDE = 2  # the last enlargement is left to full size
AB_SCALE = 128.0  # Lab units at an output of 1
LIGHTNESS_SCALE = 100.0
UP = 0  # in the lists below: enlarge twofold, nearest neighbour

# (channels, stride) of each 3x3 convolution; the last one gives ab through tanh
_DOWN = ((64, 1), (64, 2), (128, 1), (128, 2), (256, 1), (256, 2), (512, 1), (256, 1), (128, 1))
FULL = (*_DOWN, UP, (64, 1), UP, (32, 1), (2, 1))
SIXTEEN = (*_DOWN, UP, (64, 1), UP, (32, 1), (16, 1), (2, 1))
SMALL = ((8, 2), (8, 1), (16, 1), (16, 2), (32, 1), (32, 2), UP, (32, 1), UP, (16, 1), (2, 1))
FORMS = {"full": FULL, "small": SMALL}


class _Up(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0, mode="nearest")


class Plain(nn.Module):
    """A list of 3x3 convolutions with ReLU, and enlargements.

    Args:
        layers: (channels, stride) of each convolution, or `UP`.
        shrink: Divides the channels, for trials.
    """

    def __init__(self, layers: tuple[tuple[int, int] | int, ...], shrink: int = 1) -> None:
        super().__init__()
        built: list[nn.Module] = []
        inputs = 1
        for layer in layers:
            if isinstance(layer, int):
                built.append(_Up())
                continue
            channels, stride = layer
            outputs = max(channels // shrink, 2)
            conv = nn.Conv2d(inputs, outputs, 3, stride, padding=1)
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
            built += [conv, nn.ReLU()]
            inputs = outputs
        nn.init.xavier_uniform_(built[-2].weight)  # type: ignore[arg-type]
        self.layers = nn.Sequential(*built[:-1])

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return ab ``(N, 2, h/2, w/2)`` in Lab units for ``(N, 1, h, w)`` L in 0..100; hints are not heeded."""
        y: Tensor = self.layers(lightness / LIGHTNESS_SCALE)
        return AB_SCALE * torch.tanh(y)


class Cnn(Plain):
    """The tutorial's network.

    Args:
        form: "full", or "small": the tutorial's first try, made to learn one photo by heart.
        shrink: Divides the channels, for trials.
    """

    def __init__(self, form: str = "full", shrink: int = 1) -> None:
        super().__init__(FORMS[form], shrink)


class Cnn16(Plain):
    """The report's network of 16 layers, enlargements counted.

    Args:
        shrink: Divides the channels, for trials.
    """

    def __init__(self, shrink: int = 1) -> None:
        super().__init__(SIXTEEN, shrink)
