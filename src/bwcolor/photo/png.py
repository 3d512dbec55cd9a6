# SPDX-License-Identifier: Apache-2.0
"""PNG: decoded by libpng, written strip by strip at 8 or 16 bits; its other chunks are read and written as bytes.

The writer is bwcolor's own because no library at hand writes 16-bit PNG, or any PNG, from a stream of rows. The filter
"average" and deflate's level 1 give on film grain the size of libpng's adaptive filters at two thirds of their time.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import PngImagePlugin

from bwcolor.photo import exif, headers
from bwcolor.photo.metadata import RESOURCE, iptc_of, is_iptc_alone
from bwcolor.photo.options import ReadOptions
from bwcolor.photo.photo import Metadata
from bwcolor.photo.picture import Picture
from bwcolor.photo.scan import Pixels, Scan, rows_of, scaled

SIGNATURE = b"\x89PNG\r\n\x1a\n"
INCH = 0.0254  # meters
MOST_TEXT_BYTES = 1 << 26  # of one compressed chunk; more is a bomb

COMPRESSION = 1  # of 9: higher levels take twice the time for 2 % on grain
SUB, AVERAGE = 1, 3  # filter types (PNG 1.2, 6)
BAND_BYTES = 1 << 22
SRGB_GAMMA = 0.45455  # gAMA that encoders write beside sRGB pictures
XMP_KEYWORD = b"XML:com.adobe.xmp"
IPTC_KEYWORD, PHOTOSHOP_KEYWORD = b"Raw profile type iptc", b"Raw profile type 8bim"

# what describes the pixels as they were, and is made anew
_OWN = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT", b"bKGD"}
_SIGNED = b"caBX"  # a C2PA manifest of the picture as it was
_OWN |= {b"hIST", b"sPLT", b"acTL", b"fcTL", b"fdAT"}


@dataclass(frozen=True)
class Chunk:
    """One chunk: its type and its data."""

    name: bytes
    data: bytes

    @property
    def encoded(self) -> bytes:
        """The chunk as it stands in a file."""
        crc = zlib.crc32(self.data, zlib.crc32(self.name))
        return struct.pack(">I", len(self.data)) + self.name + self.data + struct.pack(">I", crc)


def chunks_of(data: bytes, *, strict: bool = True) -> Iterator[Chunk]:
    """Yield a file's chunks.

    Raises:
        ValueError: A chunk is cut off or its checksum is wrong (where strict).
    """
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        check = data[at + 8 + length : at + 12 + length]
        whole = len(check) == 4 and struct.unpack(">I", check)[0] == zlib.crc32(body, zlib.crc32(name))
        if not whole and strict:
            raise ValueError(f"its {name.decode('latin-1')} chunk is cut off or damaged")
        yield Chunk(name, body)
        at += 12 + length
        if name == b"IEND":
            return
    if strict:
        raise ValueError("it ends before its last chunk")


def read(file: BinaryIO, options: ReadOptions) -> Scan:
    """Decode a PNG: up to 8 bits by Pillow, 16 bits by imagecodecs.

    Args:
        file: The whole file, seekable.
        options: See `ReadOptions`.

    Returns:
        Gray or RGB samples, with alpha where the file has it.
    """
    data = file.read()
    header = headers.read_png(io.BytesIO(data))
    truncated = False
    try:
        chunks = list(chunks_of(data))
    except ValueError:
        if not options.allow_truncated:
            raise
        chunks, truncated = list(chunks_of(data, strict=False)), True
        data = _completed(chunks)
    named = {chunk.name: chunk.data for chunk in reversed(chunks)}
    bits = data[24]
    pixels, alpha = _decode(data, bits, header.channels, named.get(b"tRNS"))
    metadata, gamma = _metadata(chunks, named)
    return Scan(
        header.width,
        header.height,
        rows_of(pixels),
        "gray" if pixels.ndim == 2 else "rgb",
        header.channels,
        bits if header.channels != "palette" else 8,
        metadata,
        alpha=None if alpha is None else rows_of(alpha),
        orientation=headers.exif_orientation(metadata.exif) if metadata.exif else 1,
        gamma=gamma,
        notes=("first picture of an animation",) if b"acTL" in named else (),
        truncated=truncated,
    )


def _decode(data: bytes, bits: int, channels: str, transparent: bytes | None) -> tuple[Pixels, Pixels | None]:
    """Return ``(h, W)`` or ``(h, W, 3)`` samples and ``(h, W)`` alpha or None."""
    if bits == 16:
        # not with tRNS: imagecodecs returns 16-bit samples with their bytes exchanged then
        chunks = (chunk for chunk in chunks_of(data) if chunk.name in (b"IHDR", b"IDAT", b"IEND"))
        pixels = imagecodecs.png_decode(SIGNATURE + b"".join(chunk.encoded for chunk in chunks))
    else:
        with PngImagePlugin.PngImageFile(io.BytesIO(data)) as image:
            image.load()
            if image.mode == "P":
                image = image.convert("RGBA" if transparent else "RGB")  # type: ignore[assignment]
            elif image.mode == "1":
                image = image.convert("L")  # type: ignore[assignment]
            pixels = np.asarray(image)
    colors = 1 if channels.startswith("gray") else 3
    planes = pixels.reshape(*pixels.shape[:2], -1)
    color = np.ascontiguousarray(planes[..., 0] if colors == 1 else planes[..., :3])
    if planes.shape[2] > colors:
        return color, np.ascontiguousarray(planes[..., -1])
    if transparent and channels in ("gray", "rgb") and len(transparent) >= 2 * colors:
        key = scaled(np.frombuffer(transparent[: 2 * colors], ">u2").astype(np.uint16) & (2**bits - 1), bits)
        hidden = (color.reshape(*planes.shape[:2], colors) == key).all(axis=2)
        return color, np.where(hidden, 0, np.iinfo(color.dtype).max).astype(color.dtype)
    return color, None


def _completed(chunks: list[Chunk]) -> bytes:
    """Return a whole PNG of what a cut one still holds; what is missing becomes black."""
    head = next(chunk for chunk in chunks if chunk.name == b"IHDR")
    width, height, bits, color, *_, interlaced = struct.unpack(">IIBBBBB", head.data[:13])
    depth = bits * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    # the seven passes of Adam7, or one: first column, first row, step across, step down
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    size = 0
    for left, top, across, down in passes if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        size += rows * (1 + (columns * depth + 7) // 8) if columns > 0 and rows > 0 else 0
    inflate, raw = zlib.decompressobj(), bytearray()
    try:
        for chunk in chunks:
            if chunk.name == b"IDAT":
                raw += inflate.decompress(chunk.data, size - len(raw) if len(raw) < size else 1)
    except zlib.error:
        pass  # what came before the damage stays
    raw = raw[:size].ljust(size, b"\0")
    body = [chunk for chunk in chunks if chunk.name in (b"PLTE", b"tRNS")]
    parts = [head, *body, Chunk(b"IDAT", zlib.compress(raw, COMPRESSION)), Chunk(b"IEND", b"")]
    return SIGNATURE + b"".join(part.encoded for part in parts)


def _metadata(chunks: list[Chunk], named: dict[bytes, bytes]) -> tuple[Metadata, float | None]:
    """Return what lies beside the pixels, and the exponent of the samples where one is named and no profile is."""
    kept = tuple(chunk for chunk in chunks if chunk.name not in _OWN and chunk.name != _SIGNED)
    metadata = Metadata(extra={"chunks": kept, "signed": _SIGNED in named})
    text = []
    for chunk in chunks:
        if chunk.name == b"eXIf":
            metadata = replace(metadata, exif=chunk.data.removeprefix(b"Exif\0\0"))
        elif chunk.name in (b"tEXt", b"zTXt", b"iTXt"):
            keyword, content = _text(chunk)
            if keyword == XMP_KEYWORD:
                metadata = replace(metadata, xmp=content.encode())
            elif keyword in (IPTC_KEYWORD, PHOTOSHOP_KEYWORD):
                profile = _unwrapped(content) or b""
                if profile.startswith(RESOURCE):  # under either name, and so do ExifTool and ImageMagick
                    metadata = replace(metadata, photoshop=profile, iptc=iptc_of(profile) or metadata.iptc)
                elif keyword == IPTC_KEYWORD:
                    metadata = replace(metadata, iptc=profile or None)
            elif keyword:
                text.append((keyword.decode("latin-1"), content))
    if len(named.get(b"pHYs", b"")) == 9:
        across, down, unit = struct.unpack(">IIB", named[b"pHYs"])
        if unit == 1 and across and down:
            metadata = replace(metadata, dpi=(across * INCH, down * INCH))
    if b"iCCP" in named:
        metadata = replace(metadata, icc=_inflated(named[b"iCCP"].partition(b"\0")[2][1:]) or None)
    gamma = exif.gamma(metadata.exif) if metadata.exif else None
    if b"sRGB" not in named and len(named.get(b"gAMA", b"")) == 4:
        value = struct.unpack(">I", named[b"gAMA"])[0] / 100000
        gamma = 1 / value if value > 0 and abs(value - SRGB_GAMMA) > 0.001 else gamma
    return replace(metadata, text=tuple(text)), gamma


def _inflated(data: bytes) -> bytes:
    """Return decompressed bytes, nothing for damaged ones."""
    try:
        return zlib.decompressobj().decompress(data, MOST_TEXT_BYTES)
    except zlib.error:
        return b""


def _text(chunk: Chunk) -> tuple[bytes, str]:
    """Return keyword and text of tEXt, zTXt or iTXt."""
    keyword, _, rest = chunk.data.partition(b"\0")
    if chunk.name == b"tEXt":
        return keyword, rest.decode("latin-1")
    if chunk.name == b"zTXt":
        return keyword, _inflated(rest[1:]).decode("latin-1")
    _, _, body = rest[2:].partition(b"\0")
    _, _, body = body.partition(b"\0")
    return keyword, (_inflated(body) if rest[:1] == b"\1" else body).decode("utf-8", "replace")


def _unwrapped(content: str) -> bytes | None:
    """Return the bytes of a "Raw profile type" text: a line with a name, one with a length, hexadecimal digits."""
    lines = content.strip().splitlines()
    try:
        return bytes.fromhex("".join(lines[2:]))
    except ValueError:
        return None


def _wrapped(keyword: bytes, data: bytes) -> Chunk:
    """Return the zTXt chunk in which bytes that PNG has no chunk for are kept."""
    name = keyword.rsplit(b" ", 1)[1].decode()
    digits = data.hex()
    lines = "\n".join(digits[start : start + 72] for start in range(0, len(digits), 72))
    text = f"\n{name}\n{len(data):8d}\n{lines}\n".encode()
    return Chunk(b"zTXt", keyword + b"\0\0" + zlib.compress(text, 9))


def write(file: BinaryIO, picture: Picture) -> tuple[str, ...]:
    """Encode a picture strip by strip.

    Args:
        file: Open for writing.
        picture: 8 or 16 bits, with or without alpha.

    Returns:
        Names of what could not be kept.
    """
    color = 2 if picture.alpha is None else 6
    file.write(SIGNATURE)
    head = struct.pack(">IIBBBBB", picture.width, picture.height, picture.depth, color, 0, 0, 0)
    file.write(Chunk(b"IHDR", head).encoded)
    file.write(Chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(picture.profile, 9)).encoded)
    for chunk in _chunks(picture):
        file.write(chunk.encoded)
    deflate = zlib.compressobj(COMPRESSION, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL + 1)
    pixel = picture.channels * picture.depth // 8
    above = np.zeros(picture.width * pixel, np.uint8)
    step = max(BAND_BYTES // above.size, 1)
    for y0 in range(0, picture.height, step):
        band = picture.band(y0, min(y0 + step, picture.height))
        raw = band.astype(">u2") if picture.depth == 16 else np.ascontiguousarray(band)
        lines = raw.view(np.uint8).reshape(len(band), -1)
        packed = deflate.compress(_filtered(lines, above, pixel).tobytes())
        above = lines[-1]
        if packed:
            file.write(Chunk(b"IDAT", packed).encoded)
    file.write(Chunk(b"IDAT", deflate.flush()).encoded)
    file.write(Chunk(b"IEND", b"").encoded)
    signed = picture.source.format == "png" and picture.metadata.extra.get("signed")
    return ("C2PA manifest of the scan",) if signed else ()


def _filtered(lines: NDArray[np.uint8], above: NDArray[np.uint8], pixel: int) -> NDArray[np.uint8]:
    """Return lines ready for deflate: each the differences to its neighbors, with the filter's number before it.

    Args:
        lines: ``(n, bytes)``.
        above: ``(bytes,)``: the line before the first.
        pixel: Bytes of a pixel.
    """
    result = np.empty((lines.shape[0], lines.shape[1] + 1), np.uint8)
    left = np.zeros_like(lines)
    left[:, pixel:] = lines[:, :-pixel]
    if pixel > 4:  # 16 bits: half of the bytes are noise, and averages gain nothing
        result[:, 0] = SUB
        np.subtract(lines, left, out=result[:, 1:])
        return result
    over = np.concatenate([above[None], lines[:-1]])
    result[:, 0] = AVERAGE
    # the mean of two bytes, rounded down, without a ninth bit
    np.subtract(lines, (left & over) + ((left ^ over) >> 1), out=result[:, 1:])
    return result


def _chunks(picture: Picture) -> Iterator[Chunk]:
    """Yield the chunks beside the pixels: a PNG's own, in its order, or those made from other metadata."""
    metadata = picture.metadata
    own: Any = metadata.extra.get("chunks") if picture.source.format == "png" else None
    kept = [chunk for chunk in own or () if chunk.name != b"eXIf" and _keyword(chunk) != XMP_KEYWORD]
    if picture.source.orientation > 4:  # across and down have changed places
        kept = [Chunk(c.name, c.data[4:8] + c.data[:4] + c.data[8:]) if c.name == b"pHYs" else c for c in kept]
    if metadata.exif:
        yield Chunk(b"eXIf", metadata.exif)
    if metadata.xmp:
        yield Chunk(b"iTXt", XMP_KEYWORD + b"\0\0\0\0\0" + metadata.xmp)
    if own is not None:
        yield from kept
        return
    if metadata.dpi:
        yield Chunk(b"pHYs", struct.pack(">IIB", *(round(value / INCH) for value in metadata.dpi), 1))
    if metadata.photoshop:
        yield _wrapped(IPTC_KEYWORD if is_iptc_alone(metadata.photoshop) else PHOTOSHOP_KEYWORD, metadata.photoshop)
    for keyword, text in metadata.text:
        yield Chunk(b"iTXt", keyword.encode("latin-1", "replace")[:79] + b"\0\0\0\0\0" + text.encode())
    for comment in metadata.comments:
        yield Chunk(b"iTXt", b"Comment\0\0\0\0\0" + comment.decode("utf-8", "replace").encode())


def _keyword(chunk: Chunk) -> bytes:
    return chunk.data.partition(b"\0")[0] if chunk.name in (b"tEXt", b"zTXt", b"iTXt") else b""
