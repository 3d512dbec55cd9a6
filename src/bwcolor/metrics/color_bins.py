# SPDX-License-Identifier: Apache-2.0
"""Metrics over the 313 color bins of Zhang et al. 2016: accuracy, and the error with rare colors weighted up."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from bwcolor.color.bins import GRID_STEP, SOFT_SIGMA, zhang_centers
from bwcolor.metrics.lab import ab_error, threshold_share
from bwcolor.metrics.metric import Sums
from bwcolor.metrics.pair import Pair

RAREST = 1e-5  # share; a color rarer than this counts as this rare, or single pixels would rule the metric
_LIMIT = 12  # cells on each side of the lookup; ab of sRGB stays below 110


@cache
def _cells() -> NDArray[np.int64]:
    """Return the bin of every cell of the lattice, -1 where it is no bin."""
    cells = np.full((2 * _LIMIT + 1, 2 * _LIMIT + 1), -1, dtype=np.int64)
    places = np.rint(zhang_centers() / GRID_STEP).astype(np.int64) + _LIMIT
    cells[places[:, 0], places[:, 1]] = np.arange(len(places))
    return cells


def nearest_bin(ab: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the index of the nearest of the 313 bins.

    Args:
        ab: ``(2, ...)`` float64, Lab units.

    Returns:
        ``(...)`` int64, 0..312.
    """
    place = np.clip(np.rint(ab / GRID_STEP).astype(np.int64) + _LIMIT, 0, 2 * _LIMIT)
    index: NDArray[np.int64] = _cells()[place[0], place[1]]
    outside = index < 0
    if outside.any():
        centers = zhang_centers().astype(np.float64)
        chosen = ab[:, outside]
        index[outside] = ((chosen[:, :, None] - centers.T[:, None, :]) ** 2).sum(axis=0).argmin(axis=1)
    return index


def accuracy(pair: Pair) -> float:
    """Return the percent of pixels whose ab falls into the true one's bin."""
    return 100.0 * float((nearest_bin(pair.prediction.lab[1:]) == nearest_bin(pair.truth.lab[1:])).mean())


def scores_by_bin(pair: Pair) -> Sums:
    """Measure, by the bin of the true color, pixels and their summed share of thresholds: ``(626,)``."""
    index = nearest_bin(pair.truth.lab[1:]).ravel()
    count = len(zhang_centers())
    score = threshold_share(ab_error(pair)).ravel()
    return np.concatenate([np.bincount(index, minlength=count), np.bincount(index, score, minlength=count)])


def rebalanced_auc(totals: Sums) -> Sums:
    """Return the AuC in percent with each pixel weighted by one over how frequent its true color is.

    The frequencies are those of the truths themselves, smoothed over neighbouring bins as in the paper.

    Args:
        totals: ``(..., 626)`` from `scores_by_bin`.
    """
    pixels, score = np.split(totals, 2, axis=-1)
    prior = pixels @ _smoothing()
    prior = prior / prior.sum(axis=-1, keepdims=True)
    weights = 1.0 / np.maximum(prior, RAREST)
    value: Sums = 100.0 * (weights * score).sum(axis=-1) / (weights * pixels).sum(axis=-1)
    return value


@cache
def _smoothing() -> NDArray[np.float64]:
    """Return the Gaussian kernel over bins, each row of which sums to 1."""
    centers = zhang_centers().astype(np.float64)
    squared = ((centers[:, None] - centers) ** 2).sum(axis=2)
    kernel = np.exp(-squared / (2 * SOFT_SIGMA**2))
    smoothing: NDArray[np.float64] = kernel / kernel.sum(axis=1, keepdims=True)
    return smoothing
