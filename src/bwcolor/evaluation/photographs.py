# SPDX-License-Identifier: Apache-2.0
"""The true photographs: finding them, reading them in color, pairing them with somebody's predictions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from bwcolor.errors import DamagedPhotoError, NothingToDoError
from bwcolor.metrics.pair import Pixels

SUFFIXES = frozenset({".avif", ".bmp", ".jp2", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
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
            files = (path for path in place.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
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
        ``(H, W, 3)`` uint8 sRGB, upright.

    Raises:
        DamagedPhotoError: It cannot be read.
    """
    from PIL import Image, ImageOps

    try:
        with path.open("rb") as stream, Image.open(stream) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DamagedPhotoError(f"{path} cannot be read: {error}.") from error


def stem(name: str) -> str:
    """Return a picture's name without its suffix: predictions may be of another format than truths."""
    return name.rpartition(".")[0] or name
