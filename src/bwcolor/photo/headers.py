# SPDX-License-Identifier: Apache-2.0
"""What a file's first bytes say of its picture: size and depth, by the standard library alone."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import BinaryIO

from bwcolor.photo import ifd

# EXIF and TIFF tags
WIDTH, HEIGHT, BITS, PHOTOMETRIC, ORIENTATION, SAMPLES, SUBFILE = 256, 257, 258, 262, 274, 277, 254
TURNED = 6  # an orientation that exchanges width and height
REDUCED = 1  # bit of SUBFILE: a smaller version of another page
MOST_PAGES = 4096
MOST_BOX_BYTES = 1 << 22  # of a header box; a longer one is damaged

J2K_START = b"\xff\x4f\xff\x51"  # SOC and SIZ
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # markers that start a frame: SOF0 to SOF15
_PNG_CHANNELS = {0: "gray", 2: "rgb", 3: "palette", 4: "gray+alpha", 6: "rgb+alpha"}
_TIFF_CHANNELS = {
    0: "gray",
    1: "gray",
    2: "rgb",
    3: "palette",
    4: "gray",
    5: "cmyk",
    6: "ycbcr",
    8: "lab",
    32803: "cfa",
}


@dataclass(frozen=True)
class Header:
    """What a file announces of its picture.

    Attributes:
        width: Pixels, as they lie in the file.
        height: Pixels, as they lie in the file.
        bits: Bits per sample.
        channels: "gray", "rgb", "palette", "cmyk", ...
        orientation: EXIF orientation, 1 to 8, where it stands in the header proper (JPEG, TIFF); else 1.
        pages: Full-size pages; smaller versions of one are not counted.
        lossless: Whether the samples come back as they were stored.
    """

    width: int
    height: int
    bits: int
    channels: str
    orientation: int = 1
    pages: int = 1
    lossless: bool = True

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height after the orientation is applied."""
        return (self.height, self.width) if self.orientation > 4 else (self.width, self.height)


class HeaderError(ValueError):
    """The first bytes make no sense."""


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise HeaderError("it ends in its header")
    return data


def read_jpeg(file: BinaryIO) -> Header:
    """Read the frame header (ITU-T T.81, B.2.2) and the EXIF orientation before it."""
    file.seek(2)
    orientation = 1
    while True:
        byte = _exactly(file, 1)
        if byte != b"\xff":
            raise HeaderError("no JPEG marker where one must stand")
        while byte == b"\xff":
            byte = _exactly(file, 1)
        marker = byte[0]
        if marker in (0xD9, 0xDA):
            raise HeaderError("no JPEG frame before the picture")
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            continue
        length = struct.unpack(">H", _exactly(file, 2))[0] - 2
        body = _exactly(file, max(length, 0))
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            orientation = exif_orientation(body[6:])
        if marker in _JPEG_FRAMES:
            if len(body) < 6:
                raise HeaderError("its JPEG frame is cut off")
            bits, height, width, components = struct.unpack(">BHHB", body[:6])
            channels = {1: "gray", 3: "rgb", 4: "cmyk"}.get(components, f"{components} channels")
            return Header(width, height, bits, channels, orientation, lossless=marker in (0xC3, 0xC7, 0xCB, 0xCF))


def exif_orientation(exif: bytes) -> int:
    """Return the orientation that an EXIF block names, 1 where it names none or makes no sense."""
    import io

    file = io.BytesIO(exif)
    try:
        entries, _ = ifd.read_directory(file, *ifd.read_layout(file))
        value = entries[ORIENTATION].number(file) if ORIENTATION in entries else 1
    except (ifd.IfdError, struct.error):
        return 1
    return value if 1 <= value <= 8 else 1


def read_png(file: BinaryIO) -> Header:
    """Read IHDR (PNG 1.2, 4.1.1)."""
    file.seek(8)
    data = _exactly(file, 25)
    if data[4:8] != b"IHDR":
        raise HeaderError("its first chunk is not IHDR")
    width, height, bits, color = struct.unpack(">IIBB", data[8:18])
    if color not in _PNG_CHANNELS:
        raise HeaderError(f"PNG knows no color type {color}")
    return Header(width, height, 8 if color == 3 else bits, _PNG_CHANNELS[color])


def read_tiff(file: BinaryIO) -> Header:
    """Read the first full-size page's directory and count the pages."""
    layout, offset = ifd.read_layout(file)
    found: Header | None = None
    seen: set[int] = set()
    pages = 0
    while offset and offset not in seen and len(seen) < MOST_PAGES:
        seen.add(offset)
        entries, offset = ifd.read_directory(file, layout, offset)

        def number(tag: int, default: int, entries: dict[int, ifd.Entry] = entries) -> int:
            return entries[tag].number(file, default) if tag in entries else default

        if number(SUBFILE, 0) & REDUCED and found:
            continue
        pages += 1
        if found is None:
            if WIDTH not in entries or HEIGHT not in entries:
                raise HeaderError("its first page has no size")
            orientation = number(ORIENTATION, 1)
            channels = _TIFF_CHANNELS.get(number(PHOTOMETRIC, 1), "unknown")
            if number(SAMPLES, 1) > {"gray": 1, "palette": 1, "cmyk": 4}.get(channels, 3):
                channels += "+alpha"
            lossless = number(259, 1) not in (6, 7, 34892)
            found = Header(number(WIDTH, 0), number(HEIGHT, 0), number(BITS, 1), channels, lossless=lossless)
            found = replace(found, orientation=orientation if 1 <= orientation <= 8 else 1)
    if found is None:
        raise HeaderError("it has no page")
    return replace(found, pages=pages)


def read_webp(file: BinaryIO) -> Header:
    """Read the first chunk: VP8, VP8L or VP8X (RFC 9649)."""
    file.seek(12)
    kind = _exactly(file, 8)[:4]
    data = _exactly(file, 10)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[6:10])
        return Header(width & 0x3FFF, height & 0x3FFF, 8, "rgb", lossless=False)
    if kind == b"VP8L":
        packed = struct.unpack("<I", data[1:5])[0]
        channels = "rgb+alpha" if packed >> 28 & 1 else "rgb"
        return Header((packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1, 8, channels)
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (4, 7))
        return Header(width, height, 8, "rgb+alpha" if data[0] & 0x10 else "rgb", lossless=False)
    raise HeaderError("its first WebP chunk is no picture")


def read_bmp(file: BinaryIO) -> Header:
    """Read the DIB header."""
    file.seek(14)
    size = struct.unpack("<I", _exactly(file, 4))[0]
    if size == 12:
        width, height, _, bits = struct.unpack("<HHHH", _exactly(file, 8))
    else:
        width, height, _, bits = struct.unpack("<iiHH", _exactly(file, 12))
    return Header(abs(width), abs(height), 8, "palette" if bits <= 8 else "rgb")


def read_netpbm(file: BinaryIO) -> Header:
    """Read the header of PBM, PGM or PPM."""
    return netpbm_header(file)[0]


def netpbm_header(file: BinaryIO) -> tuple[Header, list[bytes], tuple[bytes, ...]]:
    """Read the header of PBM, PGM or PPM; the file stands behind it then.

    Returns:
        The header, its words (kind, width, height, maximum), and its comments.
    """
    file.seek(0)
    words, comments, comment = [_exactly(file, 2), b""], [], None
    wanted = 3 if words[0] in (b"P1", b"P4") else 4
    for _ in range(1 << 16):
        byte = _exactly(file, 1)
        if comment is not None:
            comment += byte
            if byte == b"\n":
                comments.append(comment.strip())
                comment = None
        elif byte == b"#":
            comment = b""
        elif byte.isspace():
            if words[-1] and len(words) == wanted:
                break
            words += [b""] if words[-1] else []
        else:
            words[-1] += byte
    try:
        width, height, *most = (int(word) for word in words[1:])
    except ValueError:
        raise HeaderError("its header holds no numbers") from None
    channels = "rgb" if words[0] in (b"P3", b"P6") else "gray"
    return Header(width, height, most[0].bit_length() if most else 1, channels), words, tuple(comments)


def boxes(file: BinaryIO, start: int, end: int) -> list[tuple[bytes, int, int]]:
    """Return (type, start of content, end) of the boxes of an ISO base media or JPEG 2000 file."""
    found: list[tuple[bytes, int, int]] = []
    while start + 8 <= end and len(found) < MOST_PAGES:
        file.seek(start)
        size, kind = struct.unpack(">I4s", _exactly(file, 8))
        body = start + 8
        if size == 1:
            size, body = struct.unpack(">Q", _exactly(file, 8))[0], start + 16
        stop = end if size == 0 else start + size
        if stop < body:
            raise HeaderError("a box of it is shorter than its own header")
        found.append((kind, body, min(stop, end)))
        start = stop
    return found


def _length(file: BinaryIO) -> int:
    return file.seek(0, 2)


def read_jpeg2000(file: BinaryIO) -> Header:
    """Read the SIZ marker of a JPEG 2000 codestream (ITU-T T.800, A.5.1), in a JP2 file or bare."""
    file.seek(0)
    start = 0
    if _exactly(file, 4) != J2K_START:
        streams = [body for kind, body, _ in boxes(file, 0, _length(file)) if kind == b"jp2c"]
        if not streams:
            raise HeaderError("it holds no JPEG 2000 codestream")
        start = streams[0]
    file.seek(start)
    data = _exactly(file, 44)
    if data[:4] != J2K_START:
        raise HeaderError("its JPEG 2000 codestream has no size")
    width, height, left, top = struct.unpack(">IIII", data[8:24])
    components, bits = struct.unpack(">HB", data[40:43])
    channels = {1: "gray", 2: "gray+alpha", 3: "rgb", 4: "rgb+alpha"}.get(components, f"{components} channels")
    return Header(width - left, height - top, (bits & 0x7F) + 1, channels)


def read_heif(file: BinaryIO) -> Header:
    """Read the properties of AVIF and HEIC (ISO/IEC 23008-12): the largest picture's size, the greatest depth."""
    meta = [box for box in boxes(file, 0, _length(file)) if box[0] == b"meta"]
    if not meta:
        raise HeaderError("it holds no picture")
    inner = boxes(file, meta[0][1] + 4, meta[0][2])
    tables = [box for _, start, end in (b for b in inner if b[0] == b"iprp") for box in boxes(file, start, end)]
    sizes, bits, channels, orientation = [], [8], 3, 1
    aperture: tuple[int, int] | None = None
    for kind, start, end in (b for t in tables if t[0] == b"ipco" for b in boxes(file, t[1], t[2])):
        file.seek(start)
        data = _exactly(file, min(end - start, MOST_BOX_BYTES))
        if kind == b"ispe" and len(data) >= 12:
            sizes.append(struct.unpack(">II", data[4:12]))
        if kind == b"pixi" and len(data) > 5:
            channels, bits = data[4], [*bits, *data[5:]]
        if kind == b"irot" and data and data[0] & 1:
            orientation = TURNED
        if kind == b"clap" and len(data) >= 16:
            across, over, down, under = struct.unpack(">IIII", data[:16])
            aperture = (across // over, down // under) if over and under else aperture
    if not sizes:
        raise HeaderError("it has no size")
    width, height = aperture or max(sizes, key=lambda size: size[0] * size[1])
    return Header(width, height, max(bits), "gray" if channels == 1 else "rgb", orientation, lossless=False)
