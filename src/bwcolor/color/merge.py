# SPDX-License-Identifier: Apache-2.0
"""Lightness and ab become RGB inside the gamut: L kept, hue kept, chroma given up; and the measure of what L lost.

Everything per pixel is made of additions, multiplications, square roots and look-ups in tables that were computed in
float64. IEEE 754 rounds each of these in one way only, so a pixel's result does not depend on its neighbours, on how
the rows are cut, on threads, or on the width of the processor's vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bwcolor.color import curves, gamut, spaces
from bwcolor.color.curves import Pixels
from bwcolor.color.curves import lightness_of as lightness_of

_Codes = NDArray[Any]  # uint8 or uint16
_Float = NDArray[np.float32]
_Tolerance = np.float32 | _Float

CHUNK = 32768  # pixels worked on at once, so that their planes stay in a core's second-level cache
_PLANES = 9  # of a chunk: see `_linear`
_DEPTHS: dict[int, Any] = {8: np.dtype(np.uint8), 16: np.dtype(np.uint16)}

# What counts as inside the gamut, in linear light: rounding noise of float32 must not be mapped. The worst it costs is
# on the straight foot of the sRGB curve: 12.92 * 65535 * 1e-6 = 0.8 of 65535.
_TOLERANCE = np.float32(1e-6)

# The same for bright yellow, where the gamut is a thin spike that rounding an 8-bit color misses; at this luminance the
# L of a color clipped by so little is off by 0.7 of 65535.
_AT_CUSP = np.float32(1e-4)

_BETWEEN_ROWS = np.float32(1 - 1e-3)  # chroma given up for the sag between two rows of the table
_SHARES = np.array([1.0, *(1.0 - 5e-4 * 1.7**step for step in range(14))], np.float32)  # tried at the cusp
_SMALLER = np.array([0.998, 0.99, 0.96, 0.84, 0.36, 0.0], np.float32)  # tried where the table is a hair too generous

_KNEE = np.float32(spaces.LAB_KNEE_ROOT)
_FOOT = np.float32(1.0 / spaces.LAB_SLOPE)
# f(X) - f(Y) of one unit of a, f(Z) - f(Y) of one unit of b
_STEPS = np.array([[1.0 / 500.0], [-1.0 / 200.0]], np.float32)

# R, G and B above Y, per X/Xn - Y and per Z/Zn - Y, for the white that keeps neutral neutral
_PER_X = np.array([[row[0] * gamut.WHITE[0]] for row in spaces.RGB_FROM_XYZ], np.float32)
_PER_Z = np.array([[row[2] * gamut.WHITE[2]] for row in spaces.RGB_FROM_XYZ], np.float32)


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


def merge_rows(gray: Pixels, ab: _Float, depth: int) -> Pixels:
    """Join a photo's gray and its color: L and hue are kept at every pixel, chroma is given up outside the gamut.

    L is kept to the rounding of the depth: 0.6 of 255 at 8 bits, 0.8 of 65535 at 16 (2.3 in the brightest yellows).

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
    result: Pixels = np.empty((*gray.shape, 3), _DEPTHS[depth])
    flat_gray: _Codes
    flat_gray, flat_ab = np.ascontiguousarray(gray).reshape(-1), np.ascontiguousarray(ab).reshape(-1, 2)
    flat_result: _Codes = result.reshape(-1, 3)
    bench = _bench(min(CHUNK, gray.size))
    waiting: list[NDArray[np.intp]] = []
    with np.errstate(all="ignore"):  # what is not finite is out of gamut, and refused there
        for start in range(0, gray.size, CHUNK):
            part = slice(start, min(start + CHUNK, gray.size))
            if part.stop - start < bench.shape[1]:
                bench = _bench(part.stop - start)
            waiting.append(_merge(flat_gray[part], flat_ab[part], flat_result[part], bench) + start)
            if sum(found.size for found in waiting) >= CHUNK or part.stop == gray.size:
                _merge_outside(np.concatenate(waiting), flat_gray, flat_ab, flat_result)
                waiting.clear()
    return result


def _check(gray: Pixels, ab: _Float, depth: int) -> None:
    if gray.ndim != 2 or gray.dtype not in _DEPTHS.values():
        raise ValueError(f"gray must be (h, W) uint8 or uint16, not {gray.shape} {gray.dtype}")
    if ab.shape != (*gray.shape, 2) or ab.dtype != np.float32:
        raise ValueError(f"ab must be {(*gray.shape, 2)} float32 beside this gray, not {ab.shape} {ab.dtype}")
    if depth not in _DEPTHS:
        raise ValueError(f"depth must be 8 or 16 bits, not {depth}")


def _merge(gray: _Codes, ab: _Float, result: _Codes, bench: _Float) -> NDArray[np.intp]:
    """Merge one chunk, ``(n,)`` gray and ``(n, 2)`` ab into ``(n, 3)`` result; return which are out of gamut."""
    cv2.split(ab.reshape(1, -1, 2), [bench[6:7], bench[7:8]])
    linear = _linear(curves.root_of(gray, bench[8]), bench[6:8], bench)
    found = np.flatnonzero(_outside(linear, bench))
    _encode(linear, result, bench)
    return found


def _merge_outside(found: NDArray[np.intp], gray: _Codes, ab: _Float, result: _Codes) -> None:
    """Merge the pixels ``found``, whose colors are out of gamut; together, since they are few in most chunks."""
    pixel = f"V{3 * result.itemsize}"  # moved whole, twice as fast as by channel
    for start in range(0, found.size, CHUNK):
        index = found[start : start + CHUNK]
        codes, bench = np.take(gray, index), _bench(index.size)
        linear = _inside(codes, np.take(ab, index, axis=0), bench)
        np.clip(linear, 0.0, 1.0, out=linear)
        inside = np.empty((index.size, 3), result.dtype)
        _encode(linear, inside, bench)
        result.view(pixel)[index] = inside.view(pixel)


def _encode(linear: _Float, result: _Codes, bench: _Float) -> None:
    """Write linear RGB ``(3, n)``, inside the gamut within the tolerance, as codes ``(n, 3)``."""
    if result.dtype == np.uint8:
        codes: _Codes = curves.encode_8(linear, bench[3:6])
    else:
        codes = curves.encode_16(np.clip(linear, 0.0, 1.0, out=linear), bench[3:6])
    cv2.merge(list(codes.reshape(3, 1, -1)), result.reshape(1, -1, 3))


def _bench(pixels: int) -> _Float:
    """Return room for the planes of a chunk: fresh memory for each would cost more than the arithmetic."""
    return np.empty((_PLANES, pixels), np.float32)


def _linear(root: _Float, ab: _Float, bench: _Float) -> _Float:
    """Return linear RGB ``(3, n)``, not clipped, of f(Y) ``(n,)`` and ab ``(2, n)``; the first planes of the bench.

    ab may lie in its planes 6 and 7, f(Y) in plane 8.
    """
    linear, luminance, xz, spare = bench[:3], bench[3:4], bench[4:6], bench[6:]
    _cube(root[None], luminance)
    roots = np.multiply(ab, _STEPS, out=spare[:2])
    roots += root
    _cube(roots, xz)
    xz -= luminance
    np.multiply(xz[:1], _PER_X, out=linear)
    linear += np.multiply(xz[1:], _PER_Z, out=spare)
    linear += luminance
    return linear


def _cube(f: _Float, cube: _Float) -> None:
    """Set ``cube`` to the inverse of CIELAB's root of ``f``, both contiguous."""
    np.multiply(f, f, out=cube)
    cube *= f
    if f.min() < _KNEE:
        low = np.flatnonzero(f < _KNEE)
        cube.reshape(-1)[low] = (np.take(f, low) - _KNEE) * _FOOT + _KNEE * _KNEE * _KNEE


def _outside(linear: _Float, bench: _Float, tolerance: _Tolerance = _TOLERANCE) -> NDArray[np.bool_]:
    """Return ``(n,)`` bool: which colors of ``(3, n)`` linear RGB are out of gamut or not finite."""
    # seen as unsigned integers, negative floats, infinities and NaN are all above 1
    limit = (np.float32(1) + 2 * tolerance).view(np.uint32)
    over = np.add(linear, tolerance, out=bench[3:6]).view(np.uint32) > limit
    outside: NDArray[np.bool_] = over[0] | over[1] | over[2]
    return outside


def _inside(gray: _Codes, ab: _Float, bench: _Float) -> _Float:
    """Return linear RGB ``(3, n)`` on the gamut's edge, at the lightness and hue of ``(n,)`` gray and ``(n, 2)`` ab."""
    if not np.isfinite(ab).all():
        raise ValueError("ab holds NaN or infinity: the network or the upsampling that made it is at fault")
    root = curves.root_of(gray)
    ab = np.ascontiguousarray(ab.T)
    size, at_cusp = _from_table(gray, ab)
    cusp = np.flatnonzero(at_cusp)
    if cusp.size:
        size[cusp] = _largest(_SHARES, root[cusp], ab[:, cusp], size[cusp], _AT_CUSP)
    ab *= size
    linear = _linear(root, ab, bench)
    left = np.flatnonzero(_outside(linear, bench, np.where(at_cusp, _AT_CUSP, _TOLERANCE)))
    if left.size:  # the few that the table leaves a hair outside
        least = np.zeros(left.size, np.float32)
        size = _largest(_SMALLER, root[left], ab[:, left], least, _TOLERANCE)
        linear[:, left] = _linear(root[left], ab[:, left] * size, _bench(left.size))
    return linear


def _largest(shares: _Float, root: _Float, ab: _Float, least: _Float, tolerance: _Tolerance) -> _Float:
    """Return the first of the falling shares of ab ``(2, n)`` that is in gamut, or ``least`` where that is more."""
    best = least.copy()
    step = CHUNK // shares.size
    for start in range(0, root.size, step):
        part = slice(start, start + step)
        count = root[part].size
        bench = _bench(count * shares.size)
        tried = np.tile(ab[:, part], shares.size) * np.repeat(shares, count)
        linear = _linear(np.tile(root[part], shares.size), tried, bench)
        outside = _outside(linear, bench, tolerance).reshape(shares.size, -1)
        first = np.where(outside.all(axis=0), 0, shares[np.argmin(outside, axis=0)])
        best[part] = np.maximum(least[part], first)
    return best


def _from_table(gray: _Codes, ab: _Float) -> tuple[_Float, NDArray[np.bool_]]:
    """Return the share of ab ``(2, n)`` that the gamut's table allows, and which of them lie at the yellow cusp."""
    x, y = np.abs(ab)
    # halves, so that the largest floats do not overflow
    scale: _Float = np.reciprocal(x * np.float32(0.5) + y * np.float32(0.5))
    x *= scale
    y *= scale
    sector = (y * np.float32(gamut.SECTORS / 2)).astype(np.int32)
    np.minimum(sector, gamut.SECTORS - 1, out=sector)
    sign = ab.view(np.uint32) >> 31
    # the sign bits number the quadrants: 0 none, 1 a, 2 b, 3 both negative
    sector += (sign[0] + sign[1] * 2).astype(np.int32) * gamut.SECTORS
    if gray.dtype == np.uint8:
        row = gray
        size = np.reciprocal(_overshoot(row, sector, x, y))
    else:
        row, rest = np.divmod(gray, np.uint16(257))
        share: _Float = rest * np.float32(1 / 257)
        size = np.divide(1 - share, _overshoot(row, sector, x, y), dtype=np.float32)
        size += share / _overshoot(np.minimum(row + 1, gamut.ROWS - 1), sector, x, y)
        size *= _BETWEEN_ROWS
    bright = (row >= gamut.CUSP_ROWS[0]) & (row <= gamut.CUSP_ROWS[1])
    at_cusp = bright & (sector >= gamut.CUSP_SECTORS[0]) & (sector <= gamut.CUSP_SECTORS[1])
    return np.minimum(size * scale, 1), at_cusp


def _overshoot(row: _Codes, sector: NDArray[np.int32], x: _Float, y: _Float) -> _Float:
    index = row.astype(np.int32) * (4 * gamut.SECTORS) + sector
    alpha, beta = gamut.chords()
    overshoot: _Float = np.take(alpha, index) * x
    overshoot += np.take(beta, index) * y
    return overshoot


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
    bench = _bench(min(CHUNK, gray.size))
    error = LightnessError()
    for start in range(0, gray.size, CHUNK):
        part = slice(start, start + CHUNK)
        error += _chunk_error(flat_rgb[part], flat_gray[part], bench)
    return error


def _chunk_error(rgb: _Codes, gray: _Codes, bench: _Float) -> LightnessError:
    planes, room = cv2.split(rgb.reshape(1, -1, 3)), bench[:, : gray.size]
    code = curves.gray_of(planes, room[:2]) if rgb.dtype == np.uint8 else _gray_of_16(planes, room)
    code -= gray if gray.dtype == np.uint8 else np.multiply(gray, np.float32(255.0 / 65535.0), out=room[1])
    error = code.reshape(1, -1)
    return LightnessError(cv2.norm(error, cv2.NORM_INF), cv2.norm(error, cv2.NORM_L1), gray.size)


def _gray_of_16(planes: Sequence[_Codes], room: _Float) -> _Float:
    """Return the neutral gray, 0..255, that has the luminance of 16-bit planes; in the room's plane 3."""
    luminance = room[0]
    luminance[:] = 0
    for plane, weight in zip(planes, spaces.XYZ_FROM_RGB[1], strict=True):
        luminance += np.multiply(curves.linear_of(plane.reshape(-1)), np.float32(weight), out=room[1])
    code = curves.curve_16(np.minimum(luminance, 1, out=luminance), room[3])
    code *= np.float32(255.0 / 65535.0)
    return code
