# SPDX-License-Identifier: Apache-2.0
"""Measuring what was written: its lightness, read back from the file, against the scan's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import imagecodecs

from bwcolor.color.merge import LightnessError, lightness_error
from bwcolor.errors import DamagedPhotoError
from bwcolor.photo.formats import format_of_name
from bwcolor.photo.options import ReadOptions
from bwcolor.photo.orientation import turned_rows
from bwcolor.photo.photo import Photo, Rows
from bwcolor.photo.reading import opened, srgb_rows
from bwcolor.photo.scan import rows_of

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
    with _pages_of(path) as pages:
        for page, rows in zip((photo, *photo.pages), pages, strict=False):
            step = max(STRIP_PIXELS // page.width, 1)
            for y0 in range(0, page.height, step):
                y1 = min(y0 + step, page.height)
                error += lightness_error(rows(y0, y1), page.rows(y0, y1))
    return error


@contextmanager
def _pages_of(path: Path) -> Iterator[list[Rows]]:
    """Decode a file that bwcolor wrote; give the sRGB rows of each page."""
    row = format_of_name(path)
    if row is not None and row.name == "jpeg":
        # the same pixels as by Pillow, in two thirds of the time; what is cut off would show as a wrong lightness
        try:
            pixels = imagecodecs.jpeg8_decode(path.read_bytes())
        except imagecodecs.Jpeg8Error as error:
            raise DamagedPhotoError(f"{path.name} does not come back: {error}.") from error
        yield [rows_of(pixels)]
        return
    with opened(path, ReadOptions(max_pixels=sys.maxsize)) as found:
        scans = (found.scan, *found.scan.pages)
        yield [turned_rows(srgb_rows(scan), scan.width, scan.height, scan.orientation) for scan in scans]
