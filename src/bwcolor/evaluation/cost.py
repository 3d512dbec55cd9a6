# SPDX-License-Identifier: Apache-2.0
"""What a network costs: seconds and GFLOP per photo."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bwcolor.evaluation.systems import Network, System

if TYPE_CHECKING:
    from bwcolor.colorizer import Colorizer

FLOP_PER_GFLOP = 1e9


@dataclass(frozen=True)
class Cost:
    """What one photo costs.

    Attributes:
        seconds: Median over photos, from gray to color, without reading and writing; 0 where nothing is computed.
        gflop: Billions of floating-point operations of the network for the photo of median size (a multiplication
            and an addition are two); 0 where there is no network.
        device: Where it ran.
        settings: The network's resolved settings and its weights' hash.
    """

    seconds: float = 0.0
    gflop: float = 0.0
    device: str = ""
    settings: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        """Say it in words; nothing where nothing is computed."""
        return f"{self.seconds:.3f} s, {self.gflop:.2f} GFLOP" if self.device else ""


def cost_of(system: System, shapes: Sequence[tuple[int, int]]) -> Cost:
    """Return what a system costs; nothing for baselines and folders.

    Args:
        system: After it was run.
        shapes: (height, width) of the photos that it was run on.
    """
    if not isinstance(system, Network) or not system.seconds:
        return Cost()
    from dataclasses import asdict

    settings = {**asdict(system.colorizer.settings), "weights_sha256": system.colorizer.weights_sha256}
    middle = sorted(shapes, key=lambda shape: shape[0] * shape[1])[len(shapes) // 2]
    return Cost(
        seconds=statistics.median(system.seconds),
        gflop=count_flop(system.colorizer, middle) / FLOP_PER_GFLOP,
        device=str(system.colorizer.settings.device),
        settings=tuple(settings.items()),
    )


def count_flop(colorizer: Colorizer, shape: tuple[int, int]) -> int:
    """Count the floating-point operations of a network for one photo, by running it.

    Args:
        colorizer: The network with its settings; padding, second looks and mirror images count.
        shape: (height, width) of the photo.

    Returns:
        Operations of convolutions and matrix products; a multiplication and an addition are two.
    """
    import numpy as np
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        colorizer.colorize_gray(np.full(shape, 128, np.uint8))
    return int(counter.get_total_flops())
