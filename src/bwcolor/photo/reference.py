# SPDX-License-Identifier: Apache-2.0
"""A reference: a photograph in color that says which colors another one may have, and not where."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bwcolor.color import spaces
from bwcolor.errors import PhotoError, UsageError
from bwcolor.photo.color_file import read_color
from bwcolor.photo.toned import small_version, tone_of

_INSTEAD = "Give --reference a photograph in color."
_DARK = 1e-6  # of a color's largest channel, 0..1: below it a saturation means nothing


@dataclass(frozen=True)
class Reference:
    """The colors of a photograph.

    Attributes:
        ab: ``(h, w, 2)`` float32, Lab units, of the photograph made small.
        saturation: Mean HSV saturation, 0..1.
        sha256: Hash of the file.
    """

    ab: NDArray[np.float32]
    saturation: float
    sha256: str


def read_reference(path: Path) -> Reference:
    """Read a reference.

    Args:
        path: A file of any row of the FORMATS table.

    Returns:
        Its colors.

    Raises:
        UsageError: It is missing, cannot be read, or has no colors.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found = read_color(path)
        pixels = small_version(found.rows, found.width, found.height)
    except (OSError, PhotoError) as error:
        reason = f"{error.strerror}." if isinstance(error, OSError) else error.message
        raise UsageError(f"The reference {path} cannot be read: {reason}", _INSTEAD) from error
    if tone_of(pixels) == "neutral":
        raise UsageError(f"The reference {path} has no colors.", _INSTEAD)
    unit = pixels / float(np.iinfo(pixels.dtype).max)
    _, a, b = spaces.lab_from_srgb(unit[..., 0], unit[..., 1], unit[..., 2])
    most, least = unit.max(axis=-1), unit.min(axis=-1)
    saturation = (most - least) / np.maximum(most, _DARK)
    return Reference(np.stack([a, b], axis=-1).astype(np.float32), float(saturation.mean()), digest)
