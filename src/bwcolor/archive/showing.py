# SPDX-License-Identifier: Apache-2.0
"""Scans and color copies made small for pages, in bounded memory whatever their size."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bwcolor.archive.rows import Entry
from bwcolor.pages.pictures import small
from bwcolor.photo.access import AccessCopy
from bwcolor.photo.caption import caption_of, date_of
from bwcolor.photo.options import ReadOptions
from bwcolor.photo.orientation import turned_rows
from bwcolor.photo.photo import Metadata, Photo, Rows, Source
from bwcolor.photo.picture import at_depth
from bwcolor.photo.reading import opened, read_photo, srgb_rows

if TYPE_CHECKING:
    from bwcolor.pages.pictures import Rgb

WHOLE_PIXELS = 1 << 25  # up to which a picture is made small at once; larger ones by strips
STRIP_PIXELS = 1 << 20


@dataclass(frozen=True)
class Shown:
    """A picture at the sizes asked for.

    Attributes:
        pictures: ``(h, w, 3)`` uint8 sRGB each, in the order asked for.
        caption: What its metadata say that it shows.
        date: When it was taken, as they say.
    """

    pictures: tuple[Rgb, ...]
    caption: str = ""
    date: str = ""


def copy_of(out: Path, entry: Entry, *sides: int) -> Shown:
    """Return a color copy.

    Args:
        out: The output folder.
        entry: Its row.
        sides: Pixels of the longer side, at most, of each picture wanted.

    Raises:
        PhotoError: It cannot be read.
    """
    with opened(out / entry.target, ReadOptions(max_pixels=sys.maxsize)) as found:
        scan = found.scan
        turned = scan.orientation > 4
        width, height = (scan.height, scan.width) if turned else (scan.width, scan.height)
        rows = turned_rows(srgb_rows(scan), scan.width, scan.height, scan.orientation)
        pictures = made_small(rows, width, height, sides)
        found.close()
    return Shown(pictures, caption_of(scan.metadata), date_of(scan.metadata))


def scan_of(out: Path, entry: Entry, *sides: int) -> Shown:
    """Return the scan of a color copy, in neutral gray and upright, as it was read for it; else as `copy_of`."""
    told = json.loads(entry.options or "{}")
    wanted = {each.name: told[each.name] for each in fields(ReadOptions) if each.name in told}
    photo = read_photo(out / entry.source, ReadOptions(**{**wanted, "max_pixels": sys.maxsize}))
    return Shown(made_small(photo.rows, photo.width, photo.height, sides))


def made_small(rows: Rows, width: int, height: int, sides: tuple[int, ...]) -> tuple[Rgb, ...]:
    """Return a picture at several sizes, never enlarged.

    Args:
        rows: ``(n, width)`` gray or ``(n, width, 3)`` sRGB, uint8 or uint16.
        width: Pixels.
        height: Pixels.
        sides: Pixels of the longer side, at most, of each.
    """
    rows = _in_three(at_depth(rows, 8))
    if width * height <= WHOLE_PIXELS:
        whole = np.ascontiguousarray(rows(0, height), dtype=np.uint8)
        return tuple(small(whole, side) for side in sides)
    passing = Photo(width, height, rows, Metadata(), Source(Path(), "rows", 8, "rgb", 0, ""))
    copies = [AccessCopy(passing, side) for side in sides]
    for copy in copies:
        rows = copy.passing(rows)
    step = max(STRIP_PIXELS // width, 1)
    for y0 in range(0, height, step):
        rows(y0, min(y0 + step, height))
    return tuple(copy.rows(0, copy.height).astype(np.uint8) for copy in copies)


def _in_three(rows: Rows) -> Rows:
    def threefold(y0: int, y1: int) -> Rgb:
        band = rows(y0, y1)
        colored: Rgb = (np.repeat(band[..., None], 3, axis=2) if band.ndim == 2 else band[..., :3]).astype(np.uint8)
        return colored

    return threefold
