# SPDX-License-Identifier: Apache-2.0
"""Distances between two sets of feature vectors: Frechet (FID) and kernel (KID).

A row holds the features of one photo's prediction and of its truth, side by side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bwcolor.metrics.metric import Sums

SCALE = 1000.0  # KID is a small number, and reported times this

_Matrix = NDArray[np.float64]


def frechet_distance(first: _Matrix, second: _Matrix) -> float:
    """Return the Frechet distance of two Gaussians fitted to samples.

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) after Dowson and Landau 1982; as FID, Heusel et al., NeurIPS 2017.

    Args:
        first: ``(n, d)`` float64, a sample per row.
        second: ``(m, d)`` float64.

    Returns:
        0 or more.
    """
    means = first.mean(axis=0) - second.mean(axis=0)
    one, two = (np.atleast_2d(np.cov(sample, rowvar=False)) for sample in (first, second))
    values, vectors = np.linalg.eigh(one)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    # the eigenvalues of C1 C2 are those of the symmetric C1^(1/2) C2 C1^(1/2)
    crossed = np.linalg.eigvalsh(root @ two @ root)
    trace = np.trace(one) + np.trace(two) - 2.0 * np.sqrt(np.maximum(crossed, 0.0)).sum()
    return float(max(means @ means + trace, 0.0))


def polynomial_kernel(first: _Matrix, second: _Matrix) -> _Matrix:
    """Return ``(n, m)`` the kernel (x y / d + 1)^3 of KID (Binkowski et al., ICLR 2018)."""
    kernel: _Matrix = (first @ second.T / first.shape[1] + 1.0) ** 3
    return kernel


def kernel_distance(first: _Matrix, second: _Matrix) -> float:
    """Return the squared maximum mean discrepancy, unbiased: it may fall below zero.

    Args:
        first: ``(n, d)`` float64, n at least 2.
        second: ``(m, d)`` float64, m at least 2.
    """
    n, m = len(first), len(second)
    within1, within2 = polynomial_kernel(first, first), polynomial_kernel(second, second)
    return float(
        (within1.sum() - np.trace(within1)) / (n * (n - 1))
        + (within2.sum() - np.trace(within2)) / (m * (m - 1))
        - 2.0 * polynomial_kernel(first, second).mean()
    )


def frechet_of_rows(rows: Sums) -> float:
    """Return the Frechet distance of ``(n, 2 d)`` rows."""
    first, second = np.split(rows, 2, axis=1)
    return frechet_distance(first, second)


def kernel_of_rows(rows: Sums) -> float:
    """Return 1000 times the kernel distance of ``(n, 2 d)`` rows, n at least 2."""
    first, second = np.split(rows, 2, axis=1)
    return SCALE * kernel_distance(first, second)


def kernel_without_each(rows: Sums) -> Sums:
    """Return ``(n,)`` 1000 times the kernel distances of ``(n, 2 d)`` rows without each photo in turn, n at least 3.

    The sums over the kernel matrices are made once, and each photo's rows and columns are taken off.
    """
    first, second = np.split(rows, 2, axis=1)
    count = len(rows)
    left = count - 1
    result = np.zeros(count)
    for sample in (first, second):
        within = polynomial_kernel(sample, sample)
        np.fill_diagonal(within, 0.0)
        result += (within.sum() - 2.0 * within.sum(axis=1)) / (left * (left - 1))
    across = polynomial_kernel(first, second)
    without = across.sum() - across.sum(axis=0) - across.sum(axis=1) + np.diag(across)
    values: Sums = SCALE * (result - 2.0 * without / left**2)
    return values
