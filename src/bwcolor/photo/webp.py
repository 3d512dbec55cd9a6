# SPDX-License-Identifier: Apache-2.0
"""WebP: decoded and encoded by libwebp through Pillow; a lossless one stays lossless."""

from __future__ import annotations

import io
from typing import BinaryIO

import numpy as np
from PIL import Image, WebPImagePlugin

from bwcolor.photo import headers
from bwcolor.photo.exif import gamma
from bwcolor.photo.options import ReadOptions
from bwcolor.photo.photo import Metadata
from bwcolor.photo.picture import Picture
from bwcolor.photo.scan import Scan, parted, rows_of

DEFAULT_QUALITY = 95  # of a lossy one
LOSSLESS_EFFORT = 20  # of 100; more takes seconds per megapixel


def read(file: BinaryIO, options: ReadOptions) -> Scan:
    """Decode a WebP.

    Args:
        file: The whole file, seekable.
        options: See `ReadOptions`; a truncated WebP cannot be decoded.

    Returns:
        RGB samples, with alpha where the file has it; of an animation the first picture.
    """
    data = file.read()
    header = headers.read_webp(io.BytesIO(data))
    with WebPImagePlugin.WebPImageFile(io.BytesIO(data)) as image:
        frames = getattr(image, "n_frames", 1)
        image.load()
        color, alpha = parted(np.asarray(image))
        info = dict(image.info)
    exif = info.get("exif")
    exif = exif.removeprefix(b"Exif\0\0") if exif else None
    lossless = b"VP8L" in (data[12:16], *_chunk_names(data))
    return Scan(
        header.width,
        header.height,
        rows_of(color),
        "rgb",
        header.channels,
        8,
        Metadata(exif=exif, xmp=info.get("xmp"), icc=info.get("icc_profile"), extra={"lossless": lossless}),
        alpha=None if alpha is None else rows_of(alpha),
        orientation=headers.exif_orientation(exif) if exif else 1,
        gamma=gamma(exif) if exif else None,
        notes=(f"first of {frames} pictures of an animation",) if frames > 1 else (),
    )


def _chunk_names(data: bytes) -> list[bytes]:
    """Return the names of a file's chunks, in order."""
    names, at = [], 12
    while at + 8 <= len(data):
        names.append(data[at : at + 4])
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return names


def write(file: BinaryIO, picture: Picture) -> tuple[str, ...]:
    """Encode a picture.

    Args:
        file: Open for writing.
        picture: 8 bits; sides up to 16,383 pixels.

    Returns:
        Names of what could not be kept.
    """
    image = Image.fromarray(np.ascontiguousarray(picture.band(0, picture.height)))
    metadata = picture.metadata
    held = {
        "exif": metadata.exif and b"Exif\0\0" + metadata.exif,
        "xmp": metadata.xmp,
        "icc_profile": picture.profile,
    }
    lossless = picture.options.quality is None and bool(metadata.extra.get("lossless", picture.source.format != "jpeg"))
    stream = io.BytesIO()
    image.save(
        stream,
        "WEBP",
        lossless=lossless,
        quality=LOSSLESS_EFFORT if lossless else picture.options.quality or DEFAULT_QUALITY,
        exact=True,
        **{name: value for name, value in held.items() if value},
    )
    file.write(stream.getvalue())
    return ()
