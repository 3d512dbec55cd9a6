# SPDX-License-Identifier: Apache-2.0
"""Random squares of photographs: cut, turned, sheared, resized, mirrored."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Cut:
    """How squares are cut.

    Attributes:
        smallest: Smallest side as a share of the photo's short side, 0..1.
        largest: Largest side.
        turn: Rotation by up to so many degrees.
        shear: Shear by up to so many pixels per pixel.
    """

    smallest: float = 1.0
    largest: float = 1.0
    turn: float = 0.0
    shear: float = 0.0


def random_crop(photo: NDArray[np.uint8], size: int, cut: Cut, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Cut a random square, resize it, mirror it half of the time.

    Args:
        photo: ``(h, w, 3)`` uint8.
        size: Side of the result in pixels.
        cut: How.
        generator: Source of chance.

    Returns:
        ``(size, size, 3)`` uint8.
    """
    height, width = photo.shape[:2]
    short = min(height, width)
    side = max(round(short * generator.uniform(cut.smallest, cut.largest)), 1)
    y = int(generator.integers(0, height - side + 1))
    x = int(generator.integers(0, width - side + 1))
    square = photo[y : y + side, x : x + side]
    method = cv2.INTER_AREA if side >= size else cv2.INTER_LINEAR
    crop = cv2.resize(square, (size, size), interpolation=method).astype(np.uint8) if side != size else square
    if cut.turn or cut.shear:
        crop = _tilted(crop, cut, generator)
    return np.ascontiguousarray(crop[:, ::-1] if generator.random() < 0.5 else crop).astype(np.uint8)


def _tilted(crop: NDArray[np.uint8], cut: Cut, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Turn and shear about the middle; what comes from outside is mirrored in."""
    middle = (crop.shape[0] - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), generator.uniform(-cut.turn, cut.turn), 1.0)
    slant = generator.uniform(-cut.shear, cut.shear)
    matrix[0] += slant * matrix[1]
    matrix[0, 2] -= slant * middle
    size = (crop.shape[1], crop.shape[0])
    tilted = cv2.warpAffine(crop, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return tilted.astype(np.uint8)
