# SPDX-License-Identifier: Apache-2.0
"""Color pictures in folders, by name: photographs, and what others made of them under the same names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from bwcolor.errors import NothingToDoError
from bwcolor.photo.formats import is_photo


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


def stem(name: str) -> str:
    """Return a picture's name without its suffix: predictions may be of another format than truths."""
    return name.rpartition(".")[0] or name
