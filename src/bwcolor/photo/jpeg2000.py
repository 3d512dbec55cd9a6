# SPDX-License-Identifier: Apache-2.0
"""JPEG 2000: decoded and losslessly encoded by OpenJPEG at 8 or 16 bits; boxes are read and written as bytes."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from typing import BinaryIO

import imagecodecs
import numpy as np

from bwcolor.errors import UnsupportedPhotoError
from bwcolor.photo import exif, headers
from bwcolor.photo.options import ReadOptions
from bwcolor.photo.photo import Metadata
from bwcolor.photo.picture import Picture
from bwcolor.photo.scan import Scan, parted, rows_of, scaled

EXIF_ID = b"JpgTiffExif->JP2"
XMP_ID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
IPTC_ID = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")
INCH = 0.0254  # meters
SRGB, GRAY = 16, 17  # enumerated color spaces (ITU-T T.800, table I.10)
ICC_METHOD = 2  # of a color specification box (ITU-T T.800, I.5.3.3)
_STRUCTURE = {b"jP  ", b"ftyp", b"jp2h", b"jp2c"}

Box = tuple[bytes, bytes]


def boxes_of(data: bytes) -> list[Box]:
    """Return (type, content) of the boxes in a byte string."""
    return [(kind, data[start:end]) for kind, start, end in headers.boxes(io.BytesIO(data), 0, len(data))]


def encoded(kind: bytes, content: bytes) -> bytes:
    """Return a box as it stands in a file."""
    if len(content) + 8 < 1 << 32:
        return struct.pack(">I4s", len(content) + 8, kind) + content
    return struct.pack(">I4sQ", 1, kind, len(content) + 16) + content


def read(file: BinaryIO, options: ReadOptions) -> Scan:
    """Decode a JPEG 2000 file or codestream.

    Args:
        file: The whole file, seekable.
        options: See `ReadOptions`; a truncated one cannot be decoded.

    Returns:
        Gray or RGB samples, with alpha where there is one component more.
    """
    data = file.read()
    header = headers.read_jpeg2000(io.BytesIO(data))
    boxes = [] if data[:4] == headers.J2K_START else boxes_of(data)
    _check_colors(boxes)
    # the codestream alone: with the file's boxes imagecodecs applies a profile without a word
    codes = imagecodecs.jpeg2k_decode(next((body for kind, body in boxes if kind == b"jp2c"), data))
    if codes.dtype.kind != "u":
        raise UnsupportedPhotoError("A JPEG 2000 of signed samples is not read.")
    if codes.ndim == 3 and codes.shape[2] > 4:
        raise UnsupportedPhotoError(f"A JPEG 2000 of {codes.shape[2]} components is not read.")
    color, alpha = parted(scaled(codes, header.bits))
    metadata = _metadata(boxes)
    return Scan(
        color.shape[1],
        color.shape[0],
        rows_of(color),
        "gray" if color.ndim == 2 else "rgb",
        header.channels,
        header.bits,
        metadata,
        alpha=None if alpha is None else rows_of(alpha),
        orientation=headers.exif_orientation(metadata.exif) if metadata.exif else 1,
        gamma=exif.gamma(metadata.exif) if metadata.exif else None,
    )


def _check_colors(boxes: list[Box]) -> None:
    """Refuse files whose samples are no gray and no RGB."""
    for kind, content in (inner for outer, body in boxes if outer == b"jp2h" for inner in boxes_of(body)):
        if kind == b"pclr":
            raise UnsupportedPhotoError("A JPEG 2000 with a palette is not read.")
        if kind == b"colr" and content[:1] == b"\1" and struct.unpack_from(">I", content, 3)[0] not in (SRGB, GRAY):
            raise UnsupportedPhotoError("A JPEG 2000 in another color space than gray and RGB is not read.")


def _metadata(boxes: list[Box]) -> Metadata:
    """Sort a JP2 file's boxes."""
    found = Metadata(extra={"boxes": tuple(box for box in boxes if box[0] not in _STRUCTURE)})
    for kind, content in boxes:
        body = content[16:]
        if kind == b"uuid" and content.startswith(EXIF_ID):
            found = replace(found, exif=body.removeprefix(b"Exif\0\0"))
        elif kind == b"uuid" and content.startswith(XMP_ID):
            found = replace(found, xmp=body)
        elif kind == b"uuid" and content.startswith(IPTC_ID):
            found = replace(found, iptc=body)
        elif kind == b"jp2h":
            for inner, value in boxes_of(content):
                if inner == b"colr" and value[:1] == bytes((ICC_METHOD,)):
                    found = replace(found, icc=value[3:])
                elif inner == b"res ":
                    found = replace(found, dpi=_dpi(boxes_of(value)))
    return found


def _dpi(boxes: list[Box]) -> tuple[float, float] | None:
    """Return pixels per inch across and down of capture (or display) resolution (ITU-T T.800, I.5.3.7)."""
    for kind, content in sorted(boxes):
        if kind in (b"resc", b"resd") and len(content) >= 10:
            down, under, across, beneath, down_power, across_power = struct.unpack(">HHHHbb", content[:10])
            if down and under and across and beneath:
                return across / beneath * 10.0**across_power * INCH, down / under * 10.0**down_power * INCH
    return None


def write(file: BinaryIO, picture: Picture) -> tuple[str, ...]:
    """Encode a picture without loss, as a JP2 file.

    Args:
        file: Open for writing.
        picture: 8 or 16 bits, no alpha.

    Returns:
        Names of what could not be kept.
    """
    pixels = np.ascontiguousarray(picture.rows(0, picture.height))
    data = imagecodecs.jpeg2k_encode(pixels, codecformat="jp2", reversible=True)
    for kind, content in boxes_of(bytes(data)):
        if kind == b"jp2h":
            inner = [encoded(*box) for box in boxes_of(content) if box[0] not in (b"colr", b"res ")]
            inner.append(encoded(b"colr", bytes((ICC_METHOD, 0, 0)) + picture.profile))
            if picture.metadata.dpi:
                inner.append(encoded(b"res ", encoded(b"resc", _resolution(picture.metadata.dpi))))
            file.write(encoded(kind, b"".join(inner)))
            for box in _boxes(picture):
                file.write(encoded(*box))
        else:
            file.write(encoded(kind, content))
    return ()


def _resolution(dpi: tuple[float, float]) -> bytes:
    across, down = (min(max(round(value / INCH), 1), 65535) for value in dpi)
    return struct.pack(">HHHHbb", down, 1, across, 1, 0, 0)


def _boxes(picture: Picture) -> list[Box]:
    """Return the boxes beside the picture: those of a JP2 scan in their order, else made from the metadata."""
    metadata = picture.metadata
    held = {EXIF_ID: metadata.exif, XMP_ID: metadata.xmp, IPTC_ID: metadata.iptc}
    own = metadata.extra.get("boxes") if picture.source.format == "jpeg2000" else None
    result = []
    for kind, content in own if isinstance(own, tuple) else ():
        if kind != b"uuid" or content[:16] not in held:
            result.append((kind, content))
    result += [(b"uuid", name + value) for name, value in held.items() if value]
    return result
