# SPDX-License-Identifier: Apache-2.0
"""EXIF blocks: read, and changed in place so that thumbnails aside no byte moves (CIPA DC-008)."""

from __future__ import annotations

import io
import math
import struct

from bwcolor.photo import ifd

ORIENTATION, EXIF_IFD, GPS_IFD, INTEROP_IFD = 274, 34665, 34853, 40965
COLOR_SPACE, PIXEL_WIDTH, PIXEL_HEIGHT, GAMMA = 40961, 40962, 40963, 42240
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
UNITS = {2: 1.0, 3: 2.54}  # of RESOLUTION_UNIT, per inch; 1 is a mere ratio
SRGB = 1  # of COLOR_SPACE


def directories(exif: bytes) -> tuple[dict[int, ifd.Entry], dict[int, ifd.Entry]]:
    """Return the entries of IFD0 and of the EXIF directory; empty where there is none or it is damaged."""
    file = io.BytesIO(exif)
    main: dict[int, ifd.Entry] = {}
    inner: dict[int, ifd.Entry] = {}
    try:
        layout, offset = ifd.read_layout(file)
        main, _ = ifd.read_directory(file, layout, offset)
        if EXIF_IFD in main:
            inner, _ = ifd.read_directory(file, layout, main[EXIF_IFD].number(file))
    except (ifd.IfdError, struct.error):
        pass  # a damaged block is copied as it is
    return main, inner


def gamma(exif: bytes) -> float | None:
    """Return the exponent that a block names (tag 42240), None without."""
    inner = directories(exif)[1]
    if GAMMA not in inner or not inner[GAMMA].count:
        return None
    value = inner[GAMMA].numbers(io.BytesIO(exif))[0]
    return value if 0.1 <= value <= 10 else None


def resolution(exif: bytes) -> tuple[float, float] | None:
    """Return the pixels per inch, across and down, that a block states; None without, or without a unit."""
    main = directories(exif)[0]
    try:
        across, down, unit = (
            main[tag].numbers(io.BytesIO(exif))[0] for tag in (X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT)
        )
    except (KeyError, IndexError, ValueError, struct.error, ifd.IfdError):
        return None  # not stated, or damaged
    factor = UNITS.get(int(unit) if math.isfinite(unit) else 0, 0.0)
    across, down = across * factor, down * factor
    return (across, down) if min(across, down) > 0 and max(across, down) < math.inf else None


def upright(exif: bytes, width: int, height: int, *, turned: bool = False) -> bytes:
    """Return a block for a picture that is upright and sRGB: same bytes, save those that would no longer be true.

    Orientation becomes 1, the pixel size that of the output, the color space sRGB, and the thumbnail, which shows the
    photo without color, is unlinked.

    Args:
        exif: The scan's block.
        width: Pixels of the output.
        height: Pixels of the output.
        turned: Whether the picture lay on its side, so that the resolutions across and down change places.

    Returns:
        A block of the same length; a damaged one as it was.
    """
    result = bytearray(exif)
    main, inner = directories(exif)
    for entries, values in (
        (main, {ORIENTATION: 1}),
        (inner, {COLOR_SPACE: SRGB, PIXEL_WIDTH: width, PIXEL_HEIGHT: height}),
    ):
        for tag, value in values.items():
            entry = entries.get(tag)
            if entry and entry.count == 1 and entry.kind in (3, 4) and entry.where + entry.size <= len(result):
                letter = "H" if entry.kind == 3 else "I"
                most = 2 ** (8 * entry.size) - 1
                struct.pack_into(entry.layout.order + letter, result, entry.where, min(value, most))
    across, down = main.get(X_RESOLUTION), main.get(Y_RESOLUTION)
    if turned and across and down and across.size == down.size == 8 and max(across.where, down.where) + 8 <= len(exif):
        result[across.where : across.where + 8] = exif[down.where : down.where + 8]
        result[down.where : down.where + 8] = exif[across.where : across.where + 8]
    if main:
        _unlink_thumbnail(result)
    return bytes(result)


def _unlink_thumbnail(exif: bytearray) -> None:
    """Make IFD0 the last directory."""
    file = io.BytesIO(exif)
    layout, offset = ifd.read_layout(file)
    count = struct.unpack_from(layout.order + "H", exif, offset)[0]
    link = offset + 2 + 12 * count
    if link + 4 <= len(exif):
        struct.pack_into(layout.order + "I", exif, link, 0)
