# SPDX-License-Identifier: Apache-2.0
"""Networks as tracers want them, examples to trace and to prove them with, and the proof."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bwcolor.models.network import Classifier

TRACED = (1, 128, 160)  # photos, height and width that a network is traced with
PROVEN = (2, 96, 192)  # ... and those with which the outcome is proven; both are multiples of every stride
TOLERANCE = 1e-3  # of the range of the network's own output
HINTED_SHARE = 0.9  # of the examples' pixels are without hints


class Traced(nn.Module):
    """A network with positional inputs and outputs.

    Args:
        network: Keeps the Network contract.
        names: Of its inputs.
    """

    def __init__(self, network: nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.network, self.names = network, names

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return ab, and the logits of a network with color bins."""
        given = dict(zip(self.names, inputs, strict=True))
        lightness, hints = given["lightness"], given.get("hints")
        if isinstance(self.network, Classifier):
            # the trace takes a tensor where the contract has a number
            ab, logits = self.network.colors(lightness, hints, given["temperature"])  # type: ignore[arg-type]
            return ab.float(), logits.float()
        return (self.network(lightness, hints).float(),)


def inputs_of(network: nn.Module, hints: bool) -> tuple[str, ...]:
    """Return the names of a traced network's inputs, in order."""
    told = ("hints",) if hints else ()
    return ("lightness", *told, "temperature") if isinstance(network, Classifier) else ("lightness", *told)


def example(names: tuple[str, ...], shape: tuple[int, int, int], temperature: float) -> dict[str, Tensor]:
    """Return inputs that are the same every time.

    Args:
        names: From `inputs_of`.
        shape: Photos, height and width.
        temperature: Of the annealed mean.
    """
    count, height, width = shape
    generator = torch.Generator().manual_seed(1)
    lightness = torch.rand(count, 1, height, width, generator=generator) * 100
    ab = torch.rand(count, 2, height, width, generator=generator) * 100 - 50
    mask = (torch.rand(count, 1, height, width, generator=generator) > HINTED_SHARE).float()
    given = {
        "lightness": lightness,
        "hints": torch.cat([ab * mask, mask], dim=1),
        "temperature": torch.tensor(temperature),
    }
    return {name: given[name] for name in names}


def differing(found: Sequence[NDArray[Any]], wanted: Sequence[NDArray[Any]], tolerance: float = TOLERANCE) -> str:
    """Return which output, "ab" or "logits", is another one than the network's own; "" where none is.

    Args:
        found: What was computed elsewhere.
        wanted: What the network gives.
        tolerance: Of the range of the network's own output; and at least this in its unit.
    """
    for name, theirs, ours in zip(("ab", "logits"), found, wanted, strict=False):
        if theirs.shape != ours.shape or not np.abs(theirs - ours).max() <= max(
            tolerance * float(np.ptp(ours)), tolerance
        ):
            return name
    return ""
