# SPDX-License-Identifier: Apache-2.0
"""Measuring what was written: its lightness, read back from the file, against the scan's."""

from __future__ import annotations

import sys
from pathlib import Path

from bwcolor.color.merge import LightnessError, lightness_error
from bwcolor.photo.options import ReadOptions
from bwcolor.photo.orientation import turned_rows
from bwcolor.photo.photo import Photo
from bwcolor.photo.reading import opened, srgb_rows

STRIP_PIXELS = 1 << 20  # read back at a time


def decoded_error(photo: Photo, path: Path) -> LightnessError:
    """Measure a written file's lightness against the photo's, over all its pages.

    Args:
        photo: The photo.
        path: Its color copy.

    Returns:
        The error over all pixels, in levels of 255.

    Raises:
        PhotoError: The file does not come back.
    """
    error = LightnessError()
    with opened(path, ReadOptions(max_pixels=sys.maxsize)) as found:
        scans = (found.scan, *found.scan.pages)
        for page, scan in zip((photo, *photo.pages), scans, strict=False):
            rows = turned_rows(srgb_rows(scan), scan.width, scan.height, scan.orientation)
            step = max(STRIP_PIXELS // page.width, 1)
            for y0 in range(0, page.height, step):
                y1 = min(y0 + step, page.height)
                error += lightness_error(rows(y0, y1), page.rows(y0, y1))
    return error
