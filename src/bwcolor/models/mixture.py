# SPDX-License-Identifier: Apache-2.0
"""`Mixture`: several networks that color one photo together (the wish of the project's document 001).

Their ab are averaged, or weighed at each place by how certain each network is there: 1 minus the entropy of its bins
over its largest possible value, so that networks with other bins can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor.color import bins
from bwcolor.models.row import ModelRow
from bwcolor.models.table import find_model

LEAST_CERTAINTY = 1e-3  # so that networks that know nothing share evenly


class Mixture(nn.Module):
    """Networks whose ab are mixed on the coarsest of their grids.

    Each decodes at its own row's temperature and with its own chroma.

    Args:
        networks: One for each of the row's parts.
        row: Of the mixture (see `find_model`).
    """

    def __init__(self, networks: Sequence[nn.Module], row: ModelRow) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.rows = tuple(find_model(part) for part in row.parts)
        self.ab_stride = row.ab_stride
        self.by_certainty = row.by_certainty

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Color.

        Args:
            lightness: ``(N, 1, h, w)`` float, CIE L* 0..100; h and w multiples of the row's stride.
            hints: ``(N, 3, h, w)`` float, handed to every network; None where there are none.

        Returns:
            ab ``(N, 2, h/s, w/s)`` float in Lab units, s the row's ``ab_stride``.
        """
        colors, shares = [], []
        for network, row in zip(self.networks, self.rows, strict=True):
            ab, sure = self._ask(network, row, lightness, hints)
            ratio = self.ab_stride // row.ab_stride
            colors.append(F.avg_pool2d(ab.float() * row.chroma, ratio))
            shares.append(F.avg_pool2d(sure, ratio))
        weight = torch.stack(shares)  # (parts, N, 1, h/s, w/s)
        mixed: Tensor = (torch.stack(colors) * weight).sum(dim=0) / weight.sum(dim=0)
        return mixed

    def _ask(self, network: nn.Module, row: ModelRow, lightness: Tensor, hints: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return a network's ab and how much it counts, ``(N, 1, h', w')``."""
        if row.temperature is None:
            ab: Tensor = network(lightness, hints)
            return ab, torch.ones_like(ab[:, :1], dtype=torch.float32)
        ab, logits = network.colors(lightness, hints, row.temperature)  # type: ignore[operator]
        if not self.by_certainty:
            return ab, torch.ones_like(ab[:, :1], dtype=torch.float32)
        return ab, bins.certainty(logits)[:, None].clamp_min(LEAST_CERTAINTY)
