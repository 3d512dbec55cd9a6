# SPDX-License-Identifier: Apache-2.0
"""The curves of color as tables: gray codes to lightness and light, light to codes.

The tables are computed in float64 by the formulas of `spaces`, once; a look-up costs a tenth of a power.
"""

from __future__ import annotations

from collections.abc import Sequence
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
        "middle": lambda: spaces.srgb_from_linear((codes + 0.5 / (size - 1)) ** 2) * 255.0,
    }[name]()
    table: NDArray[Any] = curve if curve.dtype == np.uint8 else curve.astype(np.float32)
    table.flags.writeable = False
    return table


@cache
def _shares(size: int) -> list[Planes]:
    """Return for the codes of R, G and B their shares of luminance, times the square of the last entry of "middle"."""
    linear = spaces.linear_from_srgb(spaces.gray_codes(size)) * (_CODES - 1.0) ** 2
    return [(linear * weight).astype(np.float32) for weight in spaces.XYZ_FROM_RGB[1]]


def _look_up(table: NDArray[Any], codes: NDArray[Any], out: NDArray[Any] | None = None) -> Any:
    if codes.size and (codes.dtype == np.uint8 or _LUT_TAKES_16_BITS):
        # fresh memory costs more than looking up
        into = None if out is None else out.reshape(1, -1)
        return cv2.LUT(codes.reshape(1, -1), table, into).reshape(codes.shape)
    return np.take(table, codes, out=out)


def lightness_of(gray: NDArray[Any]) -> Planes:
    """Return the CIE L* of sRGB-encoded neutral gray.

    Args:
        gray: uint8 or uint16, any shape.

    Returns:
        float32 of the same shape, 0..100.
    """
    lightness: Planes = _look_up(_table("lightness", levels(gray)), np.ascontiguousarray(gray))
    return lightness


def root_of(gray: NDArray[Any], out: Planes | None = None) -> Planes:
    """Return CIELAB's f(Y), float32, of sRGB-encoded neutral gray, contiguous uint8 or uint16; in ``out``."""
    root: Planes = _look_up(_table("root", levels(gray)), gray, out)
    return root


def linear_of(codes: NDArray[Any]) -> Planes:
    """Return the linear light, float32 0..1, of sRGB codes, contiguous uint8 or uint16."""
    linear: Planes = _look_up(_table("linear", levels(codes)), codes)
    return linear


def encode_8(linear: Planes, spare: Planes) -> NDArray[np.uint8]:
    """Return the nearest sRGB code of linear light.

    Args:
        linear: contiguous float32, 0..1 but for a hundred thousandth; overwritten.
        spare: contiguous float32 of its shape, room for the result.

    Returns:
        uint8 of its shape, in ``spare``; within 0.03 of a code where it falls between two.
    """
    position = np.multiply(linear, np.float32(_CODES - 1), out=spare)
    position += np.float32(0.5)
    # the room that the light took holds first the index, then the codes
    index = linear.reshape(-1).view(np.uint16)[: linear.size]
    np.copyto(index, position.reshape(-1), casting="unsafe")
    room = spare.reshape(-1).view(np.uint8)[: linear.size]
    codes: NDArray[np.uint8] = _look_up(_table("encoded", _CODES), index, room).reshape(linear.shape)
    return codes


def gray_of(planes: Sequence[NDArray[Any]], room: Planes) -> Planes:
    """Return the sRGB-encoded neutral gray that has the luminance of 8-bit sRGB colors.

    Args:
        planes: R, G and B, each contiguous ``(1, n)`` uint8.
        room: ``(2, n)`` float32, overwritten.

    Returns:
        ``(n,)`` float32, 0..255, exact to 0.006; in ``room``.
    """
    luminance, share = room
    for plane, table, into in zip(planes, _shares(256), (luminance, share, share), strict=True):
        _look_up(table, plane, into)
        if into is share:
            luminance += share
    np.sqrt(luminance, out=luminance)
    index = share.view(np.uint16)[: share.size]
    np.copyto(index, luminance, casting="unsafe")
    gray: Planes = _look_up(_table("middle", _CODES), index, luminance)
    return gray


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
