# SPDX-License-Identifier: Apache-2.0
"""Networks that another library than torch computes; they keep the Network contract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Planes = NDArray[Any]
# compute(lightness, hints or None, temperature) -> ab, and the logits of a network with color bins; all ``(N, ...)``
# float32, units and multiples as in the Network contract (see `network.build`)
Compute = Callable[[Planes, Planes | None, float], Sequence[Planes]]


class Outside(nn.Module):
    """A network that gives ab.

    Args:
        compute: Computes it; safe to be called from several threads.
    """

    def __init__(self, compute: Compute) -> None:
        super().__init__()
        self._compute = compute

    def run(self, lightness: Tensor, hints: Tensor | None, temperature: float = 1.0) -> list[Tensor]:
        """Return everything that is computed, on the device of the lightness."""
        told = None if hints is None else _plain(hints)
        given = self._compute(_plain(lightness), told, temperature)
        return [torch.from_numpy(planes).to(lightness.device) for planes in given]

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return ab ``(N, 2, h/s, w/s)`` in Lab units for ``(N, 1, h, w)`` L in 0..100."""
        return self.run(lightness, hints)[0]


class OutsideClassifier(Outside):
    """A network that gives ab and a distribution over color bins.

    Args:
        compute: Computes both; safe to be called from several threads.
        centers: ``(Q, 2)`` float, the bins' ab in Lab units.
    """

    centers: Tensor

    def __init__(self, compute: Compute, centers: Tensor) -> None:
        super().__init__(compute)
        self.register_buffer("centers", centers)

    def colors(self, lightness: Tensor, hints: Tensor | None = None, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
        """Return ab ``(N, 2, h/s, w/s)`` in Lab units, and the logits ``(N, Q, h/s, w/s)``."""
        ab, logits = self.run(lightness, hints, temperature)
        return ab, logits

    def distribution(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return the logits ``(N, Q, h/s, w/s)``."""
        return self.colors(lightness, hints)[1]


def _plain(planes: Tensor) -> Planes:
    """Return planes as an array, float32, channel after channel."""
    return np.ascontiguousarray(planes.float().cpu().numpy())
