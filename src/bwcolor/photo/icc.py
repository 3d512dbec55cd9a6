# SPDX-License-Identifier: Apache-2.0
"""ICC profiles: the scan's own into sRGB at 16 bits, and the one constant sRGB profile that outputs carry."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from bwcolor.color import spaces
from bwcolor.photo.neutral import LuminanceTables, luminance_tables, neutral_of_rgb
from bwcolor.photo.scan import Pixels

SPACES = {b"GRAY": "gray", b"RGB ": "rgb", b"CMYK": "cmyk"}  # ICC.1, 7.2.6
RELATIVE_COLORIMETRIC = 1  # white stays white, all else as measured (ICC.1, 7.2.15)
# Little CMS speeds 16-bit transforms up by tables that are wrong in the darks by 0.6 levels of 255 for gamma 2.2 and by
# 10 for linear light; without, it is right to 1 of 65535 (measured against the formulas)
NO_OPTIMIZATION = 0x0100
SAME = 129  # of 65535: profiles that differ from sRGB by at most half a level of 255 are sRGB
MATRIX_TAGS = {b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC"}
MOST_TAGS = 200
_PROBE_STEPS = 9  # per channel, to compare a profile with sRGB

Convert = Callable[[Pixels], Pixels]


@cache
def srgb_profile() -> bytes:
    """Return the sRGB profile of every output: always the same bytes, without a clock time."""
    return files("bwcolor.photo").joinpath("srgb.icc").read_bytes()


def space_of(profile: bytes) -> str:
    """Return what a profile describes: "gray", "rgb", "cmyk"; "" for anything else or for rubbish."""
    if len(profile) < 128 or profile[36:40] != b"acsp" or profile[16:20] not in SPACES:
        return ""
    try:
        imagecodecs.cms_profile_validate(profile)
    except imagecodecs.CmsError:
        return ""
    return SPACES[profile[16:20]]


def _transform(samples: NDArray[Any], profile: bytes, space: str) -> NDArray[np.uint16]:
    result: NDArray[np.uint16] = imagecodecs.cms_transform(
        np.ascontiguousarray(samples),
        profile,
        srgb_profile(),
        colorspace=space,
        outcolorspace="rgb",
        outdtype=np.uint16,
        intent=RELATIVE_COLORIMETRIC,
        flags=NO_OPTIMIZATION,
    )
    return result


@lru_cache(maxsize=16)
def gray_table(profile: bytes, levels: int) -> NDArray[np.uint16] | None:
    """Return the neutral gray of every code of a gray scan.

    Args:
        profile: Of a gray or an RGB device (a gray scan with an RGB profile has R = G = B).
        levels: 256 or 65536.

    Returns:
        ``(levels,)`` uint16, sRGB-encoded; None where the codes are sRGB-encoded already.
    """
    ramp = np.arange(levels, dtype=np.uint16) * (257 if levels == 256 else 1)
    space = space_of(profile)
    samples = ramp[None] if space == "gray" else np.repeat(ramp[None, :, None], 3, axis=2)
    table: NDArray[np.uint16] = neutral_of_rgb(_transform(samples, profile, space))[0]
    if np.abs(table.astype(np.int32) - ramp).max() <= SAME:
        return None
    table.flags.writeable = False
    return table


@lru_cache(maxsize=16)
def is_srgb(profile: bytes) -> bool:
    """Tell whether an RGB profile gives the colors of sRGB."""
    axis = np.linspace(0, 65535, _PROBE_STEPS).astype(np.uint16)
    grid = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(1, -1, 3)
    return bool(np.abs(_transform(grid, profile, "rgb").astype(np.int32) - grid).max() <= SAME)


@lru_cache(maxsize=16)
def luminance_of(profile: bytes, levels: int) -> LuminanceTables | None:
    """Return what each code of R, G and B adds to luminance, where that is all that a profile says.

    Args:
        profile: Valid, of an RGB device.
        levels: 256 or 65536.

    Returns:
        Tables for `neutral_of_rgb`; None for a profile of tables instead of curves and a matrix.
    """
    tags = {profile[at : at + 4] for at in range(132, min(132 + 12 * _tag_count(profile), len(profile)), 12)}
    if not tags >= MATRIX_TAGS or b"A2B0" in tags or b"A2B1" in tags:
        return None
    # luminance of D65 from XYZ of D50 is linear, and linear light of sRGB's primaries tells how
    weights = np.linalg.solve(_xyz_of(srgb_profile(), 2)[:, 1], np.array(spaces.XYZ_FROM_RGB[1]))
    return luminance_tables(_xyz_of(profile, levels) @ weights)


def _tag_count(profile: bytes) -> int:
    return min(int.from_bytes(profile[128:132], "big"), MOST_TAGS)


def _xyz_of(profile: bytes, levels: int) -> NDArray[np.float64]:
    """Return ``(3, levels, 3)`` XYZ (D50) of the codes of R, of G and of B alone."""
    ramps = np.zeros((3, levels, 3))
    for channel in range(3):
        ramps[channel, :, channel] = np.linspace(0, 1, levels)
    xyz: NDArray[np.float64] = imagecodecs.cms_transform(
        ramps,
        profile,
        imagecodecs.cms_profile("xyz"),
        colorspace="rgb",
        outcolorspace="xyz",
        outdtype=np.float64,
        intent=RELATIVE_COLORIMETRIC,
        flags=NO_OPTIMIZATION,
    )
    return xyz


def to_srgb(profile: bytes) -> Convert | None:
    """Return the conversion of RGB or CMYK samples to sRGB.

    Args:
        profile: Valid, of an RGB or CMYK device.

    Returns:
        ``(h, W, 3 | 4)`` uint8 or uint16 -> ``(h, W, 3)`` uint16; None where the samples are sRGB already.
    """
    space = space_of(profile)
    if space == "rgb" and is_srgb(profile):
        return None

    def convert(samples: Pixels) -> Pixels:
        wide = samples if samples.dtype == np.uint16 else samples.astype(np.uint16) * np.uint16(257)
        return _transform(wide, profile, space)

    return convert
