# SPDX-License-Identifier: Apache-2.0
"""BMP: decoded by Pillow; written never, for it holds nothing but pixels."""

from __future__ import annotations

import io
from typing import BinaryIO

import numpy as np
from PIL import BmpImagePlugin

from bwcolor.photo.options import ReadOptions
from bwcolor.photo.photo import Metadata
from bwcolor.photo.scan import Scan, parted, rows_of


def read(file: BinaryIO, options: ReadOptions) -> Scan:
    """Decode a BMP.

    Args:
        file: The whole file, seekable.
        options: See `ReadOptions`; a truncated BMP is damaged.

    Returns:
        Gray or RGB samples.
    """
    with BmpImagePlugin.BmpImageFile(io.BytesIO(file.read())) as image:
        image.load()
        dpi = image.info.get("dpi")
        mode = image.mode
        pixels = np.asarray(image.convert({"1": "L", "L": "L", "RGBA": "RGBA"}.get(mode, "RGB")))
    metadata = Metadata(dpi=(float(dpi[0]), float(dpi[1])) if dpi and min(dpi) > 0 else None)
    color, alpha = parted(pixels)
    return Scan(
        pixels.shape[1],
        pixels.shape[0],
        rows_of(color),
        "gray" if pixels.ndim == 2 else "rgb",
        {"1": "gray", "L": "gray", "P": "palette", "RGBA": "rgb+alpha"}.get(mode, "rgb"),
        1 if mode == "1" else 8,
        metadata,
        alpha=None if alpha is None else rows_of(alpha),
    )
