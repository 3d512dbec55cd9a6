# SPDX-License-Identifier: Apache-2.0
"""How much chroma sRGB holds at a lightness and a hue, as a table that is built at first use in about 0.1 s.

At constant luminance Y the sRGB gamut is a convex polygon in linear RGB: the plane ``Y = const`` cuts the unit cube,
and each of the cube's six faces holds at most one side. Its sides are known in closed form; sent through the Lab
formula they give the exact outline of the gamut in the ab plane, without any search.

In the ab plane the outline is kept as one straight chord per sector. With the diamond angle (Minsky's substitute for
atan2) a chord ``alpha * |a| + beta * |b| = 1`` answers both questions at once: the left side is how many times a color
is too colorful, so dividing a and b by it ends on the chord, at the same hue.

The outline is seen from the gray axis almost everywhere; near the yellow cusp (gray codes 231 to 250, hues 97 to 107
degrees) a ray leaves the gamut, enters it again and leaves it. There the table holds the first exit, and
`bwcolor.color.merge` looks for the last one.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bwcolor.color import spaces

ROWS = 256  # 8-bit gray codes; deeper grays are interpolated between two rows
SECTORS = 128  # per quadrant of the ab plane
_SAMPLES = 256  # points on one side of the polygon, closer towards its ends
_PARTS = 4  # positions per sector at which the chord is compared with the outline
_MARGIN = 1.0 + 3e-5  # covers the sag between samples; a color gives up 0.003 % of its chroma for it
_POINT = 1e6  # the chord of black and white, whose only color is neutral

# Where the outline runs along rays or turns back: gray codes, and sectors of the quadrant of negative a
CUSP_ROWS = (215, 253)
CUSP_SECTORS = (SECTORS + round(0.68 * SECTORS), 2 * SECTORS - 1)

# The white that equal parts of linear R, G and B give, so that neutral stays exactly neutral; it differs from D65 as
# rounded in `spaces` by 1e-5.
WHITE = tuple(sum(row) for row in spaces.XYZ_FROM_RGB)


def _sides(luminance: float) -> list[NDArray[np.float64]]:
    """Return the polygon's sides at one Y: each ``(_SAMPLES, 3)`` linear RGB."""
    weights = spaces.XYZ_FROM_RGB[1]
    steps = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, _SAMPLES))
    sides = []
    for fixed in range(3):
        j, k = (fixed + 1) % 3, (fixed + 2) % 3
        for value in (0.0, 1.0):
            rest = luminance - weights[fixed] * value
            low = max(0.0, (rest - weights[k]) / weights[j])
            high = min(1.0, rest / weights[j])
            if low < high:
                side = np.empty((_SAMPLES, 3))
                side[:, fixed] = value
                side[:, j] = low + (high - low) * steps
                side[:, k] = (rest - weights[j] * side[:, j]) / weights[k]
                sides.append(side)
    return sides


def _outline(side: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a side's diamond angle (0..4, unwrapped) and ``1 / (|a| + |b|)`` at its samples."""
    x, y, z = (
        spaces._lab_root((side @ np.array(row)) / white) for row, white in zip(spaces.XYZ_FROM_RGB, WHITE, strict=True)
    )
    a, b = _with_axis_crossings(500.0 * (x - y), 200.0 * (y - z))
    size = np.abs(a) + np.abs(b)
    angle = np.where(b >= 0, 1.0 - a / size, 3.0 + a / size)
    return np.unwrap(angle, period=4.0), 1.0 / size


def _with_axis_crossings(
    a: NDArray[np.float64], b: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Insert the points where a polyline crosses a = 0 or b = 0, at which ``1 / (|a| + |b|)`` has a kink."""
    for axis in (0, 1):
        across = (a, b)[axis]
        at = np.flatnonzero(across[1:] * across[:-1] < 0)
        share = across[at] / (across[at] - across[at + 1])
        crossing = [plane[at] + share * (plane[at + 1] - plane[at]) for plane in (a, b)]
        crossing[axis][:] = 0.0
        a, b = np.insert(a, at + 1, crossing[0]), np.insert(b, at + 1, crossing[1])
    return a, b


def _monotone_runs(
    side: NDArray[np.float64],
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    angle, inverse = _outline(side)
    forward = np.diff(angle) >= 0
    cuts = [0, *(np.flatnonzero(forward[1:] != forward[:-1]) + 1), len(angle) - 1]
    runs = []
    for start, end in pairwise(cuts):
        step = 1 if forward[start] else -1
        part = slice(start, end + 1)
        runs.append((angle[part][::step], inverse[part][::step]))
    return runs


def _row(luminance: float) -> NDArray[np.float64]:
    """Return ``1 / (|a| + |b|)`` of the first exit from the gamut at every position of the diamond angle."""
    positions = 4 * SECTORS * _PARTS
    scale = SECTORS * _PARTS
    runs = [run for side in _sides(luminance) for run in _monotone_runs(side)]
    turns_back = sum(angle[-1] - angle[0] for angle, _ in runs) > 4.0 + 1e-9
    inverse = np.zeros(positions)
    for angle, values in runs:
        # where the outline turns back, a run also bounds the position beyond its end
        low, high = angle[0] * scale, angle[-1] * scale
        first, last = (np.floor(low), np.ceil(high)) if turns_back else (np.ceil(low), np.floor(high))
        index = np.arange(int(first), int(last) + 1)
        where = index % positions
        inverse[where] = np.maximum(inverse[where], np.interp(index / scale, angle, values))
    return inverse


@cache
def chords() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the chord of every sector of the gamut's outline at every gray code.

    Returns:
        alpha and beta of ``alpha * |a| + beta * |b| = 1``, each ``(256 * 512,)`` float32, at index
        ``code * 512 + quadrant * 128 + sector``: quadrant is 1 where a is negative, plus 2 where b is; sector is
        ``128 * |b| / (|a| + |b|)`` rounded down. A chord lies outside the gamut by at most
        1e-4 of linear light at the cusp and 1e-5 elsewhere.
    """
    grays = spaces.gray_codes(ROWS)[1:-1]
    rows = np.array([_row(float(y)) for y in spaces.linear_from_srgb(grays)])
    closed = np.concatenate([rows, rows[:, :1]], axis=1)
    index = np.arange(4)[:, None, None] * SECTORS + np.arange(SECTORS)[:, None]
    inverse = closed[:, index * _PARTS + np.arange(_PARTS + 1)]  # (254, 4, SECTORS, _PARTS + 1)
    # the angle runs from |b| = 0 to |a| = 0 in its first and third quadrants, and back in the others
    inverse[:, 1::2] = inverse[:, 1::2, ::-1, ::-1]
    inverse = inverse[:, [0, 1, 3, 2]]
    share = np.linspace(0.0, 1.0, _PARTS + 1)
    start, end = inverse[..., :1], inverse[..., -1:]
    excess = (inverse / (start + (end - start) * share)).max(axis=-1) * _MARGIN
    slope = (end - start)[..., 0] * SECTORS
    alpha = start[..., 0] - slope * (np.arange(SECTORS) / SECTORS)
    return _with_ends(alpha * excess), _with_ends((alpha + slope) * excess)


def _with_ends(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the table with its first and last row, black and white."""
    table = np.full((ROWS, *rows.shape[1:]), _POINT, np.float32)
    table[1:-1] = rows
    table.flags.writeable = False
    return table.reshape(-1)
