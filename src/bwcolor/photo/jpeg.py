# SPDX-License-Identifier: Apache-2.0
"""JPEG: decoded by libjpeg-turbo, written with the scan's own quantization tables, segments spliced as bytes."""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import cv2
import imagecodecs
import numpy as np
from PIL import Image, JpegImagePlugin

from bwcolor.errors import UnsupportedPhotoError
from bwcolor.photo import exif, headers, xmp
from bwcolor.photo.metadata import iptc_of
from bwcolor.photo.options import ReadOptions
from bwcolor.photo.photo import Metadata
from bwcolor.photo.picture import Picture
from bwcolor.photo.scan import Scan, rows_of, scaled

# damaged EXIF is kept as it is; what Pillow thinks of it is of no matter
warnings.filterwarnings("ignore", module=r"PIL\.TiffImagePlugin")

# Markers (ITU-T T.81, table B.1)
SOI, EOI, SOS, APP0, APP1, APP2, APP11, APP13, APP14, COM = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEB, 0xED, 0xEE, 0xFE
MOST_PAYLOAD = 65533  # bytes of a segment

EXIF_HEAD = b"Exif\0\0"
XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
XMP_MORE_HEAD = b"http://ns.adobe.com/xmp/extension/\0"
ICC_HEAD = b"ICC_PROFILE\0"
PHOTOSHOP_HEAD = b"Photoshop 3.0\0"
PAGES_HEAD = b"MPF\0"
JUMBF_HEAD = b"JP"  # boxes that sign the picture as it was
JFIF_HEAD, JFXX_HEAD, ADOBE_HEAD = b"JFIF\0", b"JFXX\0", b"Adobe"
_PLACED = {EXIF_HEAD: APP1, XMP_HEAD: APP1, XMP_MORE_HEAD: APP1, ICC_HEAD: APP2, PAGES_HEAD: APP2}
_PLACED |= {PHOTOSHOP_HEAD: APP13, JFIF_HEAD: APP0, JFXX_HEAD: APP0, ADOBE_HEAD: APP14}
XMP_PART = 65000  # bytes of extended XMP in a segment

DEFAULT_QUALITY = 95  # for a photo whose file has no quantization tables of its own
BAND_PIXELS = 1 << 22


@dataclass(frozen=True)
class Segment:
    """One marker segment: its marker's second byte, and what follows its length."""

    marker: int
    payload: bytes

    def starts(self, marker: int, head: bytes) -> bool:
        """Tell whether it is of this marker and begins so."""
        return self.marker == marker and self.payload.startswith(head)

    @property
    def encoded(self) -> bytes:
        """The segment as it stands in a file."""
        return struct.pack(">BBH", 0xFF, self.marker, len(self.payload) + 2) + self.payload


def segments_of(data: bytes) -> list[Segment]:
    """Return the segments before the picture's first scan.

    Raises:
        ValueError: There is none, or a marker is missing.
    """
    found: list[Segment] = []
    at = 2
    while True:
        if at + 4 > len(data) or data[at] != 0xFF:
            raise ValueError("a JPEG marker is missing")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in (SOS, EOI):
            return found
        length = struct.unpack_from(">H", data, at + 2)[0]
        found.append(Segment(marker, data[at + 4 : at + 2 + length]))
        at += 2 + max(length, 2)


def is_application(segment: Segment) -> bool:
    """Tell whether a segment is an application's own or a comment, and none of the picture's."""
    return APP0 <= segment.marker <= 0xEF or segment.marker == COM


def read(file: BinaryIO, options: ReadOptions) -> Scan:
    """Decode a JPEG: 8 bits by Pillow, 12 bits and lossless by imagecodecs.

    Args:
        file: The whole file, seekable.
        options: See `ReadOptions`.

    Returns:
        Gray, RGB or CMYK samples.
    """
    data = file.read()
    header = headers.read_jpeg(io.BytesIO(data))
    segments = [segment for segment in segments_of(data) if is_application(segment)]
    metadata = metadata_of(segments)
    truncated = _is_cut(data)
    if header.bits == 8 and not header.lossless:
        with JpegImagePlugin.JpegImageFile(io.BytesIO(_ended(data) if options.allow_truncated else data)) as image:
            image.load()
            tables = {key: list(table) for key, table in image.quantization.items()}
            metadata.extra["tables"] = tables
            pixels = np.asarray(image)
            space = {"L": "gray", "RGB": "rgb", "CMYK": "cmyk"}.get(image.mode)
            metadata = _with_dpi(metadata, image)
    else:
        if truncated and not options.allow_truncated:  # its decoder would fill with gray, without a word
            raise ValueError("its end is missing")
        pixels = scaled(imagecodecs.jpeg_decode(data), header.bits)
        space = {2: "gray", 3: "rgb"}.get(pixels.ndim)
    if space is None or (space == "rgb" and pixels.shape[2] != 3):
        raise UnsupportedPhotoError(f"A JPEG of {header.channels} at {header.bits} bits is not read.")
    height, width = pixels.shape[:2]
    return Scan(
        width,
        height,
        rows_of(pixels),
        space,
        header.channels,
        header.bits,
        metadata,
        orientation=header.orientation,
        gamma=exif.gamma(metadata.exif) if metadata.exif else None,
        truncated=truncated and options.allow_truncated,
    )


def _is_cut(data: bytes) -> bool:
    """Tell whether a file has no end marker; some have rubbish behind it."""
    return data.rfind(bytes((0xFF, EOI)), max(len(data) - 65536, 0)) < 0


def _ended(data: bytes) -> bytes:
    """Return a file that decodes to its end: what is missing becomes gray."""
    return data + bytes((0xFF, EOI)) if _is_cut(data) else data


def _with_dpi(metadata: Metadata, image: JpegImagePlugin.JpegImageFile) -> Metadata:
    # Pillow's own is 72 where EXIF is silent, and takes numbers without a unit for dots per inch
    stated = image.info.get("jfif_unit") in (1, 2)
    dpi = image.info.get("dpi") if stated else metadata.exif and exif.resolution(metadata.exif)
    return replace(metadata, dpi=(float(dpi[0]), float(dpi[1]))) if dpi and min(dpi) > 0 else metadata


def metadata_of(segments: list[Segment]) -> Metadata:
    """Sort segments into what bwcolor understands, and keep all of them for a copy into another JPEG."""
    profile = b"".join(
        segment.payload[len(ICC_HEAD) + 2 :]
        for segment in sorted(segments, key=lambda s: s.payload[len(ICC_HEAD) : len(ICC_HEAD) + 1])
        if segment.starts(APP2, ICC_HEAD)
    )
    exif_block, packet, photoshop = (
        [segment.payload[len(head) :] for segment in segments if segment.starts(marker, head)]
        for marker, head in ((APP1, EXIF_HEAD), (APP1, XMP_HEAD), (APP13, PHOTOSHOP_HEAD))
    )
    extra: dict[str, object] = {"segments": tuple(segments)}
    whole = packet[0] if packet else None
    extension = _extension(segments)
    if whole and extension:
        whole = xmp.joined(xmp.readable(whole), extension)
        extra |= {"xmp_joined": whole} if whole else {"xmp_extension": extension}
        whole = whole or packet[0]
    return Metadata(
        exif=exif_block[0] if exif_block else None,
        xmp=whole,
        icc=profile or None,
        photoshop=b"".join(photoshop) or None,
        iptc=iptc_of(b"".join(photoshop)),
        comments=tuple(segment.payload for segment in segments if segment.marker == COM),
        extra=extra,
    )


def _extension(segments: list[Segment]) -> bytes:
    """Return the extended XMP of a file, its parts in order (XMP Specification part 3, 1.1.3.1)."""
    parts: dict[bytes, list[tuple[int, bytes]]] = {}
    for segment in segments:
        if segment.starts(APP1, XMP_MORE_HEAD) and len(segment.payload) >= len(XMP_MORE_HEAD) + 40:
            body = segment.payload[len(XMP_MORE_HEAD) :]
            parts.setdefault(body[:32], []).append((struct.unpack_from(">I", body, 36)[0], body[40:]))
    first = next(iter(parts.values()), [])
    return b"".join(part for _, part in sorted(first))


def write(file: BinaryIO, picture: Picture) -> tuple[str, ...]:
    """Encode a picture and put the segments before it.

    Args:
        file: Open for writing.
        picture: 8 bits.

    Returns:
        Names of what could not be kept.
    """
    # four bytes a pixel, as Pillow holds color itself: its encoder reads them where they are
    pixels = np.empty((picture.height, picture.width, 4), np.uint8)
    step = max(BAND_PIXELS // picture.width, 1)
    for y0 in range(0, picture.height, step):
        y1 = min(y0 + step, picture.height)
        cv2.cvtColor(np.ascontiguousarray(picture.rows(y0, y1)), cv2.COLOR_RGB2RGBA, pixels[y0:y1])
    image = Image.frombuffer("RGBX", (picture.width, picture.height), pixels, "raw", "RGBX", 0, 1)
    stream = io.BytesIO()
    image.save(stream, "JPEG", subsampling=0, progressive=picture.options.progressive, **_strength(picture))
    encoded = stream.getvalue()
    own = segments_of(encoded)
    begin = 2 + sum(len(segment.encoded) for segment in own[: [s.marker == APP0 for s in own].count(True)])
    file.write(encoded[:2])
    lost: list[str] = []
    for segment in _segments(picture, lost):
        file.write(segment.encoded)
    file.write(encoded[begin:])
    return tuple(dict.fromkeys(lost))


def _strength(picture: Picture) -> dict[str, Any]:
    """Return how strongly to quantize: on the lattice on which a decoded JPEG lies already, unless told otherwise."""
    tables = picture.metadata.extra.get("tables")
    if picture.options.quality is None and picture.source.format == "jpeg" and isinstance(tables, dict):
        luminance = tables[min(tables)]
        return {"qtables": {0: luminance, 1: luminance}}
    return {"quality": picture.options.quality or DEFAULT_QUALITY}


def _jfif(dpi: tuple[float, float] | None) -> Segment:
    """Return a JFIF header (version 1.02), in dots per inch where they are known."""
    unit, across, down = (1, *(min(max(round(value), 1), 65535) for value in dpi)) if dpi else (0, 1, 1)
    return Segment(APP0, struct.pack(">5sHBHHBB", b"JFIF\0", 0x0102, unit, across, down, 0, 0))


def _segments(picture: Picture, lost: list[str]) -> Iterator[Segment]:
    """Yield the segments to write, in the scan's own order where it was a JPEG; append to ``lost`` what cannot be."""
    metadata = picture.metadata
    originals = metadata.extra.get("segments")
    if picture.source.format == "jpeg" and isinstance(originals, tuple):
        yield from _spliced(originals, picture, lost)
    else:
        yield _jfif(metadata.dpi)
        if metadata.exif:
            yield from _fitting(Segment(APP1, EXIF_HEAD + metadata.exif), "EXIF", lost)
        yield from _xmp_segments(metadata.xmp)
        yield from _photoshop_segments(metadata.photoshop)
        for comment in (*metadata.comments, *(f"{key}: {text}".encode() for key, text in metadata.text)):
            yield from _fitting(Segment(COM, comment), "a comment", lost)
    yield from _profile_segments(picture.profile)


def _fitting(segment: Segment, name: str, lost: list[str]) -> Iterator[Segment]:
    if len(segment.payload) <= MOST_PAYLOAD:
        yield segment
    else:
        lost.append(f"{name} (over 64 kB)")


def _spliced(originals: tuple[Segment, ...], picture: Picture, lost: list[str]) -> Iterator[Segment]:
    """Yield a JPEG's own segments, each at its place.

    EXIF, XMP and Photoshop's resources are those of the picture's metadata; profile, thumbnails and Adobe's color
    transform belonged to the old pixels.
    """
    metadata = picture.metadata
    same_xmp = metadata.xmp is not None and metadata.xmp == metadata.extra.get("xmp_joined")
    done: set[bytes] = set()
    for segment in originals:
        head = next((h for h in _PLACED if segment.starts(_PLACED[h], h)), None)
        if segment.marker == APP11 and segment.payload.startswith(JUMBF_HEAD):
            lost.append("C2PA manifest of the scan")
        elif head == PAGES_HEAD:
            lost.append("further pictures (MPF)")
        elif head in (ICC_HEAD, ADOBE_HEAD, JFXX_HEAD):
            continue
        elif head == JFIF_HEAD and len(segment.payload) >= 14:
            density = segment.payload[8:12]
            if picture.source.orientation > 4:
                density = density[2:] + density[:2]
            yield Segment(APP0, segment.payload[:8] + density + b"\0\0")  # without its thumbnail
        elif head == EXIF_HEAD and metadata.exif and head not in done:
            yield Segment(APP1, EXIF_HEAD + metadata.exif)
        elif head == XMP_HEAD and not same_xmp and head not in done:
            yield from _xmp_segments(metadata.xmp)
        elif head == PHOTOSHOP_HEAD and head not in done:
            yield from _photoshop_segments(metadata.photoshop)
        elif head == PHOTOSHOP_HEAD or (head == XMP_MORE_HEAD and not same_xmp and "xmp_joined" in metadata.extra):
            continue  # all of it stands at the place of the first
        else:
            yield segment
        done.add(head or b"")
    if XMP_HEAD not in done:
        yield from _xmp_segments(metadata.xmp)


def _photoshop_segments(photoshop: bytes | None) -> Iterator[Segment]:
    room = MOST_PAYLOAD - len(PHOTOSHOP_HEAD)
    for start in range(0, len(photoshop or b""), room):
        yield Segment(APP13, PHOTOSHOP_HEAD + (photoshop or b"")[start : start + room])


def _xmp_segments(packet: bytes | None) -> Iterator[Segment]:
    """Yield a packet, one over 64 kB as an extension of an almost empty one."""
    if packet and len(XMP_HEAD + packet) <= MOST_PAYLOAD:
        yield Segment(APP1, XMP_HEAD + packet)
    elif packet:
        extension = xmp.bare(packet)
        name = hashlib.md5(extension, usedforsecurity=False).hexdigest().upper()
        note = f"<xmpNote:HasExtendedXMP>{name}</xmpNote:HasExtendedXMP>"
        yield Segment(APP1, XMP_HEAD + xmp.packet_of(xmp.description("", note, {"xmpNote": xmp.NOTE})))
        for start in range(0, len(extension), XMP_PART):
            head = XMP_MORE_HEAD + name.encode() + struct.pack(">II", len(extension), start)
            yield Segment(APP1, head + extension[start : start + XMP_PART])


def _profile_segments(profile: bytes) -> Iterator[Segment]:
    """Yield a profile in as many segments as it needs (ICC.1, B.4)."""
    room = MOST_PAYLOAD - len(ICC_HEAD) - 2
    count = -(-len(profile) // room)
    for index in range(count):
        part = profile[index * room : (index + 1) * room]
        yield Segment(APP2, ICC_HEAD + bytes((index + 1, count)) + part)
