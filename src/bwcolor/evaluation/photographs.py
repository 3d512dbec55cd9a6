# SPDX-License-Identifier: Apache-2.0
"""The true photographs: finding them, reading them in color, pairing them with somebody's predictions."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from bwcolor.errors import NothingToDoError
from bwcolor.metrics.pair import Pixels
from bwcolor.photo.formats import is_photo

DEFAULT_FOLDER = Path("photos")


def data_or_default(given: Sequence[Path] | None) -> tuple[Path, ...]:
    """Return the places to look for photographs: the given ones, or ./photos.

    Raises:
        NothingToDoError: Neither is there.
    """
    if given:
        return tuple(given)
    if DEFAULT_FOLDER.is_dir():
        return (DEFAULT_FOLDER,)
    raise NothingToDoError(
        "There are no photographs to evaluate on.",
        'Name a folder (bwcolor eval FOLDER), or write data = "FOLDER" into bwcolor.toml, or put them into ./photos.',
    )


def find_photographs(places: Iterable[Path]) -> dict[str, Path]:
    """Find the pictures in folders, and take files as they are.

    Args:
        places: Folders (searched to any depth) and files.

    Returns:
        Each picture's path by its name (the path below its folder, with forward slashes), numbers in
        them sorted by value.

    Raises:
        NothingToDoError: A place is missing, or no picture is in any of them.
    """
    found: dict[str, Path] = {}
    for place in places:
        if place.is_dir():
            files = (path for path in place.rglob("*") if is_photo(path) and path.is_file())
            named = {path.relative_to(place).as_posix(): path for path in files}
        elif place.is_file():
            named = {place.name: place}
        else:
            raise NothingToDoError(f"{place} does not exist.")
        found |= {name if name not in found else path.as_posix(): path for name, path in named.items()}
    if not found:
        raise NothingToDoError(f"No photographs are in {', '.join(map(str, places))}.")
    return dict(sorted(found.items(), key=lambda item: _natural(item[0])))


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts frame-10 behind frame-2."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def read_truth(path: Path) -> Pixels:
    """Read a color photograph.

    Args:
        path: An image file.

    Returns:
        ``(H, W, 3)`` uint8 sRGB, upright; uint16 where the file has more than 8 bits or another color space than sRGB.

    Raises:
        PhotoError: It cannot be read.
    """
    from bwcolor.photo import read_color

    found = read_color(path)
    return found.rows(0, found.height)


def shown(name: str) -> str:
    """Return a file name as it can be written, whatever bytes it is made of."""
    return os.fsencode(name).decode("utf-8", "replace")


def stem(name: str) -> str:
    """Return a picture's name without its suffix: predictions may be of another format than truths."""
    return name.rpartition(".")[0] or name
