# SPDX-License-Identifier: Apache-2.0
"""TIFF: written band by band, deflate with predictor, tiled when large, BigTIFF when it may pass 4 GB."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, BinaryIO, Literal

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

from bwcolor.photo import exif, fields
from bwcolor.photo.metadata import is_iptc_alone
from bwcolor.photo.photo import Metadata
from bwcolor.photo.picture import Picture

Order = Literal["<", ">"]

BYTE = 1  # field type of XMP
RESOLUTION = (exif.X_RESOLUTION, exif.Y_RESOLUTION, 296)
TEXT_TAGS = {
    "Title": fields.DOCUMENT,
    "Description": fields.DESCRIPTION,
    "Author": fields.ARTIST,
    "Copyright": fields.COPYRIGHT,
    "Software": fields.SOFTWARE,
}

TILE = 256  # pixels
TILED_PIXELS = 1 << 24  # pictures of more are tiled
STRIP_ROWS = 64
LEVEL = 1  # of deflate; 6 takes twice the time for 5 % on grain
BIG_BYTES = (1 << 32) - (1 << 26)  # of uncompressed pixels: deflate may even add a little


def write(file: BinaryIO, *pictures: Picture) -> tuple[str, ...]:
    """Encode pages, reading the rows of each once and in order.

    Args:
        file: Open for reading and writing.
        pictures: The pages, 8 or 16 bits, with or without alpha.

    Returns:
        Names of what could not be kept.
    """
    order = _order(pictures[0])
    size = sum(p.width * p.height * p.channels * p.depth // 8 for p in pictures)
    with tifffile.TiffWriter(file, bigtiff=size > BIG_BYTES, byteorder=order) as tiff:
        for picture in pictures:
            _write_pixels(tiff, picture, order)
    lost: list[str] = []
    fields.append(file, [_fields(picture, order, lost) for picture in pictures])
    return tuple(dict.fromkeys(lost))


def _order(picture: Picture) -> Order:
    """Return the byte order of the scan's own fields, so that what nobody can parse stays right (maker notes)."""
    return ">" if (picture.metadata.exif or b"").startswith(b"MM") else "<"


def _write_pixels(tiff: tifffile.TiffWriter, picture: Picture, order: Order) -> None:
    tiled = picture.width * picture.height > TILED_PIXELS
    associated = picture.metadata.extra.get("associated_alpha")
    tiff.write(
        _tiles(picture, order) if tiled else _strips(picture, order),
        shape=(picture.height, picture.width, picture.channels),
        dtype=np.uint8 if picture.depth == 8 else np.uint16,
        photometric="rgb",
        planarconfig="contig",
        extrasamples=[("assocalpha" if associated else "unassalpha")] if picture.alpha else None,
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


def _fields(picture: Picture, order: str, lost: list[str]) -> tuple[fields.Field, ...]:
    """Return the fields of a page beside those of its pixels."""
    metadata = picture.metadata
    own, before = fields.fields_of_block(metadata.exif) if metadata.exif else ((), order)
    kept = fields.reordered(fields.descriptive(own), before, order)
    if picture.source.format != "tiff" and metadata.dpi:
        kept = tuple(field for field in kept if field.tag not in RESOLUTION)  # the container's own, not the camera's
    result = [*kept, fields.Field(exif.ORIENTATION, fields.SHORT, 1, struct.pack(order + "H", 1))]
    for tag, data in (
        (fields.XMP, metadata.xmp),
        (fields.IPTC, metadata.iptc),
        (fields.PHOTOSHOP, metadata.photoshop if not is_iptc_alone(metadata.photoshop) else None),
    ):
        if data:
            result.append(fields.Field(tag, fields.UNDEFINED if tag != fields.XMP else BYTE, len(data), data))
    result += _texts(metadata, {field.tag for field in kept}, lost)
    left = metadata.extra.get("left")
    lost += left if isinstance(left, tuple) else ()
    return tuple(result)


def _texts(metadata: Metadata, taken: set[int], lost: list[str]) -> list[fields.Field]:
    """Return fields for PNG text and comments: those of the same meaning, the rest as lines of the description."""
    result, lines = [], []
    for keyword, text in metadata.text:
        tag = TEXT_TAGS.get(keyword)
        if tag and tag not in taken:
            taken.add(tag)
            result.append(fields.text_field(tag, text))
        else:
            lines.append(f"{keyword}: {text}")
    lines += [comment.decode("utf-8", "replace").rstrip("\0") for comment in metadata.comments]
    if lines and fields.DESCRIPTION not in taken:
        result.append(fields.text_field(fields.DESCRIPTION, "\n".join(lines)))
    else:
        lost += [f"text {line[:40]!r}" for line in lines]
    return result


def _strips(picture: Picture, order: Order) -> Iterator[bytes]:
    for y0 in range(0, picture.height, STRIP_ROWS):
        yield _encoded(picture.band(y0, min(y0 + STRIP_ROWS, picture.height)), order)


def _tiles(picture: Picture, order: Order) -> Iterator[bytes]:
    for y0 in range(0, picture.height, TILE):
        band = picture.band(y0, min(y0 + TILE, picture.height))
        for x0 in range(0, picture.width, TILE):
            tile = band[:, x0 : x0 + TILE]
            missing = [(0, TILE - tile.shape[0]), (0, TILE - tile.shape[1]), (0, 0)]
            # the edge is repeated: readers ignore it, and it costs nothing after the predictor
            yield _encoded(np.pad(tile, missing, mode="edge") if missing != [(0, 0)] * 3 else tile, order)


def _encoded(pixels: NDArray[Any], order: Order) -> bytes:
    """Return a strip or tile, each sample as its difference to the one before, deflated."""
    differences = imagecodecs.delta_encode(np.ascontiguousarray(pixels), axis=-2)
    data = differences.astype(differences.dtype.newbyteorder(order), copy=False).tobytes()
    return bytes(imagecodecs.deflate_encode(data, LEVEL))
