# SPDX-License-Identifier: Apache-2.0
"""Trunks that were trained apart and answer together (deep ensembles: Lakshminarayanan et al., NeurIPS 2017).

What several networks have learned by heart differs, what they have understood does not: the mean of their distributions
is nearer to the truth than each of them. Each trunk is trained alone; `keeping.join` puts them into one file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log

import torch
from torch import Tensor, nn

from bwcolor.models import trunk
from bwcolor.models.trunk import Classify

TRUNK = "trunks.{}."  # what the names of each trunk's weights begin with


class Ensemble(nn.Module):
    """Networks with the same bins: the mean of their colors and of their distributions.

    Where a photo is seen in several looks, each look asks one of them in turn (`inference.Runner`), at the price of one
    network: the mean of the looks is what counts.

    Args:
        trunks: The networks (see `network.Classifier`); the first one is asked where there is a single look.
    """

    def __init__(self, trunks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.trunks = nn.ModuleList(trunks)

    @property
    def centers(self) -> Tensor:
        """The bins' ab: ``(Q, 2)`` float, Lab units."""
        return self.trunks[0].get_buffer("centers")

    def distribution(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return the logits of the mean distribution, ``(N, Q, h/4, w/4)`` (see `trunk.Classify.distribution`)."""
        return self.colors(lightness, hints)[1]

    def colors(self, lightness: Tensor, hints: Tensor | None = None, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
        """Return ab ``(N, 2, h/4, w/4)`` in Lab units and the logits ``(N, Q, h/4, w/4)`` of one pass of each."""
        said = [member.colors(lightness, hints, temperature) for member in self.trunks]  # type: ignore[operator]
        shares = torch.stack([torch.log_softmax(logits.float(), dim=1) for _, logits in said])
        ab = torch.stack([colors.float() for colors, _ in said]).mean(dim=0)
        return ab, torch.logsumexp(shares, dim=0) - log(len(said))

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return ab ``(N, 2, h/4, w/4)`` in Lab units (see `trunk.Classify.distribution` for the arguments)."""
        return self.colors(lightness, hints)[0]


def gan(trunks: str = "1") -> nn.Module:
    """Return a `trunk.Gan`, or several.

    Args:
        trunks: How many, in digits.
    """
    return _of(trunk.Gan, int(trunks))


def classify(trunks: str = "1") -> nn.Module:
    """Return a `trunk.Classify`, or several.

    Args:
        trunks: How many, in digits.
    """
    return _of(Classify, int(trunks))


def _of(kind: Callable[[], Classify], count: int) -> nn.Module:
    return kind() if count == 1 else Ensemble([kind() for _ in range(count)])
