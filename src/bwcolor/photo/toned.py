# SPDX-License-Identifier: Apache-2.0
"""Is this scan in color already, or a black-and-white photograph that is toned, tinted, yellowed or blue?

A toning, a tinted paper, a faded dye give each lightness its own color: ab is a function of L, a curve. In a color
photograph things of the same lightness differ in color. So the color that belongs to each lightness (the median ab in
steps of 5 L) is taken away, and what is left is measured: where more than a tenth of the picture strays by more than 5
Lab units, the scan is in color. A tenth, not the maximum, because stamps, ink, foxing and stains are small.

Measured on small versions: of 37 historic photographs (sepia, yellowed, stained, violet) the tenth begins at 4.6 at
most, at 3.2 in all but a torn yellow-brown card; of 200 modern color photographs at 6.4 at least, and of 1,200 others
under 5 in 1.6 of 100: fog, snow and evenly lit single things.
"""

from __future__ import annotations

import itertools

import cv2
import numpy as np
from numpy.typing import NDArray

from bwcolor.color import spaces
from bwcolor.photo.photo import Rows
from bwcolor.photo.scan import Pixels

SMALL = 192  # pixels of the longer side at which a scan is judged: grain and JPEG's chroma noise are averaged away
MOST_ROWS = 16  # read for a row of the small version; a gigapixel scan is not read whole for this
LIGHTNESS_STEP = 5.0  # CIE L*
STRAYING_SHARE = 0.1  # of the picture
COLOR_DISTANCE = 5.0  # Lab units
NEUTRAL_CHROMA = 2.0  # Lab units; less is no toning that anybody sees


def small_version(samples: Rows, width: int, height: int) -> Pixels:
    """Return a scan's samples averaged to at most 192 pixels.

    Args:
        samples: ``samples(y0, y1) -> (n, width, 3 | 4)`` uint8 or uint16.
        width: Pixels.
        height: Pixels.

    Returns:
        ``(h, w, 3 | 4)`` of the same dtype.
    """
    scale = min(SMALL / max(width, height), 1.0)
    columns, rows = max(round(width * scale), 1), max(round(height * scale), 1)
    edges = [height * index // rows for index in range(rows + 1)]
    lines = [samples(top, min(bottom, top + MOST_ROWS)) for top, bottom in itertools.pairwise(edges)]
    result: Pixels = np.concatenate([cv2.resize(line, (columns, 1), interpolation=cv2.INTER_AREA) for line in lines])
    return result


def straying(rgb: NDArray[np.float64]) -> float:
    """Return the distance from the color of its lightness that a tenth of a picture passes.

    Args:
        rgb: ``(h, w, 3)`` float, sRGB-encoded, 0..1.

    Returns:
        Lab units.
    """
    lightness, a, b = spaces.lab_from_srgb(rgb[..., 0], rgb[..., 1], rgb[..., 2])
    step = (lightness / LIGHTNESS_STEP).astype(np.int64).clip(0, None).ravel()
    ab = np.stack([a.ravel(), b.ravel()], axis=1)
    rest = np.empty(len(ab))
    for index in np.unique(step):
        chosen = ab[step == index]
        # the median: a stamp may fill a good part of what is as light as it
        rest[step == index] = np.hypot(*(chosen - np.median(chosen, axis=0)).T)
    return float(np.quantile(rest, 1 - STRAYING_SHARE))


def tone_of(rgb: Pixels) -> str:
    """Tell what color there is in a scan.

    Args:
        rgb: ``(h, w, 3)`` uint8 or uint16 sRGB, from `small_version`.

    Returns:
        "neutral", "toned" (black-and-white, with a color for each lightness) or "color".
    """
    unit = rgb / float(np.iinfo(rgb.dtype).max)
    if straying(unit) > COLOR_DISTANCE:
        return "color"
    _, a, b = spaces.lab_from_srgb(unit[..., 0], unit[..., 1], unit[..., 2])
    return "toned" if float(np.quantile(np.hypot(a, b), 1 - STRAYING_SHARE)) > NEUTRAL_CHROMA else "neutral"
