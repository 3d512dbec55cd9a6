# SPDX-License-Identifier: Apache-2.0
"""Lightness and ab become RGB inside the gamut: L kept, hue kept, chroma given up; and the measure of what L lost.

Everything per pixel is made of additions, multiplications, square roots and look-ups in tables that were computed in
float64. IEEE 754 rounds each of these in one way only, so a pixel's result does not depend on its neighbours, on how
the rows are cut, on threads, or on the width of the processor's vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from bwcolor.color import gamut, spaces

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
_Float = NDArray[np.float32]

CHUNK = 32768  # pixels worked on at once, so that their planes stay in a core's second-level cache
_CODES = 65536  # entries of the tables that stand for a curve
_DEPTHS = {8: np.dtype(np.uint8), 16: np.dtype(np.uint16)}

# What counts as inside the gamut, in linear light: rounding noise of float32 must not be mapped. The worst it costs is
# on the straight foot of the sRGB curve: 12.92 * 65535 * 1e-6 = 0.8 of 65535.
_TOLERANCE = np.float32(1e-6)

_HALVINGS = 14  # bisections of chroma where the table is a hair too generous

_KNEE = np.float32(spaces.LAB_KNEE_ROOT)
_FOOT = np.float32(1.0 / spaces.LAB_SLOPE)
_A_STEP = np.float32(1.0 / 500.0)  # f(X) - f(Y) of one unit of a
_B_STEP = np.float32(-1.0 / 200.0)  # f(Z) - f(Y) of one unit of b

# R, G and B above Y, per X/Xn - Y and per Z/Zn - Y, for the white that keeps neutral neutral
_RGB_FROM_XZ = tuple(
    (np.float32(row[0] * gamut.WHITE[0]), np.float32(row[2] * gamut.WHITE[2])) for row in spaces.RGB_FROM_XYZ
)


@dataclass(frozen=True)
class LightnessError:
    """How far lightness is from where it should be, in levels of 255 of the sRGB-encoded neutral gray with that L.

    Attributes:
        max: The largest difference.
        sum: The sum of the absolute differences.
        count: Pixels measured.
    """

    max: float = 0.0
    sum: float = 0.0
    count: int = 0

    @property
    def mean(self) -> float:
        """The mean absolute difference; 0 where nothing was measured."""
        return self.sum / self.count if self.count else 0.0

    def __add__(self, other: LightnessError) -> LightnessError:
        """Return the error of two parts of a picture taken together."""
        return LightnessError(max(self.max, other.max), self.sum + other.sum, self.count + other.count)


@cache
def _frozen(name: str, levels: int) -> NDArray[np.generic]:
    """Return a table by name; computed in float64, once."""
    codes = spaces.gray_codes(levels)
    table: NDArray[np.generic]
    if name == "lightness":
        table = spaces.lightness_table(levels)
    elif name == "root":  # f(Y) of CIELAB of a gray code
        table = spaces._lab_root(spaces.linear_from_srgb(codes)).astype(np.float32)
    elif name == "linear":  # linear light of a code
        table = spaces.linear_from_srgb(codes).astype(np.float32)
    elif name == "encoded":  # 8-bit code of linear light
        table = np.rint(spaces.srgb_from_linear(codes) * 255.0).astype(np.uint8)
    elif name == "curve":  # 16-bit code, not rounded, of linear light codes**2
        table = (spaces.srgb_from_linear(codes * codes) * 65535.0).astype(np.float32)
    else:  # "slope": from one entry of the curve to the next
        curve = spaces.srgb_from_linear(codes * codes) * 65535.0
        table = np.append(np.diff(curve), 0.0).astype(np.float32)
    table.flags.writeable = False
    return table


def _look_up(table: NDArray[np.generic], codes: Pixels) -> NDArray[np.generic]:
    """Return ``table[codes]``; OpenCV 5 is twice as fast as numpy, OpenCV 4 knows no 16-bit codes."""
    flat = codes.reshape(1, -1)
    if codes.size and (codes.dtype == np.uint8 or _LUT_TAKES_16_BITS):
        return cv2.LUT(flat, table).reshape(codes.shape)
    return np.take(table, codes)


_LUT_TAKES_16_BITS = int(cv2.__version__.split(".")[0]) >= 5


def _levels(pixels: Pixels) -> int:
    return 256 if pixels.dtype == np.uint8 else 65536


def lightness_of(gray: Pixels) -> _Float:
    """Return the CIE L* of sRGB-encoded neutral gray, by table.

    Args:
        gray: uint8 or uint16, any shape.

    Returns:
        float32 of the same shape, 0..100.
    """
    return _look_up(_frozen("lightness", _levels(gray)), np.ascontiguousarray(gray))  # type: ignore[return-value]


def merge_rows(gray: Pixels, ab: _Float, depth: int) -> Pixels:
    """Join a photo's gray and its color: L and hue are kept at every pixel, chroma is given up outside the gamut.

    L is kept to the rounding of the depth: 0.6 of 255 at 8 bits, 0.6 of 65535 at 16 (1.6 beside the gamut's edge).

    Args:
        gray: ``(h, W)`` uint8 or uint16, sRGB-encoded neutral gray with the lightness that is kept.
        ab: ``(h, W, 2)`` float32, a and b in Lab units (D65), any finite value.
        depth: Bits per channel of the result, 8 or 16.

    Returns:
        ``(h, W, 3)`` uint8 or uint16, sRGB in RGB order.

    Raises:
        ValueError: A shape, dtype or depth is not one of these, or ab holds NaN or infinity.
    """
    _check(gray, ab, depth)
    result = np.empty((*gray.shape, 3), _DEPTHS[depth])
    flat_gray, flat_ab = np.ascontiguousarray(gray).reshape(-1), np.ascontiguousarray(ab).reshape(-1, 2)
    flat_result = result.reshape(-1, 3)
    with np.errstate(all="ignore"):  # what is not finite is out of gamut, and refused there
        for start in range(0, gray.size, CHUNK):
            part = slice(start, start + CHUNK)
            _merge(flat_gray[part], flat_ab[part], flat_result[part])
    return result


def _check(gray: Pixels, ab: _Float, depth: int) -> None:
    if gray.ndim != 2 or gray.dtype not in _DEPTHS.values():
        raise ValueError(f"gray must be (h, W) uint8 or uint16, not {gray.shape} {gray.dtype}")
    if ab.shape != (*gray.shape, 2) or ab.dtype != np.float32:
        raise ValueError(f"ab must be {(*gray.shape, 2)} float32 beside this gray, not {ab.shape} {ab.dtype}")
    if depth not in _DEPTHS:
        raise ValueError(f"depth must be 8 or 16 bits, not {depth}")


def _merge(gray: Pixels, ab: _Float, result: Pixels) -> None:
    """Merge one chunk: ``(n,)`` gray, ``(n, 2)`` ab, into ``(n, 3)`` result."""
    root = _look_up(_frozen("root", _levels(gray)), gray)
    linear = _linear(root, ab[:, 0], ab[:, 1])  # type: ignore[arg-type]
    found = np.flatnonzero(_outside(linear))
    if found.size:
        chosen = np.take(root, found)
        a, b = _into_gamut(np.take(gray, found), np.take(ab, found, axis=0))
        linear[:, found] = _inside(chosen, a, b)
    np.clip(linear, 0.0, 1.0, out=linear)
    encode = _encode_8 if result.dtype == np.uint8 else _encode_16
    cv2.merge([encode(plane).reshape(1, -1) for plane in linear], result.reshape(1, -1, 3))


def _outside(linear: _Float) -> NDArray[np.bool_]:
    """Return ``(n,)`` bool: which colors of ``(3, n)`` linear RGB are out of gamut or not finite."""
    # seen as unsigned integers, negative floats, infinities and NaN are all above 1
    over = (linear + _TOLERANCE).view(np.uint32) > (np.float32(1) + 2 * _TOLERANCE).view(np.uint32)
    outside: NDArray[np.bool_] = over[0] | over[1] | over[2]
    return outside


def _inside(root: _Float, a: _Float, b: _Float) -> _Float:
    """Return linear RGB ``(3, n)`` of colors on the gamut's edge, the few that the table left outside moved inwards."""
    linear = _linear(root, a, b)
    rest = np.flatnonzero(_outside(linear))
    if rest.size:
        root, a, b = root[rest], a[rest], b[rest]
        size = np.zeros(rest.size, np.float32)
        for bit in range(1, _HALVINGS + 1):
            tried = size + np.float32(0.5**bit)
            size = np.where(_outside(_linear(root, a * tried, b * tried)), size, tried)
        linear[:, rest] = _linear(root, a * size, b * size)
    return linear


def _linear(root: _Float, a: _Float, b: _Float) -> _Float:
    """Return linear RGB ``(3, n)``, not clipped, of f(Y), a and b, each ``(n,)``."""
    luminance = _cube(root)
    x = _cube(a * _A_STEP + root)
    x -= luminance
    z = _cube(b * _B_STEP + root)
    z -= luminance
    linear = np.empty((3, root.size), np.float32)
    for plane, (per_x, per_z) in zip(linear, _RGB_FROM_XZ, strict=True):
        np.multiply(x, per_x, out=plane)
        plane += z * per_z
        plane += luminance
    return linear


def _cube(f: _Float) -> _Float:
    """Return the inverse of CIELAB's root; its straight foot only where a chunk has one, with the same result."""
    if f.size and f.min() < _KNEE:
        high = np.maximum(f, _KNEE)
        return high * high * high + (np.minimum(f, _KNEE) - _KNEE) * _FOOT
    return f * f * f


def _into_gamut(gray: Pixels, ab: _Float) -> tuple[_Float, _Float]:
    """Return a and b ``(n,)`` of colors that are out of gamut, divided by how many times they are too colorful."""
    if not np.isfinite(ab).all():
        raise ValueError("ab holds NaN or infinity: the network or the upsampling that made it is at fault")
    a, b = np.ascontiguousarray(ab[:, 0]), np.ascontiguousarray(ab[:, 1])
    # scaled first, so that sums of the largest floats stay finite; the hue is what counts
    largest = np.maximum(np.abs(a), np.abs(b))
    x, y = np.abs(a) / largest, np.abs(b) / largest
    sector = np.minimum((y / (x + y) * np.float32(gamut.SECTORS)).astype(np.intp), gamut.SECTORS - 1)
    below = b < 0
    quadrant = 2 * below + ((a < 0) ^ below)
    sector += quadrant * gamut.SECTORS
    if gray.dtype == np.uint8:
        size = 1 / _overshoot(gray, sector, x, y)
    else:
        row, rest = np.divmod(gray, np.uint16(257))
        share = rest.astype(np.float32) / np.float32(257)
        size = (1 - share) / _overshoot(row, sector, x, y)
        size += share / _overshoot(np.minimum(row + 1, gamut.ROWS - 1), sector, x, y)
    size = np.minimum(size / largest, 1)
    return a * size, b * size


def _overshoot(row: Pixels, sector: NDArray[np.intp], x: _Float, y: _Float) -> _Float:
    chord = np.take(gamut.chords(), row.astype(np.intp) * (4 * gamut.SECTORS) + sector, axis=0)
    overshoot: _Float = chord[:, 0] * x + chord[:, 1] * y
    return overshoot


def _encode_8(linear: _Float) -> NDArray[np.uint8]:
    index = (linear * np.float32(_CODES - 1) + np.float32(0.5)).astype(np.uint16)
    return _look_up(_frozen("encoded", _CODES), index)  # type: ignore[return-value]


def _encode_16(linear: _Float) -> NDArray[np.uint16]:
    position = np.sqrt(linear) * np.float32(_CODES - 1)
    index = position.astype(np.uint16)
    code = (position - index) * _look_up(_frozen("slope", _CODES), index)
    code += _look_up(_frozen("curve", _CODES), index)
    code += np.float32(0.5)
    return code.astype(np.uint16)


def lightness_error(rgb: Pixels, gray: Pixels) -> LightnessError:
    """Measure how far a color picture's lightness is from the gray it was made from.

    Args:
        rgb: ``(h, W, 3)`` uint8 or uint16, sRGB.
        gray: ``(h, W)`` uint8 or uint16, sRGB-encoded neutral gray; its depth may differ from that of rgb.

    Returns:
        The error in levels of 255, exact to 0.01 of 255 at any depth; add up the strips of a picture.

    Raises:
        ValueError: A shape or dtype is not one of these.
    """
    if gray.dtype not in _DEPTHS.values() or rgb.dtype not in _DEPTHS.values() or rgb.shape != (*gray.shape, 3):
        raise ValueError(f"rgb must be {(*gray.shape, 3)} beside this gray, both uint8 or uint16, not {rgb.shape}")
    flat_rgb, flat_gray = np.ascontiguousarray(rgb).reshape(-1, 3), np.ascontiguousarray(gray).reshape(-1)
    error = LightnessError()
    for start in range(0, gray.size, CHUNK):
        part = slice(start, start + CHUNK)
        error += _chunk_error(flat_rgb[part], flat_gray[part])
    return error


def _chunk_error(rgb: Pixels, gray: Pixels) -> LightnessError:
    table = _frozen("linear", _levels(rgb))
    luminance = np.zeros(gray.size, np.float32)
    for plane, weight in zip(cv2.split(rgb.reshape(1, -1, 3)), spaces.XYZ_FROM_RGB[1], strict=True):
        luminance += _look_up(table, plane.reshape(-1)) * np.float32(weight)  # type: ignore[arg-type]
    position = np.sqrt(np.minimum(luminance, 1)) * np.float32(_CODES - 1)
    index = position.astype(np.uint16)
    code = (position - index) * _look_up(_frozen("slope", _CODES), index)
    code += _look_up(_frozen("curve", _CODES), index)
    code *= np.float32(255.0 / 65535.0)
    code -= gray * np.float32(255.0 / (_levels(gray) - 1))
    np.abs(code, out=code)
    return LightnessError(float(code.max()), float(code.sum(dtype=np.float64)), gray.size)
