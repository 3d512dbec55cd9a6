# SPDX-License-Identifier: Apache-2.0
"""`YuvBins`: the classification trunk over the most frequent bins of U and V.

Billaut, de Rochemonteix, Thibault, "ColorUNet" (2018; the project's document 004): U and V are cut into equal cells,
the 32 most frequent ones are kept, and a pixel's color is the annealed mean of their mean colors.

Departures: the network is the project's trunk and not the authors' small U-Net; bins decode to the mean color of what
fell into them, as the document's figure promises, where the authors' code takes the middles of the cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from bwcolor.color import bins
from bwcolor.models import yuv
from bwcolor.models.residual_encoder import ab_at_middle
from bwcolor.models.trunk import AB_STRIDE, DECODER_CHANNELS, Classify

CELLS = 10  # per channel
U_RANGE = 0.45  # U in +-0.45 is cut into cells, V in +-0.65
V_RANGE = 0.65
KEPT = 32  # bins (document 004)
BINS = {"32": KEPT, "all": CELLS**2}


@dataclass(frozen=True)
class FrequentBins:
    """Cells of U and V that are kept, the most frequent first.

    Attributes:
        centers: ``(n, 2)`` float32, mean U and V of what fell into each.
        prior: ``(n,)`` float64, shares that sum to 1, those of dropped cells added to the nearest kept one.
    """

    centers: NDArray[np.float32]
    prior: NDArray[np.float64]


def frequent_bins(uv: NDArray[np.float32], keep: int = KEPT, cells: int = CELLS) -> FrequentBins:
    """Keep the most frequent cells of U and V.

    Args:
        uv: ``(n, 2)`` float, U and V of pixels.
        keep: How many cells at most; those that no pixel falls into are never kept.
        cells: Per channel.
    """
    reach = np.array([U_RANGE, V_RANGE])
    place = np.clip(np.floor((uv / reach + 1) / 2 * cells), 0, cells - 1).astype(np.int64)
    flat = place[:, 0] * cells + place[:, 1]
    count = np.bincount(flat, minlength=cells * cells)
    sums = np.stack([np.bincount(flat, weights=uv[:, axis], minlength=cells * cells) for axis in (0, 1)], axis=1)
    order = np.argsort(-count, kind="stable")
    kept = order[:keep][count[order[:keep]] > 0]
    grid = np.stack(np.divmod(np.arange(cells * cells), cells), axis=1)
    # to the nearest kept cell, by distance in cells
    nearest = ((grid[:, None] - grid[kept][None]) ** 2).sum(axis=2).argmin(axis=1)
    share = np.bincount(nearest, weights=count, minlength=len(kept)) / count.sum()
    centers = sums[kept] / count[kept, None]
    return FrequentBins(centers.astype(np.float32), share)


def starting_centers(count: int = KEPT) -> NDArray[np.float32]:
    """Return the middles of the cells nearest to neutral, which stand in for bins that were not measured yet.

    Args:
        count: How many, at most all cells.

    Returns:
        ``(count, 2)`` float32, U and V.
    """
    middles = (np.arange(CELLS) + 0.5) / CELLS * 2 - 1
    grid = np.stack(np.meshgrid(middles * U_RANGE, middles * V_RANGE, indexing="ij"), axis=-1).reshape(-1, 2)
    order = np.argsort((grid**2).sum(axis=1).round(6), kind="stable")
    return grid[order[:count]].astype(np.float32)


class YuvBins(Classify):
    """The trunk with its head over bins of U and V.

    Args:
        bins: "32" (the most frequent cells), or "all".

    Attributes:
        uv_centers: ``(n, 2)`` float, U and V of the n bins; they travel with the weights.
        centers: ``(n, 2)`` float, their ab in Lab units at lightness 50.
    """

    uv_centers: Tensor

    def __init__(self, bins: str = "32") -> None:
        super().__init__()
        self.bins_head = nn.Conv2d(DECODER_CHANNELS[-1], BINS[bins], 1)
        self.register_buffer("uv_centers", torch.from_numpy(starting_centers(BINS[bins])))
        self.register_buffer("centers", ab_at_middle(self.uv_centers), persistent=False)
        self.register_load_state_dict_post_hook(lambda own, _: own.set_bins(own.uv_centers))  # type: ignore[no-untyped-call]

    def set_bins(self, centers: Tensor) -> None:
        """Take measured bins (see `frequent_bins`).

        Args:
            centers: ``(m, 2)`` float, U and V, m at most n; where it is less the last one is repeated, and the copies
                are nobody's nearest.
        """
        missing = len(self.uv_centers) - len(centers)
        self.uv_centers.copy_(torch.cat([centers, centers[-1:].expand(missing, 2)]))
        self.centers.copy_(ab_at_middle(self.uv_centers))

    def quantize(self, lightness: Tensor, ab: Tensor) -> Tensor:
        """Return the nearest bin of colors: ``(N, h, w)`` int64.

        Args:
            lightness: ``(N, 1, h, w)`` float, CIE L* 0..100.
            ab: ``(N, 2, h, w)`` float, Lab units.
        """
        return bins.quantize(yuv.uv_from_ab(lightness, ab).movedim(1, -1), self.uv_centers)

    def colors(self, lightness: Tensor, hints: Tensor | None = None, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
        """Return ab ``(N, 2, h/4, w/4)`` in Lab units and the logits ``(N, n, h/4, w/4)`` of one pass."""
        logits = self.distribution(lightness, hints)
        return self.decode_bins(F.avg_pool2d(lightness, AB_STRIDE), logits, temperature), logits

    def decode_bins(self, lightness: Tensor, logits: Tensor, temperature: float) -> Tensor:
        """Return ab of a distribution at the lightness of its own grid, by the annealed mean of U and V."""
        return yuv.ab_from_uv(lightness, bins.annealed_mean(logits, self.uv_centers, temperature))
