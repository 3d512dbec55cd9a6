# SPDX-License-Identifier: Apache-2.0
"""The Network contract, and building a network from its row."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from bwcolor.models.table import ModelRow


@runtime_checkable
class Classifier(Protocol):
    """A network that gives a distribution over color bins besides its colors.

    Attributes:
        centers: ``(Q, 2)`` float, the bins' ab in Lab units.
    """

    centers: Tensor

    def distribution(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return ``(N, Q, h/s, w/s)`` logits for ``(N, 1, h, w)`` L in 0..100."""

    def colors(self, lightness: Tensor, hints: Tensor | None = None, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
        """Return ab ``(N, 2, h/s, w/s)`` in Lab units, and the logits of the same pass."""


def build(row: ModelRow) -> nn.Module:
    """Return a fresh network of a row.

    Every network keeps the contract ``forward(lightness, hints=None) -> ab``: lightness ``(N, 1, h, w)`` float, CIE L*
    0..100, h and w multiples of ``row.stride``; hints ``(N, 3, h, w)``: a, b, mask; ab ``(N, 2, h/s, w/s)`` float in
    Lab units with ``s = row.ab_stride``.
    """
    module, _, name = row.home.partition(":")
    network: nn.Module = getattr(import_module(module), name)()
    return network
