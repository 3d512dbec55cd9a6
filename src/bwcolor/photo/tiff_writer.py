# SPDX-License-Identifier: Apache-2.0
"""TIFF: written band by band, deflate with predictor, tiled when large, BigTIFF when it may pass 4 GB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

from bwcolor.photo.picture import Picture

TILE = 256  # pixels
TILED_PIXELS = 1 << 24  # pictures of more are tiled
STRIP_ROWS = 64
LEVEL = 1  # of deflate; 6 takes twice the time for 5 % on grain
BIG_BYTES = (1 << 32) - (1 << 26)  # of uncompressed pixels: deflate may even add a little


def write(file: BinaryIO, picture: Picture) -> tuple[str, ...]:
    """Encode a picture, reading its rows once and in order.

    Args:
        file: Open for reading and writing.
        picture: 8 or 16 bits, with or without alpha.

    Returns:
        Names of what could not be kept.
    """
    shape = (picture.height, picture.width, picture.channels)
    size = int(np.prod(shape)) * picture.depth // 8
    tiled = picture.width * picture.height > TILED_PIXELS
    with tifffile.TiffWriter(file, bigtiff=size > BIG_BYTES) as tiff:
        tiff.write(
            _tiles(picture) if tiled else _strips(picture),
            shape=shape,
            dtype=np.uint8 if picture.depth == 8 else np.uint16,
            photometric="rgb",
            planarconfig="contig",
            extrasamples=["unassalpha"] if picture.alpha else None,
            tile=(TILE, TILE) if tiled else None,
            rowsperstrip=None if tiled else min(STRIP_ROWS, picture.height),
            compression="adobe_deflate",
            predictor="horizontal",
            iccprofile=picture.profile,
            metadata=None,
            software=False,
            resolution=picture.metadata.dpi,
            resolutionunit="inch" if picture.metadata.dpi else None,
        )
    return ()


def _strips(picture: Picture) -> Iterator[bytes]:
    for y0 in range(0, picture.height, STRIP_ROWS):
        yield _encoded(picture.band(y0, min(y0 + STRIP_ROWS, picture.height)))


def _tiles(picture: Picture) -> Iterator[bytes]:
    for y0 in range(0, picture.height, TILE):
        band = picture.band(y0, min(y0 + TILE, picture.height))
        for x0 in range(0, picture.width, TILE):
            tile = band[:, x0 : x0 + TILE]
            missing = [(0, TILE - tile.shape[0]), (0, TILE - tile.shape[1]), (0, 0)]
            # the edge is repeated: readers ignore it, and it costs nothing after the predictor
            yield _encoded(np.pad(tile, missing, mode="edge") if missing != [(0, 0)] * 3 else tile)


def _encoded(pixels: NDArray[Any]) -> bytes:
    """Return a strip or tile, each sample as its difference to the one before, deflated."""
    differences = imagecodecs.delta_encode(np.ascontiguousarray(pixels), axis=-2)
    return bytes(imagecodecs.deflate_encode(differences.tobytes(), LEVEL))
