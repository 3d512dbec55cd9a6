# SPDX-License-Identifier: Apache-2.0
"""Samples of any kind become the sRGB-encoded neutral gray that has their lightness."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bwcolor.color import spaces
from bwcolor.photo.scan import Pixels

# Relative luminance in whole numbers: sums of three are exact, and a shift gives the index of the curve's table.
_LUMINANCE_BITS = 28
_CURVE_BITS = 20  # the steepest part of the curve moves 0.8 of 65535 per entry
_SHIFT = _LUMINANCE_BITS - _CURVE_BITS


LuminanceTables = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


def luminance_tables(luminance: NDArray[np.float64]) -> LuminanceTables:
    """Return tables for `neutral_of_rgb`.

    Args:
        luminance: ``(3, levels)``: the relative luminance that each code of R, of G and of B adds; white is 1.
    """
    red, green, blue = np.rint(luminance * 2**_LUMINANCE_BITS).astype(np.int32)
    return red, green, blue


@cache
def _srgb_tables(levels: int) -> LuminanceTables:
    linear = spaces.linear_from_srgb(spaces.gray_codes(levels))
    return luminance_tables(np.multiply.outer(np.array(spaces.XYZ_FROM_RGB[1]), linear))


@cache
def _curve() -> NDArray[np.uint16]:
    """Return the 16-bit gray code of each luminance, in units of 2**-20."""
    luminance = np.arange(2**_CURVE_BITS + 1, dtype=np.float64) / 2**_CURVE_BITS
    curve: NDArray[np.uint16] = np.rint(spaces.srgb_from_linear(luminance) * 65535).astype(np.uint16)
    return curve


def neutral_of_rgb(rgb: Pixels, tables: LuminanceTables | None = None) -> NDArray[np.uint16]:
    """Return the neutral gray that has a color's lightness.

    Args:
        rgb: ``(h, W, 3)`` uint8 or uint16.
        tables: Of the RGB that this is, for its dtype; None for sRGB.

    Returns:
        ``(h, W)`` uint16: CIE L* is kept to 1 of 65535 of gray, whatever the depth of ``rgb``.
    """
    red, green, blue = tables or _srgb_tables(256 if rgb.dtype == np.uint8 else 65536)
    total = red.take(rgb[..., 0])
    total += green.take(rgb[..., 1])
    total += blue.take(rgb[..., 2])
    total += 1 << (_SHIFT - 1)
    total >>= _SHIFT
    return _curve().take(total, mode="clip")


def is_neutral(rgb: Pixels) -> bool:
    """Tell whether red, green and blue are equal at every pixel of ``(h, W, 3)``."""
    return bool(np.array_equal(rgb[..., 0], rgb[..., 1]) and np.array_equal(rgb[..., 0], rgb[..., 2]))


def rgb_of_cmyk(cmyk: Pixels) -> Pixels:
    """Convert CMYK without a profile: ink takes away its color, black takes away all.

    Args:
        cmyk: ``(h, W, 4)`` uint8 or uint16, 0 is no ink.

    Returns:
        ``(h, W, 3)`` of the same dtype.
    """
    full = np.iinfo(cmyk.dtype).max
    paper: NDArray[Any] = (full - cmyk).astype(np.uint64 if cmyk.dtype == np.uint16 else np.uint32)
    rgb: Pixels = ((paper[..., :3] * paper[..., 3:] + full // 2) // full).astype(cmyk.dtype)
    return rgb
