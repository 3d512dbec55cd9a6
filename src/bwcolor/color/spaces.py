# SPDX-License-Identifier: Apache-2.0
"""sRGB, gray, CIELAB (D65) and YUV, each formula once, for numpy arrays and torch tensors alike.

Every function takes planes (one array per channel, any shape, float) and uses operators only, so that arrays, tensors
and plain floats all pass and the result has the kind and dtype of the input. The constants are those of IEC 61966-2-1
(sRGB) and CIE 15 (CIELAB) with the rounding of scikit-image, which the tests take as an independent reference.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Any array, tensor or float that knows +, *, **, abs and comparisons.
Plane = Any

# sRGB transfer curve (IEC 61966-2-1); codes and linear values in 0..1
SRGB_KNEE = 0.04045
SRGB_KNEE_LINEAR = 0.0031308
SRGB_SLOPE = 12.92
SRGB_OFFSET = 0.055
SRGB_GAMMA = 2.4

# linear sRGB -> CIE XYZ, D65, Y of white = 1
XYZ_FROM_RGB = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
RGB_FROM_XYZ = tuple(tuple(float(v) for v in row) for row in np.linalg.inv(np.array(XYZ_FROM_RGB)))
WHITE_XYZ = (0.95047, 1.0, 1.08883)  # D65, 2 degree observer

# CIELAB's cube root and its linear foot
LAB_KNEE = 0.008856  # of Y/Yn
LAB_KNEE_ROOT = 0.2068966  # its cube root
LAB_SLOPE = 7.787
LAB_FOOT = 16.0 / 116.0

# analog BT.601 YUV on gamma-encoded R'G'B' in 0..1; U in +-0.436, V in +-0.615
LUMA = (0.299, 0.587, 0.114)
U_SCALE = 0.492
V_SCALE = 0.877
U_MAX = 0.436
V_MAX = 0.615


def _select(condition: Plane, where_true: Plane, where_false: Plane) -> Plane:
    """Choose between two finite planes by a boolean one."""
    # not by ^: exporting to ONNX knows no exclusive or
    return condition * where_true + (condition == 0) * where_false


def _positive(x: Plane) -> Plane:
    """Return max(x, 0)."""
    return (x + abs(x)) * 0.5


def linear_from_srgb(code: Plane) -> Plane:
    """Decode sRGB values to linear light.

    Args:
        code: Encoded values, 0..1.

    Returns:
        Linear values, 0..1 (IEC 61966-2-1).
    """
    curve = (_positive(code + SRGB_OFFSET) / (1 + SRGB_OFFSET)) ** SRGB_GAMMA
    return _select(code <= SRGB_KNEE, code / SRGB_SLOPE, curve)


def srgb_from_linear(linear: Plane) -> Plane:
    """Encode linear light as sRGB values.

    Args:
        linear: Linear values, 0..1; negative ones (out of gamut) stay negative on the straight foot.

    Returns:
        Encoded values, not clipped (IEC 61966-2-1).
    """
    # the floor keeps the slope of the root finite where the straight foot is chosen
    curve = (1 + SRGB_OFFSET) * (_positive(linear - SRGB_KNEE_LINEAR) + SRGB_KNEE_LINEAR) ** (
        1 / SRGB_GAMMA
    ) - SRGB_OFFSET
    return _select(linear <= SRGB_KNEE_LINEAR, linear * SRGB_SLOPE, curve)


def _lab_root(t: Plane) -> Plane:
    root = (_positive(t - LAB_KNEE) + LAB_KNEE) ** (1 / 3)
    return _select(t > LAB_KNEE, root, LAB_SLOPE * t + LAB_FOOT)


def _lab_cube(f: Plane) -> Plane:
    return _select(f > LAB_KNEE_ROOT, f * f * f, (f - LAB_FOOT) / LAB_SLOPE)


def lightness_from_luminance(y: Plane) -> Plane:
    """Return CIE L* (0..100) of relative luminance Y (0..1)."""
    return 116.0 * _lab_root(y) - 16.0


def luminance_from_lightness(lightness: Plane) -> Plane:
    """Return relative luminance Y (0..1) of CIE L* (0..100)."""
    return _lab_cube((lightness + 16.0) / 116.0)


def lightness_from_gray(gray: Plane) -> Plane:
    """Return CIE L* (0..100) of sRGB-encoded neutral gray (0..1)."""
    return lightness_from_luminance(linear_from_srgb(gray))


def gray_from_lightness(lightness: Plane) -> Plane:
    """Return the sRGB-encoded neutral gray (0..1) that has CIE L* ``lightness`` (0..100)."""
    return srgb_from_linear(luminance_from_lightness(lightness))


def luminance_from_linear(r: Plane, g: Plane, b: Plane) -> Plane:
    """Return relative luminance Y (0..1) of linear sRGB planes (0..1)."""
    row = XYZ_FROM_RGB[1]
    return row[0] * r + row[1] * g + row[2] * b


def lab_from_linear(r: Plane, g: Plane, b: Plane) -> tuple[Plane, Plane, Plane]:
    """Convert linear sRGB to CIELAB (D65).

    Args:
        r: Linear red, 0..1.
        g: Linear green, 0..1.
        b: Linear blue, 0..1.

    Returns:
        L in 0..100, a in about -86..98, b in about -108..95 (CIE 15).
    """
    x, y, z = (
        _lab_root((row[0] * r + row[1] * g + row[2] * b) / white)
        for row, white in zip(XYZ_FROM_RGB, WHITE_XYZ, strict=True)
    )
    return 116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)


def lab_from_srgb(r: Plane, g: Plane, b: Plane) -> tuple[Plane, Plane, Plane]:
    """Convert encoded sRGB planes (0..1) to CIELAB (D65): L 0..100, a, b in Lab units."""
    return lab_from_linear(linear_from_srgb(r), linear_from_srgb(g), linear_from_srgb(b))


def linear_from_lab(lightness: Plane, a: Plane, b: Plane) -> tuple[Plane, Plane, Plane]:
    """Convert CIELAB (D65) to linear sRGB without clipping.

    Args:
        lightness: CIE L*, 0..100.
        a: Green to red, Lab units.
        b: Blue to yellow, Lab units.

    Returns:
        Linear red, green and blue; outside 0..1 where the color lies outside the sRGB gamut.
    """
    fy = (lightness + 16.0) / 116.0
    x = _lab_cube(fy + a / 500.0) * WHITE_XYZ[0]
    y = _lab_cube(fy) * WHITE_XYZ[1]
    z = _lab_cube(_positive(fy - b / 200.0)) * WHITE_XYZ[2]
    r, g, bl = (row[0] * x + row[1] * y + row[2] * z for row in RGB_FROM_XYZ)
    return r, g, bl


def srgb_from_lab(lightness: Plane, a: Plane, b: Plane) -> tuple[Plane, Plane, Plane]:
    """Convert CIELAB (D65) to encoded sRGB planes without clipping (see `linear_from_lab`)."""
    r, g, bl = linear_from_lab(lightness, a, b)
    return srgb_from_linear(r), srgb_from_linear(g), srgb_from_linear(bl)


def yuv_from_srgb(r: Plane, g: Plane, b: Plane) -> tuple[Plane, Plane, Plane]:
    """Convert encoded sRGB planes (0..1) to analog BT.601 YUV: Y 0..1, U +-0.436, V +-0.615."""
    y = LUMA[0] * r + LUMA[1] * g + LUMA[2] * b
    return y, U_SCALE * (b - y), V_SCALE * (r - y)


def srgb_from_yuv(y: Plane, u: Plane, v: Plane) -> tuple[Plane, Plane, Plane]:
    """Convert analog BT.601 YUV to encoded sRGB planes, the exact inverse of `yuv_from_srgb`, not clipped."""
    r = y + v / V_SCALE
    b = y + u / U_SCALE
    return r, (y - LUMA[0] * r - LUMA[2] * b) / LUMA[1], b


def gray_codes(levels: int) -> NDArray[np.float64]:
    """Return the sRGB value (0..1) of every code of an integer depth.

    Args:
        levels: 256 or 65536.

    Returns:
        ``(levels,)`` float64, ascending from 0 to 1.
    """
    return np.arange(levels, dtype=np.float64) / (levels - 1)


def lightness_table(levels: int) -> NDArray[np.float32]:
    """Return CIE L* of every gray code of an integer depth, computed in float64.

    Args:
        levels: 256 or 65536.

    Returns:
        ``(levels,)`` float32, 0..100.
    """
    table: NDArray[np.float64] = lightness_from_gray(gray_codes(levels))
    return table.astype(np.float32)
