# SPDX-License-Identifier: Apache-2.0
"""The curves of color as tables: gray codes to lightness and light, light to codes.

The tables are computed in float64 by the formulas of `spaces`, once; a look-up costs a tenth of a power.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bwcolor.color import spaces

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Planes = NDArray[np.float32]

_CODES = 65536  # entries of the tables of linear light
_LUT_TAKES_16_BITS = int(cv2.__version__.split(".")[0]) >= 5  # OpenCV 4 knows no 16-bit codes


def levels(pixels: NDArray[Any]) -> int:
    """Return how many codes uint8 (256) or uint16 (65,536) has."""
    return 256 if pixels.dtype == np.uint8 else 65536


@cache
def _table(name: str, size: int) -> NDArray[Any]:
    codes = spaces.gray_codes(size)
    curve = {
        "lightness": lambda: spaces.lightness_from_gray(codes),
        "root": lambda: (spaces.lightness_from_gray(codes) + 16.0) / 116.0,
        "linear": lambda: spaces.linear_from_srgb(codes),
        "encoded": lambda: np.rint(spaces.srgb_from_linear(codes) * 255.0).astype(np.uint8),
        "start": lambda: spaces.srgb_from_linear(codes * codes) * 65535.0,
        "rise": lambda: np.diff(spaces.srgb_from_linear(codes * codes) * 65535.0, append=65535.0),
    }[name]()
    table: NDArray[Any] = curve if curve.dtype == np.uint8 else curve.astype(np.float32)
    table.flags.writeable = False
    return table


def _look_up(table: NDArray[Any], codes: NDArray[Any]) -> Any:
    if codes.size and (codes.dtype == np.uint8 or _LUT_TAKES_16_BITS):
        return cv2.LUT(codes.reshape(1, -1), table).reshape(codes.shape)
    return np.take(table, codes)


def lightness_of(gray: NDArray[Any]) -> Planes:
    """Return the CIE L* of sRGB-encoded neutral gray.

    Args:
        gray: uint8 or uint16, any shape.

    Returns:
        float32 of the same shape, 0..100.
    """
    lightness: Planes = _look_up(_table("lightness", levels(gray)), np.ascontiguousarray(gray))
    return lightness


def root_of(gray: NDArray[Any]) -> Planes:
    """Return CIELAB's f(Y), float32, of sRGB-encoded neutral gray, contiguous uint8 or uint16."""
    root: Planes = _look_up(_table("root", levels(gray)), gray)
    return root


def linear_of(codes: NDArray[Any]) -> Planes:
    """Return the linear light, float32 0..1, of sRGB codes, contiguous uint8 or uint16."""
    linear: Planes = _look_up(_table("linear", levels(codes)), codes)
    return linear


def encode_8(linear: Planes, spare: Planes) -> NDArray[np.uint8]:
    """Return the nearest sRGB code of linear light.

    Args:
        linear: contiguous float32, 0..1.
        spare: float32 of its shape, room that is overwritten.

    Returns:
        uint8 of its shape; within 0.03 of a code where it falls between two.
    """
    position = np.multiply(linear, np.float32(_CODES - 1), out=spare)
    position += np.float32(0.5)
    codes: NDArray[np.uint8] = _look_up(_table("encoded", _CODES), position.astype(np.uint16))
    return codes


def encode_16(linear: Planes, spare: Planes) -> NDArray[np.uint16]:
    """Return the nearest sRGB code, uint16, of linear light (see `encode_8`)."""
    code = curve_16(linear, spare)
    code += np.float32(0.5)
    return code.astype(np.uint16)


def curve_16(linear: Planes, spare: Planes) -> Planes:
    """Return the sRGB code, 0..65535 and not rounded, of linear light.

    The table goes by the square root of light, in which the curve is nearly straight, and is interpolated.

    Args:
        linear: contiguous float32, 0..1.
        spare: float32 of its shape, room for the result.

    Returns:
        ``spare``, exact to 0.05 of a code.
    """
    position = np.sqrt(linear, out=spare)
    position *= np.float32(_CODES - 1)
    index = position.astype(np.uint16)
    position -= index.astype(np.float32)
    position *= _look_up(_table("rise", _CODES), index)
    position += _look_up(_table("start", _CODES), index)
    return position
