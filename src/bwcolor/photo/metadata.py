# SPDX-License-Identifier: Apache-2.0
"""What a photo came with, made ready for the file it goes into: true for the new picture, what does not fit named."""

from __future__ import annotations

import struct
from dataclasses import replace

from bwcolor.photo import exif
from bwcolor.photo.fields import MAKER_NOTE, fields_of_block
from bwcolor.photo.formats import Format
from bwcolor.photo.photo import Metadata, Photo

NAMES = {
    "exif": "EXIF",
    "xmp": "XMP",
    "iptc": "IPTC",
    "photoshop": "Photoshop resources",
    "dpi": "resolution",
    "text": "text",
    "comments": "comments",
}

# Photoshop image resources (Adobe Photoshop File Formats Specification)
RESOURCE = b"8BIM"
IPTC_RESOURCE = 0x0404
STALE_RESOURCES = frozenset({0x0409, 0x040C, 0x040F})  # thumbnails, which show the photo without color; the old profile


def resources_of(photoshop: bytes) -> list[tuple[int, bytes]]:
    """Return (number, the whole resource as it stands) of Photoshop's resources; what cannot be parsed as one of -1."""
    found, at = [], 0
    while at < len(photoshop):
        name_end = at + 7 + (photoshop[at + 6] if at + 6 < len(photoshop) else 0)
        name_end += (name_end - at) % 2
        if photoshop[at : at + 4] != RESOURCE or name_end + 4 > len(photoshop):
            found.append((-1, photoshop[at:]))
            break
        number = struct.unpack_from(">H", photoshop, at + 4)[0]
        size = struct.unpack_from(">I", photoshop, name_end)[0]
        end = name_end + 4 + size + size % 2
        found.append((number, photoshop[at:end]))
        at = end
    return found


def iptc_of(photoshop: bytes | None) -> bytes | None:
    """Return the IPTC-IIM datasets within Photoshop's resources."""
    for number, resource in resources_of(photoshop or b""):
        if number == IPTC_RESOURCE:
            start = 7 + resource[6]
            start += start % 2
            size = struct.unpack_from(">I", resource, start)[0]
            return resource[start + 4 : start + 4 + size] or None
    return None


def photoshop_of(iptc: bytes) -> bytes:
    """Return IPTC-IIM datasets as a Photoshop resource, the form in which JPEG holds them."""
    return RESOURCE + struct.pack(">HHI", IPTC_RESOURCE, 0, len(iptc)) + iptc + b"\0" * (len(iptc) % 2)


def made_for(photo: Photo, row: Format) -> tuple[Metadata, list[str]]:
    """Return the metadata for an output file.

    Args:
        photo: The photo that was colored.
        row: Format of the output.

    Returns:
        What the format can hold, upright and sRGB; and the names of what it cannot.
    """
    found, lost, source = replace(photo.metadata, icc=None), [], photo.source.format
    if found.exif:
        turned = photo.source.orientation > 4
        found = replace(found, exif=exif.upright(found.exif, photo.width, photo.height, turned=turned))
        if "tiff" in (row.name, source) and row.name != source and _has_maker_note(found.exif or b""):
            lost.append("inner offsets of the maker note")
    if found.photoshop:
        kept = b"".join(resource for number, resource in resources_of(found.photoshop) if number not in STALE_RESOURCES)
        found = replace(found, photoshop=kept or None, iptc=found.iptc or iptc_of(found.photoshop))
    elif found.iptc and "photoshop" in row.holds:
        found = replace(found, photoshop=photoshop_of(found.iptc))
    if "xmp_extension" in found.extra and row.name != "jpeg":
        lost.append("the extended part of XMP")
    for kind, name in NAMES.items():
        if kind not in row.holds and getattr(found, kind):
            if not (kind == "photoshop" and is_iptc_alone(found.photoshop)):
                lost.append(name)
            found = replace(found, **{kind: () if kind in ("text", "comments") else None})  # type: ignore[arg-type]
    return found, lost


def _has_maker_note(block: bytes) -> bool:
    fields, _ = fields_of_block(block)
    return any(inner.tag == MAKER_NOTE for field in fields for inner in field.inner or ())


def is_iptc_alone(photoshop: bytes | None) -> bool:
    """Tell whether Photoshop's resources hold IPTC-IIM and nothing else."""
    return all(number == IPTC_RESOURCE for number, _ in resources_of(photoshop or b""))
