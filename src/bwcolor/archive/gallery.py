# SPDX-License-Identifier: Apache-2.0
"""The pictures of a review page: thumbnails, previews of what browsers do not show, addresses of what they do."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from PIL import Image

from bwcolor.archive.rows import Entry
from bwcolor.archive.seen import MEASURED_SIDE, Memory, measure
from bwcolor.archive.showing import copy_of, scan_of
from bwcolor.archive.walk import STATE_FOLDER
from bwcolor.errors import PhotoError
from bwcolor.photo.exif import ORIENTATION
from bwcolor.photo.formats import probe
from bwcolor.photo.writing import replacing

if TYPE_CHECKING:
    from bwcolor.pages.pictures import Rgb

PICTURES = "review"  # below the state folder
THUMB_SIDE = MEASURED_SIDE  # pixels of the longer side
PREVIEW_SIDE = 4096  # pixels of the longer side, at most, of what browsers do not show themselves
THUMB_QUALITY, PREVIEW_QUALITY = 80, 90  # of WebP and JPEG
BROWSERS_SHOW = frozenset({"jpeg", "png", "webp"})  # with 8 bits
BROWSER_PIXELS = 60_000_000  # a larger picture makes a browser slow, or is shown as nothing
NAME_LENGTH = 24  # hexadecimal digits of a hash in the names of pictures


class Gallery:
    """The pictures beside the page; safe to use from several threads.

    Args:
        out: The output folder.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._folder = out / STATE_FOLDER / PICTURES
        self._sides: dict[str, dict[str, Any]] = {}
        self._used: set[str] = set()

    def make(self, entry: Entry, memory: Memory) -> None:
        """Make what is missing of a copy's pictures, and look at its colors on the way.

        Raises:
            PhotoError: The copy cannot be read.
            OutputError: A picture cannot be written.
        """
        thumb, large = self._thumb(entry), self._preview(entry, "after")
        self._used.add(thumb.name)
        if memory.get(entry) is None or not thumb.exists() or (large is not None and not large.exists()):
            sides = (THUMB_SIDE,) if large is None else (THUMB_SIDE, PREVIEW_SIDE)
            shown = copy_of(self._out, entry, *sides)
            memory.put(entry, measure(shown))
            _save(shown.pictures[0], thumb)
            if large is not None:
                _save(shown.pictures[1], large)
        gray = self._preview(entry, "before")
        if gray is not None and not gray.exists():
            (picture,) = scan_of(self._out, entry, PREVIEW_SIDE).pictures
            _save(picture, gray)

    def thumb(self, entry: Entry) -> str:
        """Return the address of a copy's thumbnail; empty where there is none."""
        thumb = self._thumb(entry)
        return self._address(thumb) if thumb.exists() else ""

    def side(self, entry: Entry, side: str) -> dict[str, Any] | None:
        """Return where the page finds a picture, and its size in pixels.

        Args:
            entry: A row.
            side: "before" (the scan) or "after" (the color copy).

        Returns:
            "src", "width" and "height"; None where it is gone.
        """
        path = self._path(entry, side)
        preview = self._preview(entry, side)
        if preview is None:
            size = (entry.width, entry.height)
            return {"src": self._address(path), "width": size[0], "height": size[1]} if path.is_file() else None
        if not preview.exists():
            return None
        scale = min(PREVIEW_SIDE / max(entry.width, entry.height, 1), 1.0)
        self._used.add(preview.name)
        width, height = (max(round(length * scale), 1) for length in (entry.width, entry.height))
        return {"src": self._address(preview), "width": width, "height": height}

    def tidy(self) -> int:
        """Delete pictures that the page does not show; return the bytes of the others."""
        size = 0
        for path in self._folder.glob("*"):
            if path.name in self._used:
                size += path.stat().st_size
            else:
                path.unlink(missing_ok=True)
        return size

    def _path(self, entry: Entry, side: str) -> Path:
        return self._out / (entry.source if side == "before" else entry.target)

    def _thumb(self, entry: Entry) -> Path:
        return self._folder / f"{entry.output_sha256[:NAME_LENGTH]}.webp"

    def _preview(self, entry: Entry, side: str) -> Path | None:
        """Return where the preview of a picture lies; None where browsers show the picture itself."""
        if side == "after":
            name, shown = entry.output_sha256, entry.format in BROWSERS_SHOW and entry.depth == 8
        else:
            inverted = json.loads(entry.options or "{}").get("invert", False)
            name = entry.sha256 if not inverted else "n" + entry.sha256
            shown = not inverted and _is_shown(self._path(entry, side))
        if (shown and entry.width * entry.height <= BROWSER_PIXELS) or not name:
            return None
        return self._folder / f"{name[:NAME_LENGTH]}-{side}.jpg"

    def _address(self, path: Path) -> str:
        """Return a path as an address relative to the page, whatever bytes its name holds."""
        try:
            relative = os.path.relpath(path, self._out)
        except ValueError:  # another drive
            return path.as_uri()
        return quote(os.fsencode(Path(relative).as_posix()))


def _is_shown(scan: Path) -> bool:
    """Say whether browsers show a scan as it is, upright."""
    try:
        row, header = probe(scan)
    except PhotoError:
        return True  # it is gone or damaged: there is nothing to make a preview of
    able = row.name in BROWSERS_SHOW and header.bits <= 8 and not header.channels.startswith("cmyk")
    if not able or row.name == "jpeg":  # all browsers turn JPEGs upright
        return able
    with scan.open("rb") as file, Image.open(file) as image:
        return bool(image.getexif().get(ORIENTATION, 1) == 1)


def _save(rgb: Rgb, path: Path) -> None:
    stream = io.BytesIO()
    if path.suffix == ".webp":
        Image.fromarray(rgb).save(stream, "WEBP", quality=THUMB_QUALITY)
    else:
        Image.fromarray(rgb).save(stream, "JPEG", quality=PREVIEW_QUALITY)
    with replacing(path) as (file, _):
        file.write(stream.getvalue())
