# SPDX-License-Identifier: Apache-2.0
"""A picture of how sure the network is where, beside the color copy that it tells of."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bwcolor.errors import OutputError
from bwcolor.photo.writing import replacing

SUFFIX = ".uncertainty.png"
LONG_SIDE = 2048  # pixels, at most; the network's own grid is far coarser


def path_of(target: Path) -> Path:
    """Return where the picture of a color copy lies: ``a.jpg.uncertainty.png``, so that a.tif has its own."""
    return target.with_name(target.name + SUFFIX)


def write(certainty: NDArray[np.float32], height: int, width: int, place: Path) -> None:
    """Write a certainty map as a PNG of 8 bits, whole or not at all.

    Args:
        certainty: ``(h, w)``, 0 (black) .. 1 (white: sure).
        height: Of the photo, pixels.
        width: Of the photo, pixels.
        place: The file.

    Raises:
        OutputError: It cannot be written.
    """
    scale = min(LONG_SIDE / max(height, width), 1.0)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    large = cv2.resize(certainty, size, interpolation=cv2.INTER_LINEAR)
    encoded, content = cv2.imencode(".png", np.rint(large.clip(0, 1) * 255).astype(np.uint8))
    if not encoded:
        raise OutputError(f"{place} cannot be encoded.")
    with replacing(place) as (file, _):
        file.write(content.tobytes())
