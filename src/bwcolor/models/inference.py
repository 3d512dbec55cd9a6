# SPDX-License-Identifier: Apache-2.0
"""Running a network on photos made small: padding, precision, several looks, samples, certainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from bwcolor.color import bins
from bwcolor.color.levels import stretch_levels
from bwcolor.errors import UsageError
from bwcolor.models import sampling
from bwcolor.models.devices import PRECISIONS
from bwcolor.models.ensemble import Ensemble
from bwcolor.models.network import Classifier
from bwcolor.models.row import ModelRow
from bwcolor.models.table import DEFAULT_MODEL

# Pixels; inputs are padded to multiples, so that the sizes a run meets stay few (oneDNN caches one plan each)
GRAIN = 32


@dataclass(frozen=True)
class Small:
    """A photo as the network sees it.

    Attributes:
        lightness: ``(h, w)`` float32, CIE L* 0..100, both sides multiples of the network's ab stride.
        hints: ``(3, h, w)`` float32: a and b in Lab units where the mask is 1, and the mask; None where there are none.
        name: What tells this photo from others when samples are drawn; its hash.
        sample: Seed of one plausible coloring among many; None for the mean.
        shown: ``(h, w)`` float32, what the network is shown of its lightness, where that is settled already: a tile is
            shown as the whole photo is.
        window: Of a tile, (top, left, bottom, right) in the whole photo, as shares of its sides; None for a whole one.
    """

    lightness: NDArray[np.float32]
    hints: NDArray[np.float32] | None = None
    name: str = ""
    sample: int | None = None
    shown: NDArray[np.float32] | None = None
    window: tuple[float, float, float, float] | None = None

    def on_grid(self, stride: int) -> NDArray[np.float32]:
        """Return ``(h / stride, w / stride)`` the lightness on the network's ab grid, so many times smaller."""
        height, width = self.lightness.shape
        cells = self.lightness.reshape(height // stride, stride, width // stride, stride)
        return np.asarray(cells.mean(axis=(1, 3)), dtype=np.float32)


@dataclass(frozen=True)
class Prediction:
    """What a network says of a photo.

    Attributes:
        ab: ``(h, w, 2)`` float32, Lab units, on the network's own grid.
        certainty: ``(h, w)`` float32, 0 (no idea) .. 1 (one color), on that grid; None for a network without bins.
    """

    ab: NDArray[np.float32]
    certainty: NDArray[np.float32] | None


@dataclass(frozen=True)
class Manner:
    """How a network is run.

    Attributes:
        device: Where.
        precision: "fp32", "bf16" or "fp16".
        temperature: Of the annealed mean, for networks with bins.
        levels: "stretch" shows faded photos with black and white moved apart, "scan" as they are.
        looks: Sizes at which a photo and its mirror image are seen and averaged, as shares of the given one; empty for
            a single look.
    """

    device: torch.device
    precision: str
    temperature: float
    levels: str
    looks: tuple[float, ...] = ()


class Runner:
    """A network ready to be run in one manner.

    Args:
        network: Keeps the Network contract (see `bwcolor.models.network.build`).
        row: Its row of the MODELS table.
        manner: How.
        overall: ``(1, K)`` float, the colors of a reference, for a network that takes such itself; None for none.
    """

    def __init__(self, network: nn.Module, row: ModelRow, manner: Manner, overall: Tensor | None = None) -> None:
        self.row, self.manner = row, manner
        self._overall = () if overall is None else (overall.to(manner.device),)
        placed = network.eval().requires_grad_(False).to(manner.device)
        self._network = placed.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        # one for each look in turn: those of an ensemble, else always the same
        self._asked = list(network.trunks) if isinstance(network, Ensemble) else [self._network]

    def check_samples(self) -> None:
        """See that there is a distribution to draw samples from.

        Raises:
            UsageError: There is none.
        """
        if not isinstance(self._network, Classifier):
            raise UsageError(
                f"{self.row.name} knows one coloring of a photo only: it has no color bins to draw samples from.",
                f"Take --model {DEFAULT_MODEL}.",
            )

    def shown(self, small: Small) -> NDArray[np.float32]:
        """Return what the network is shown of a photo's lightness."""
        if small.shown is not None:
            return small.shown
        return stretch_levels(small.lightness) if self.manner.levels == "stretch" else small.lightness

    @torch.inference_mode()
    def predict(self, smalls: Sequence[Small]) -> list[Prediction]:
        """Run the network on photos of one shape.

        Args:
            smalls: All of the same shape.

        Returns:
            A prediction for each; of a photo without hints it is what it would be if no other had any.
        """
        told = [index for index, small in enumerate(smalls) if self.row.takes_hints and small.hints is not None]
        if told and len(told) < len(smalls):
            others = [index for index in range(len(smalls)) if index not in told]
            parts = {
                index: found
                for some in (told, others)
                for index, found in zip(some, self.predict([smalls[index] for index in some]), strict=True)
            }
            return [parts[index] for index in range(len(smalls))]
        lightness = torch.from_numpy(np.stack([self.shown(small) for small in smalls]))[:, None]
        known = [small.hints for small in smalls if told and small.hints is not None]
        hints = torch.from_numpy(np.stack(known)) if known else None
        moods = None
        if any(small.sample is not None for small in smalls):
            moods = torch.cat([self._mood(small) for small in smalls])
        ab, sure = self._looks(lightness, hints, moods)
        colors = np.ascontiguousarray(ab.movedim(1, -1).cpu().numpy())
        certainties = [None] * len(smalls) if sure is None else list(sure.cpu().numpy())
        return [Prediction(one, known) for one, known in zip(colors, certainties, strict=True)]

    def _mood(self, small: Small) -> Tensor:
        """Return ``(1, Q, CELLS, CELLS)``; zeros for a photo of which the mean is wanted."""
        self.check_samples()
        mood = sampling.mood_of(small.sample or 0, small.name, self._network.centers)
        mood = mood if small.window is None else sampling.part_of(mood, small.window)
        return mood if small.sample is not None else torch.zeros_like(mood)

    def _looks(self, lightness: Tensor, hints: Tensor | None, moods: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return the mean of all looks, on the grid of the given size."""
        if not self.manner.looks:
            return self._look(self._asked[0], lightness, hints, moods)
        stride = self.row.ab_stride
        grid = (lightness.shape[-2] // stride, lightness.shape[-1] // stride)
        colors: list[Tensor] = []
        certainties: list[Tensor] = []
        twofold = None if moods is None else _with_mirror(moods)
        for network, share in zip(cycle(self._asked), self.manner.looks, strict=False):
            size = (max(round(grid[0] * share), 1) * stride, max(round(grid[1] * share), 1) * stride)
            seen, told = lightness, hints
            if size != tuple(lightness.shape[-2:]):
                seen = F.interpolate(lightness, size, mode="bilinear", antialias=True)
                told = None if hints is None else F.interpolate(hints, size, mode="nearest")
            # a photo and its mirror image share a pass: that costs less than two
            told = None if told is None else _with_mirror(told)
            pair, sure = self._look(network, _with_mirror(seen), told, twofold)
            colors += _unfolded(pair, grid)
            certainties += [] if sure is None else _unfolded(sure[:, None], grid)
        known = torch.stack(certainties).mean(dim=0)[:, 0] if certainties else None
        return torch.stack(colors).mean(dim=0), known

    def _look(
        self, network: nn.Module, lightness: Tensor, hints: Tensor | None, moods: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Return ab ``(N, 2, h/s, w/s)`` and certainty ``(N, h/s, w/s)`` for L ``(N, 1, h, w)``, multiples of s."""
        down, across = (side // self.row.ab_stride for side in lightness.shape[-2:])
        padded = self._placed(lightness)
        told = None if hints is None else self._placed(hints)
        precision = PRECISIONS[self.manner.precision]
        with torch.autocast(self.manner.device.type, precision, enabled=precision is not torch.float32):
            if not isinstance(network, Classifier):
                whole = [hint.expand(len(padded), -1) for hint in self._overall]
                ab: Tensor = network(padded, told, *whole)
                return ab.float()[..., :down, :across], None
            ab, logits = network.colors(padded, told, self.manner.temperature)
        ab, logits = ab.float()[..., :down, :across], logits.float()[..., :down, :across]
        if moods is not None:
            ab = sampling.move(ab, logits, moods, network.centers, self.manner.temperature)
        return ab, bins.certainty(logits)

    def _placed(self, planes: Tensor) -> Tensor:
        """Extend right and bottom to multiples of the grain by reflection, and move to the device."""
        multiple = max(GRAIN, self.row.stride)
        for dim in (-1, -2):
            wanted = -(-planes.shape[dim] // multiple) * multiple
            while planes.shape[dim] < wanted:
                short = min(wanted - planes.shape[dim], planes.shape[dim])
                mirror = planes.narrow(dim, planes.shape[dim] - short, short).flip(dim)
                planes = torch.cat([planes, mirror], dim=dim)
        return planes.to(self.manner.device).contiguous(memory_format=torch.channels_last)


def _with_mirror(planes: Tensor) -> Tensor:
    """Return a batch and its mirror images behind it."""
    return torch.cat([planes, planes.flip(-1)])


def _unfolded(planes: Tensor, grid: tuple[int, int]) -> list[Tensor]:
    """Return what was seen straight and what was seen in the mirror, turned back, both on the grid."""
    straight, mirrored = planes.chunk(2)
    return [_fit(straight, grid), _fit(mirrored.flip(-1), grid)]


def _fit(planes: Tensor, grid: tuple[int, int]) -> Tensor:
    return planes if planes.shape[-2:] == grid else F.interpolate(planes, grid, mode="bilinear", align_corners=False)
