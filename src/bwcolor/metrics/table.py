# SPDX-License-Identifier: Apache-2.0
"""The METRICS table: every metric by name, with unit, direction, range and source."""

from __future__ import annotations

import math
from difflib import get_close_matches

from bwcolor.errors import UsageError
from bwcolor.metrics import lab, rgb
from bwcolor.metrics.metric import HIGHER, LOWER, Metric, mean_of

ALL = "all"

HASLER = "Hasler, Suesstrunk: Measuring colourfulness in natural images, SPIE 2003"
_ROWS = (
    Metric(
        "psnr", "peak signal-to-noise ratio of 8-bit RGB, mean over photos", "dB", HIGHER, 0, math.inf,
        "ISO/IEC practice; MSE over pixels and channels", rgb.psnr, rgb.mean_psnr,
    ),
    Metric(
        "sat-diff", "deviation of the mean HSV saturation from the truth's, mean over photos", "%", LOWER, 0, math.inf,
        "document 000 (Hwang, Zhou: Image colorization with deep convolutional neural networks, 2016)",
        mean_of(rgb.saturation_difference),
    ),
    Metric(
        "colorfulness", "how colorful the prediction is, mean over photos (signed opponents)", "", None, 0, math.inf,
        HASLER, mean_of(rgb.colorfulness()),
    ),
    Metric(
        "chroma-ratio", "mean chroma of the prediction by that of the truth, over all pixels", "", 1.0, 0, math.inf,
        "CIE 15 (CIELAB chroma)", lab.chroma_ratio, decimals=3,
    ),
)  # fmt: skip

METRICS = {row.name: row for row in _ROWS}


def find_metrics(names: str) -> tuple[tuple[Metric, ...], tuple[Metric, ...]]:
    """Return the metrics of a comma-separated list.

    Args:
        names: As given to ``--metrics``; "all" stands for everything that needs no download and no frames.

    Returns:
        The metrics, each once, and those that "all" left out.

    Raises:
        UsageError: There is no such metric; the message names the nearest ones.
    """
    found: dict[str, Metric] = {}
    left: dict[str, Metric] = {}
    for name in filter(None, (part.strip() for part in names.split(","))):
        if name == ALL:
            found |= {row.name: row for row in _ROWS if not row.needs}
            left |= {row.name: row for row in _ROWS if row.needs}
        elif name in METRICS:
            found[name] = METRICS[name]
        else:
            near = get_close_matches(name, METRICS, n=3, cutoff=0.5)
            meant = f"Did you mean {' or '.join(near)}? " if near else ""
            raise UsageError(f"There is no metric {name!r}.", f"{meant}See: bwcolor eval --list.")
    if not found:
        raise UsageError("No metric was named.", "See: bwcolor eval --list.")
    return tuple(found.values()), tuple(row for row in left.values() if row.name not in found)
