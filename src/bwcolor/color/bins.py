# SPDX-License-Identifier: Apache-2.0
"""Quantized color: grids of ab bins, their prior, rebalancing, soft encoding, and the annealed mean.

Follows Zhang, Isola, Efros, "Colorful Image Colorization" (ECCV 2016) and, for the published code's choices where they
differ from the paper, the constants named below. Functions that sit on a network's path (`soft_encode`,
`annealed_mean`, `certainty`) take torch tensors; the measuring ones take numpy arrays.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bwcolor.color import spaces

if TYPE_CHECKING:
    from torch import Tensor

GRID_STEP = 10  # Lab units between bin centers
SOFT_SIGMA = 5.0  # Lab units, width of the soft encoding
SOFT_NEIGHBOURS = 5  # nearest centers of the paper; the authors' code takes 10
REBALANCING_MIX = 0.5  # lambda: 0 = full inverse frequency, 1 = none
ANNEALED_TEMPERATURE = 0.38  # the paper's, between mean (1) and mode (0)
_GAMUT_SAMPLES = 52  # codes per channel (0, 5, ..., 255) with which the sRGB cube is sampled

# The 313 bins of the paper: for each a, the first and the last b (steps of 10)
_ZHANG_ROWS = {
    -90: (50, 90), -80: (20, 90), -70: (0, 90), -60: (-20, 90), -50: (-30, 100),
    -40: (-40, 100), -30: (-50, 100), -20: (-50, 100), -10: (-60, 100), 0: (-70, 100),
    10: (-80, 90), 20: (-80, 90), 30: (-90, 90), 40: (-100, 90), 50: (-100, 80),
    60: (-110, 80), 70: (-110, 80), 80: (-110, 70), 90: (-110, 70), 100: (-90, 0),
}  # fmt: skip


@cache
def _srgb_cube_ab() -> NDArray[np.float64]:
    codes = np.linspace(0.0, 1.0, _GAMUT_SAMPLES)
    r, g, b = np.meshgrid(codes, codes, codes, indexing="ij")
    _, a_plane, b_plane = spaces.lab_from_srgb(r, g, b)
    return np.stack([a_plane.ravel(), b_plane.ravel()], axis=1)


def srgb_centers(step: int = GRID_STEP) -> NDArray[np.float32]:
    """Return the centers of all grid cells that a coarse sampling of the sRGB cube falls into.

    Args:
        step: Lab units between centers.

    Returns:
        ``(Q, 2)`` float32, a and b in Lab units, sorted by a, then b.
    """
    cells = np.unique(np.rint(_srgb_cube_ab() / step).astype(np.int64), axis=0)
    return (cells * step).astype(np.float32)


def zhang_centers() -> NDArray[np.float32]:
    """Return the 313 centers of Zhang et al. 2016.

    Returns:
        ``(313, 2)`` float32, a and b in Lab units, sorted by a, then b.
    """
    rows = [(a, b) for a, (first, last) in _ZHANG_ROWS.items() for b in range(first, last + 1, GRID_STEP)]
    return np.array(rows, dtype=np.float32)


def quantize(ab: Tensor, centers: Tensor) -> Tensor:
    """Return the index of the nearest center of every color.

    Args:
        ab: ``(..., 2)`` float, Lab units.
        centers: ``(Q, 2)`` float, Lab units.

    Returns:
        ``(...)`` int64, 0..Q-1.
    """
    import torch

    flat = ab.reshape(-1, 2)
    return torch.cdist(flat, centers.to(flat)).argmin(dim=1).reshape(ab.shape[:-1])


def soft_encode(
    ab: Tensor, centers: Tensor, neighbours: int = SOFT_NEIGHBOURS, sigma: float = SOFT_SIGMA
) -> tuple[Tensor, Tensor]:
    """Spread every color over its nearest centers with Gaussian weights.

    Args:
        ab: ``(..., 2)`` float, Lab units.
        centers: ``(Q, 2)`` float, Lab units.
        neighbours: How many centers take part; 1 gives hard targets.
        sigma: Width of the Gaussian in Lab units.

    Returns:
        Indices ``(..., K)`` int64 of the centers, nearest first, and their weights ``(..., K)`` float, which sum to 1.
    """
    import torch

    flat = ab.reshape(-1, 2)
    distance, index = torch.cdist(flat, centers.to(flat)).topk(neighbours, dim=1, largest=False)
    weight = torch.exp(distance.square() / (-2.0 * sigma * sigma))
    weight = weight / weight.sum(dim=1, keepdim=True).clamp_min(torch.finfo(weight.dtype).tiny)
    shape = (*ab.shape[:-1], neighbours)
    return index.reshape(shape), weight.reshape(shape)


def empirical_prior(counts: NDArray[np.float64], centers: NDArray[np.float32], sigma: float) -> NDArray[np.float64]:
    """Smooth a histogram over bins with a Gaussian in the ab plane and normalize it.

    Args:
        counts: ``(Q,)`` how often each bin was the nearest.
        centers: ``(Q, 2)`` Lab units.
        sigma: Lab units; 0 leaves the histogram as it is.

    Returns:
        ``(Q,)`` float64 that sums to 1.
    """
    prior = counts.astype(np.float64)
    if sigma > 0:
        distance = ((centers[:, None, :].astype(np.float64) - centers[None, :, :]) ** 2).sum(axis=2)
        kernel = np.exp(-distance / (2 * sigma * sigma))
        prior = (kernel / kernel.sum(axis=0, keepdims=True)) @ prior
    share: NDArray[np.float64] = prior / prior.sum()
    return share


def rebalancing_weights(
    prior: NDArray[np.float64], mix: float = REBALANCING_MIX, power: float = 1.0
) -> NDArray[np.float64]:
    """Return how much the loss of a pixel counts, by the bin of its true color.

    Args:
        prior: ``(Q,)`` probabilities that sum to 1.
        mix: lambda of the paper, the share of the uniform distribution: 0 is full inverse frequency, 1 none.
        power: Exponent on the inverse; below 1 softens the rebalancing.

    Returns:
        ``(Q,)`` float64 with ``sum(prior * weights) == 1``.
    """
    weights = ((1.0 - mix) * prior + mix / prior.size) ** -power
    normalized: NDArray[np.float64] = weights / (prior * weights).sum()
    return normalized


def annealed_mean(logits: Tensor, centers: Tensor, temperature: float = ANNEALED_TEMPERATURE) -> Tensor:
    """Decode class scores to color: the expectation over centers of ``softmax(logits / T)``.

    Args:
        logits: ``(N, Q, h, w)`` float.
        centers: ``(Q, 2)`` float, Lab units.
        temperature: T in (0, 1]: 1 is the mean; towards 0 the mode.

    Returns:
        ``(N, 2, h, w)`` float32 ab, Lab units.
    """
    import torch

    share = torch.softmax(logits.float() / temperature, dim=1)
    return torch.einsum("nqhw,qc->nchw", share, centers.to(share))


def certainty(logits: Tensor) -> Tensor:
    """Return how sure a distribution over bins is: 1 - entropy / log Q.

    Args:
        logits: ``(N, Q, h, w)`` float.

    Returns:
        ``(N, h, w)`` float32 in 0 (uniform) .. 1 (one bin).
    """
    import torch

    log_share = torch.log_softmax(logits.float(), dim=1)
    entropy = -(log_share.exp() * log_share).sum(dim=1)
    return 1.0 - entropy / math.log(logits.shape[1])
