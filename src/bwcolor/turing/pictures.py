# SPDX-License-Identifier: Apache-2.0
"""The pictures of a study: all of a photo at one size, and files of them that differ in nothing but their pixels."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bwcolor.errors import PhotoError
from bwcolor.metrics.pair import Picture

Rgb = NDArray[np.uint8]

SHAPE_TOLERANCE = 0.02  # by which height / width of a prediction may differ from the photograph's
# Of decoys: colors that no photograph has, in patches that no photograph has
DECOY_CHROMA = 70.0  # Lab units
DECOY_PATCHES = (3, 4)  # down, across


def read_picture(path: Path) -> Rgb:
    """Read a color picture.

    Args:
        path: An image file.

    Returns:
        ``(H, W, 3)`` uint8 sRGB, upright.

    Raises:
        PhotoError: It cannot be read.
    """
    from bwcolor.photo import read_color

    found = read_color(path)
    return Picture(found.rows(0, found.height)).codes


def to_one_size(pictures: Sequence[tuple[Path, Rgb]], side: int) -> list[Rgb]:
    """Bring a photograph and the predictions for it to one size, each by the same steps, never enlarged.

    Args:
        pictures: Each ``(H, W, 3)`` uint8 with its file, the photograph first.
        side: Most pixels of the longer side.

    Returns:
        The pictures in their order, all ``(h, w, 3)`` uint8.

    Raises:
        PhotoError: One has another shape than the photograph.
    """
    height, width = pictures[0][1].shape[:2]
    for path, rgb in pictures[1:]:
        if abs(rgb.shape[0] / rgb.shape[1] * width / height - 1) > SHAPE_TOLERANCE:
            raise PhotoError(
                f"{path} is {rgb.shape[1]} x {rgb.shape[0]}, and its photograph {width} x {height}.",
                "A cropped or turned prediction gives itself away; make it anew.",
            )
    smallest = min(side, *(max(rgb.shape[:2]) for _, rgb in pictures))
    scale = smallest / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return [
        rgb if rgb.shape[1::-1] == size else np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
        for _, rgb in pictures
    ]


def decoy(real: Rgb, seed: int) -> Rgb:
    """Return an obviously bad fake: the photograph's own lightness under patches of loud color.

    Args:
        real: ``(H, W, 3)`` uint8 sRGB.
        seed: Of the patches.
    """
    from bwcolor.color.merge import merge_rows

    height, width = real.shape[:2]
    rows, columns = DECOY_PATCHES
    generator = np.random.default_rng(seed)
    # neighbours never share a hue: each turns on by a third of the circle, or about that
    hues = 2 * np.pi * (np.add.outer(np.arange(rows), np.arange(columns)) / 3 + generator.uniform(0, 1))
    hues += generator.uniform(-0.4, 0.4, hues.shape)
    patches = (DECOY_CHROMA * np.stack([np.cos(hues), np.sin(hues)], axis=-1)).astype(np.float32)
    ab = np.asarray(cv2.resize(patches, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    return np.asarray(merge_rows(Picture(real).gray, np.ascontiguousarray(ab), 8), np.uint8)


def png(rgb: Rgb) -> bytes:
    """Return a picture as an uncompressed PNG: two pictures of one size give files of one length and one header.

    What a file weighs, and how long it takes to send and to decode, then say nothing of what it shows.

    Args:
        rgb: ``(H, W, 3)`` uint8 sRGB.
    """
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "PNG", compress_level=0)
    return stream.getvalue()
