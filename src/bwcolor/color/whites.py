# SPDX-License-Identifier: Apache-2.0
"""White points: what the lightest part of a picture is tinted with, and drawing the whites of many together."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

LIGHTEST = 0.05  # share of the pixels that are the white point
BLOWN = 95.0  # CIE L*, above which there is no room for color in sRGB, whatever was wanted
BLACK = 16.0  # CIE L* below zero at which tints of one light meet: the offset in L* = 116 f(Y) - 16 (CIE 15)
CAST = 8.0  # Lab units; a white that differs by much more is a thing of color and no cast

White = tuple[float, float]


def white_point(lightness: NDArray[np.floating], a: NDArray[np.floating], b: NDArray[np.floating]) -> White:
    """Return the mean a and b (Lab units) of a picture's lightest twentieth, of what is not blown out.

    Args:
        lightness: CIE L*, 0..100, of any shape.
        a: Lab units, of that shape.
        b: Lab units, of that shape.
    """
    able = lightness <= BLOWN
    able = able if able.any() else np.ones_like(able)
    lightest = able & (lightness >= np.quantile(lightness[able], 1 - LIGHTEST))
    return float(a[lightest].mean(dtype=np.float64)), float(b[lightest].mean(dtype=np.float64))


def drawn(ab: NDArray[np.float32], lightness: NDArray[np.float32], white: White) -> NDArray[np.float32]:
    """Draw a picture's white point to another.

    A light of another color tints what is light more than what is dark: by von Kries' rule a neutral surface has a and
    b in proportion to L* + 16. The whole picture is moved so. A white that differs by little is moved nearly all the
    way, one that differs by more than a cast does hardly at all (Welsch's weight).

    Args:
        ab: ``(h, w, 2)``, Lab units.
        lightness: ``(h, w)`` CIE L*, 0..100.
        white: Wanted a and b, Lab units.

    Returns:
        ``(h, w, 2)``.
    """
    now = white_point(lightness, ab[..., 0], ab[..., 1])
    away = (white[0] - now[0], white[1] - now[1])
    weight = math.exp(-((math.hypot(*away) / CAST) ** 2))
    light = np.quantile(lightness, 1 - LIGHTEST / 2)
    share = (lightness + BLACK) / np.float32(light + BLACK)
    step = np.array(away, dtype=np.float32) * np.float32(weight)
    moved: NDArray[np.float32] = ab + step * share[..., None]
    return moved


def common(whites: list[White]) -> White:
    """Return the white point of a folder: the medians of a and b, whatever the order."""
    middle = np.median(np.array(whites, dtype=np.float64), axis=0)
    return round(float(middle[0]), 2), round(float(middle[1]), 2)
