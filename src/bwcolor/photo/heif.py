# SPDX-License-Identifier: Apache-2.0
"""AVIF (libavif, in Pillow and imagecodecs) and HEIC (libheif, in the optional pillow-heif); read only."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import AvifImagePlugin

from bwcolor.errors import UnsupportedPhotoError
from bwcolor.photo import exif, headers
from bwcolor.photo.options import ReadOptions
from bwcolor.photo.photo import Metadata
from bwcolor.photo.scan import Scan, parted, rows_of, scaled

HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")


def read(file: BinaryIO, options: ReadOptions) -> Scan:
    """Decode an AVIF or a HEIC.

    Args:
        file: The whole file, seekable.
        options: See `ReadOptions`; a truncated one cannot be decoded.

    Returns:
        Gray or RGB samples, with alpha where the file has it.

    Raises:
        UnsupportedPhotoError: It is a HEIC, and pillow-heif is not installed.
    """
    data = file.read()
    header = headers.read_heif(io.BytesIO(data))
    if data[8:12] in HEIC_BRANDS and b"avif" not in data[16:64]:
        pixels, info, orientation = _decode_heic(data, header.bits)
    else:
        pixels, info, orientation = _decode_avif(data, header.bits)
    color, alpha = parted(pixels)
    space = "gray" if color.ndim == 2 else "rgb"
    block = info.get("exif")
    metadata = Metadata(
        exif=block.removeprefix(b"Exif\0\0") if block else None,
        xmp=info.get("xmp") or None,
        icc=info.get("icc_profile") or None,
    )
    return Scan(
        color.shape[1],
        color.shape[0],
        rows_of(color),
        space,
        space if alpha is None else f"{space}+alpha",
        header.bits,
        metadata,
        alpha=None if alpha is None else rows_of(alpha),
        orientation=orientation,
        gamma=exif.gamma(metadata.exif) if metadata.exif else None,
    )


def _decode_avif(data: bytes, bits: int) -> tuple[NDArray[Any], dict[Any, Any], int]:
    with AvifImagePlugin.AvifImageFile(io.BytesIO(data)) as image:
        info = dict(image.info)
        orientation = int(image.getexif().get(headers.ORIENTATION, 1))  # from the irot and imir properties
        if bits == 8:
            image.load()
            return np.asarray(image), info, orientation
    # Pillow makes 10 and 12 bits 8 without a word
    return scaled(imagecodecs.avif_decode(data), bits), info, orientation


def _decode_heic(data: bytes, bits: int) -> tuple[NDArray[Any], dict[Any, Any], int]:
    try:
        import pillow_heif
    except ImportError as error:
        raise UnsupportedPhotoError("HEIC is read with pillow-heif only.", "pip install 'bwcolor[heif]'") from error
    picture = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False, hdr_to_16bit=True)
    codes = np.asarray(picture)
    if codes.dtype == np.uint16:  # shifted up, so that white is not white
        codes = scaled(codes >> (16 - bits), bits)
    return codes, dict(picture.info), 1  # libheif has turned it
