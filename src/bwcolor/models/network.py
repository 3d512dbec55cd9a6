# SPDX-License-Identifier: Apache-2.0
"""The Network contract, and building a network from its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from bwcolor.errors import UsageError
from bwcolor.models.row import ModelRow
from bwcolor.models.table import find_model


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


class Palette(Protocol):
    """The part of a network that takes the colors of a reference."""

    def told(self, ab: Tensor, saturation: Tensor) -> Tensor:
        """Return what ``forward`` takes behind hints, ``(N, K)``, of ab ``(N, 2, h, w)`` and saturation ``(N,)``."""


@runtime_checkable
class Guided(Protocol):
    """A network whose ``forward`` takes the colors of a reference as a third argument.

    Attributes:
        global_hints: Makes that argument.
    """

    global_hints: Palette


def build(
    row: ModelRow, options: Mapping[str, str] | None = None, networks: Sequence[nn.Module] | None = None
) -> nn.Module:
    """Return a fresh network of a row, or a mixture of such.

    Every network keeps the contract ``forward(lightness, hints=None) -> ab``: lightness ``(N, 1, h, w)`` float, CIE L*
    0..100, h and w multiples of ``row.stride``; hints ``(N, 3, h, w)``: a, b, mask; ab ``(N, 2, h/s, w/s)`` float in
    Lab units with ``s = row.ab_stride``.

    Args:
        row: Of the MODELS table, or a mixture (see `find_model`).
        options: Values of the row's choices; what is left out takes its default.
        networks: The parts of a mixture; None builds them too.

    Raises:
        UsageError: The row has no such choice, or not this value.
    """
    options = options or {}
    choices = dict(row.choices)
    for key, value in options.items():
        if value not in choices.get(key, ()):
            known = f"Take {' or '.join(choices[key])}." if key in choices else "It comes in one form only."
            raise UsageError(f"{row.name} has no {key} {value!r}.", known)
    module, _, name = row.home.partition(":")
    kind = getattr(import_module(module), name)
    if row.parts:
        mixture: nn.Module = kind(networks or [build(find_model(part)) for part in row.parts], row)
        return mixture
    network: nn.Module = kind(**options)
    return network
