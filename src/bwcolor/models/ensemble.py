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
    """The mean of the distributions of several trunks, decoded once; the residuals of their ab heads are averaged too.

    Args:
        trunks: Of one kind, with the same bins.
    """

    def __init__(self, trunks: Sequence[Classify]) -> None:
        super().__init__()
        self.trunks = nn.ModuleList(trunks)

    @property
    def centers(self) -> Tensor:
        """The bins' ab: ``(Q, 2)`` float, Lab units."""
        return self.trunks[0].get_buffer("centers")

    def distribution(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return the logits of the mean distribution (see `Classify.distribution`)."""
        return self.colors(lightness, hints)[1]

    def colors(self, lightness: Tensor, hints: Tensor | None = None, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
        """Return ab ``(N, 2, h/4, w/4)`` in Lab units and the logits ``(N, Q, h/4, w/4)`` of one pass."""
        features = [member.decode(lightness, hints) for member in self.trunks]  # type: ignore[operator]
        each = [member.bins_head(seen) for member, seen in zip(self.trunks, features, strict=True)]  # type: ignore[operator]
        shares = torch.stack([torch.log_softmax(logits.float(), dim=1) for logits in each])
        logits = torch.logsumexp(shares, dim=0) - log(len(each))
        refined = [
            member.refine(seen, logits, temperature)  # type: ignore[operator]
            for member, seen in zip(self.trunks, features, strict=True)
        ]
        return torch.stack(refined).mean(dim=0), logits

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return ab ``(N, 2, h/4, w/4)`` in Lab units (see `Classify.distribution` for the arguments)."""
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
