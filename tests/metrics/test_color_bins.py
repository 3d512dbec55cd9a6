# SPDX-License-Identifier: Apache-2.0
"""The bin metrics against a nearest-neighbour tree and the definition spelled out."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from bwcolor.color.bins import zhang_centers
from bwcolor.metrics import color_bins, lab


def test_nearest_bin():
    ab = np.random.default_rng(0).uniform(-120, 120, (20_000, 2))
    found = color_bins.nearest_bin(ab.T)
    distance, _ = cKDTree(zhang_centers()).query(ab)
    np.testing.assert_allclose(np.linalg.norm(zhang_centers()[found] - ab, axis=1), distance)


def test_accuracy(pair):
    tree = cKDTree(zhang_centers())
    ours, true = (tree.query(picture.lab[1:].reshape(2, -1).T)[1] for picture in (pair.prediction, pair.truth))
    assert color_bins.accuracy(pair) == pytest.approx(100 * (ours == true).mean())


def test_rebalanced_auc_is_a_weighted_mean(pair):
    centers = zhang_centers().astype(float)
    _, index = cKDTree(centers).query(pair.truth.lab[1:].reshape(2, -1).T)
    counts = np.bincount(index, minlength=313)
    prior = np.zeros(313)
    for bin_, count in enumerate(counts):
        spread = np.exp(-((centers - centers[bin_]) ** 2).sum(axis=1) / 50)
        prior += count * spread / spread.sum()
    weights = 1 / np.maximum(prior / prior.sum(), 1e-5)
    share = lab.threshold_share(lab.ab_error(pair)).ravel()
    expected = 100 * np.average(share, weights=weights[index])
    assert color_bins.rebalanced_auc(color_bins.scores_by_bin(pair)) == pytest.approx(expected)


def test_many_totals_at_once(pair):
    totals = color_bins.scores_by_bin(pair)
    many = color_bins.rebalanced_auc(np.stack([totals, 3 * totals]))
    np.testing.assert_allclose(many, color_bins.rebalanced_auc(totals))
