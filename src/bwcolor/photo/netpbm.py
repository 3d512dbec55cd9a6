# SPDX-License-Identifier: Apache-2.0
"""PBM, PGM and PPM, plain and raw, of any depth; written as raw PPM at 8 or 16 bits.

A reader of bwcolor's own: Pillow makes 16-bit color 8-bit without a word.
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from bwcolor.photo import headers
from bwcolor.photo.options import ReadOptions
from bwcolor.photo.photo import Metadata
from bwcolor.photo.picture import Picture
from bwcolor.photo.scan import Pixels, Scan, rows_of

BAND_PIXELS = 1 << 20


def read(file: BinaryIO, options: ReadOptions) -> Scan:
    """Decode a netpbm file.

    Args:
        file: The whole file, seekable.
        options: See `ReadOptions`.

    Returns:
        Gray or RGB samples at full scale, whatever the file's maximum.
    """
    header, words, comments = headers.netpbm_header(file)
    kind, body = words[0], file.read()
    most = int(words[3]) if len(words) > 3 else 1
    if not 0 < most < 65536:
        raise ValueError(f"its maximum is {most}")
    count = header.pixels * (3 if header.channels == "rgb" else 1)
    codes, missing = _codes(kind, body, count, most, header.width)
    if missing and not options.allow_truncated:
        raise ValueError(f"its last {missing} samples are missing")
    shape = (header.height, header.width, 3) if header.channels == "rgb" else (header.height, header.width)
    return Scan(
        header.width,
        header.height,
        rows_of(_full_scale(codes, most).reshape(shape)),
        header.channels,
        header.channels,
        header.bits,
        Metadata(comments=comments),
        truncated=bool(missing),
    )


def _codes(kind: bytes, body: bytes, count: int, most: int, width: int) -> tuple[NDArray[Any], int]:
    """Return ``(count,)`` codes, 0 is black, and how many of them were missing."""
    if kind in (b"P1", b"P4"):
        if kind == b"P1":
            bits = np.frombuffer(body, np.uint8)
            bits = bits[(bits == ord("0")) | (bits == ord("1"))] - ord("0")
        else:
            line = (width + 7) // 8
            packed = np.frombuffer(body[: count // width * line], np.uint8)
            packed = packed[: len(packed) // line * line].reshape(-1, line)
            bits = np.unpackbits(packed, axis=1)[:, :width].reshape(-1)
        codes: NDArray[Any] = 1 - bits[:count]  # 1 is black
    elif kind in (b"P2", b"P3"):
        text = io.BytesIO(body).read()
        codes = np.array(text.split()[:count], np.int64)
    else:
        sample = np.dtype(">u2") if most > 255 else np.dtype(np.uint8)
        codes = np.frombuffer(body[: len(body) // sample.itemsize * sample.itemsize], sample)[:count]
    missing = count - len(codes)
    return np.pad(codes, (0, missing)) if missing else codes, missing


def _full_scale(codes: NDArray[Any], most: int) -> Pixels:
    full, kind = (255, np.uint8) if most <= 255 else (65535, np.uint16)
    if most == full:
        whole: NDArray[Any] = codes.astype(kind)
        return whole
    table: NDArray[Any] = ((np.arange(most + 1, dtype=np.uint64) * full + most // 2) // most).astype(kind)
    return table.take(codes, mode="clip")


def write(file: BinaryIO, picture: Picture) -> tuple[str, ...]:
    """Encode a picture band by band.

    Args:
        file: Open for writing.
        picture: 8 or 16 bits, no alpha.

    Returns:
        Names of what could not be kept.
    """
    lines = [line for comment in picture.metadata.comments for line in comment.splitlines()]
    head = b"".join(b"# " + line + b"\n" for line in lines)
    most = 2**picture.depth - 1
    file.write(b"P6\n" + head + f"{picture.width} {picture.height}\n{most}\n".encode())
    step = max(BAND_PIXELS // picture.width, 1)
    for y0 in range(0, picture.height, step):
        band = picture.rows(y0, min(y0 + step, picture.height))
        file.write((band.astype(">u2") if picture.depth == 16 else np.ascontiguousarray(band)).tobytes())
    return ()
