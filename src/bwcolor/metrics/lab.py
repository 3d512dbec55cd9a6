# SPDX-License-Identifier: Apache-2.0
"""Metrics on CIELAB: chroma, hue, lightness, the error of ab."""

from __future__ import annotations

from bwcolor.metrics.metric import Sums, sums
from bwcolor.metrics.pair import Pair


def chroma_ratio(pair: Pair) -> Sums:
    """Measure the chroma of the prediction and of the truth, summed over pixels."""
    return sums(float(pair.prediction.chroma.sum()), float(pair.truth.chroma.sum()))
