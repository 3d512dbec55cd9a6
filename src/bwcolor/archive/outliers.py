# SPDX-License-Identifier: Apache-2.0
"""Color copies that stand apart from their folder's: by white point, chroma or hue, with robust z-scores.

A folder's middle is its median, its spread the median absolute deviation, so that the strange ones do not hide
themselves; a score over 3.5 stands apart (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bwcolor.archive.seen import Seen

SCORE = 3.5
FEWEST = 5  # copies that make a folder; among fewer none stands apart
MAD_SIGMA = 1.4826  # standard deviations in a median absolute deviation, of a normal distribution
RADIUS_SIGMA = 0.8493  # standard deviations in a median distance, of a normal distribution in the plane (Rayleigh)
# What a folder's spread is taken for at least: a difference that nobody sees is no outlier, however even the rest
LEAST_WHITE, LEAST_CHROMA, LEAST_HUE = 2.0, 1.5, 8.0  # Lab units, Lab units, degrees
PALE = 3.0  # Lab units of mean a and b, below which a picture has no hue as a whole


@dataclass(frozen=True)
class Apart:
    """In what a copy stands apart from its folder's.

    Attributes:
        name: Of the photo.
        what: "white point", "chroma" or "hue".
        score: Robust z-score.
        value: Of the copy: distance of the white point from the folder's (Lab units), mean chroma (Lab units), or hue
            (degrees).
        middle: The folder's: 0, the median chroma, or the median hue.
    """

    name: str
    what: str
    score: float
    value: float
    middle: float

    @property
    def words(self) -> str:
        """What is said of it."""
        if self.what == "white point":
            return f"white point {self.value:.1f} from the folder's"
        unit = "°" if self.what == "hue" else ""
        return f"{self.what} {self.value:.0f}{unit}, the folder's {self.middle:.0f}{unit}"


def outliers_of(seen: Mapping[str, Seen]) -> list[Apart]:
    """Return in what photos stand apart from their folders, the furthest first.

    Args:
        seen: What was seen of each color copy, by the photo's name.
    """
    folders: dict[str, list[str]] = defaultdict(list)
    for name in sorted(seen):
        folders[name.rpartition("/")[0]].append(name)
    found = [each for names in folders.values() if len(names) >= FEWEST for each in _within(names, seen)]
    return sorted(found, key=lambda each: (-each.score, each.name, each.what))


def _within(names: list[str], seen: Mapping[str, Seen]) -> Iterable[Apart]:
    """Yield what stands apart in one folder."""
    white = np.array([(seen[name].white_a, seen[name].white_b) for name in names])
    distance = np.hypot(*(white - np.median(white, axis=0)).T)
    spread = max(RADIUS_SIGMA * float(np.median(distance)), LEAST_WHITE)
    yield from _apart(names, "white point", distance, distance, spread, 0.0)

    chroma = np.array([seen[name].chroma for name in names])
    middle = float(np.median(chroma))
    spread = max(MAD_SIGMA * float(np.median(abs(chroma - middle))), LEAST_CHROMA)
    yield from _apart(names, "chroma", abs(chroma - middle), chroma, spread, middle)

    mean = np.array([(seen[name].mean_a, seen[name].mean_b) for name in names])
    folder = np.median(mean, axis=0)
    colored = np.hypot(*mean.T) >= PALE
    if math.hypot(*folder) < PALE or colored.sum() < FEWEST:
        return
    hue, middle = np.degrees(np.arctan2(mean[:, 1], mean[:, 0])), math.degrees(math.atan2(folder[1], folder[0]))
    turned = np.where(colored, abs((hue - middle + 180) % 360 - 180), 0.0)
    spread = max(MAD_SIGMA * float(np.median(turned[colored])), LEAST_HUE)
    yield from _apart(names, "hue", turned, hue % 360, spread, middle % 360)


def _apart(
    names: list[str],
    what: str,
    distance: NDArray[np.float64],
    values: NDArray[np.float64],
    spread: float,
    middle: float,
) -> Iterable[Apart]:
    for name, score, value in zip(names, distance / spread, values, strict=True):
        if score > SCORE:
            yield Apart(name, what, round(float(score), 2), round(float(value), 2), round(middle, 2))
