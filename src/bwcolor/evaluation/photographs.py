# SPDX-License-Identifier: Apache-2.0
"""The true photographs: where to look for them, reading them in color, writing their names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from bwcolor.errors import NothingToDoError
from bwcolor.metrics.pair import Pixels

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
