# SPDX-License-Identifier: Apache-2.0
"""Fields of image file directories as values: read with their sub-directories, written anew at any place.

An EXIF block and the descriptive part of a TIFF page are the same thing; these functions turn one into the other
without touching a value. Only offsets change, and they are the directory's own.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import BinaryIO

from bwcolor.photo import ifd
from bwcolor.photo.exif import EXIF_IFD, GPS_IFD, INTEROP_IFD, ORIENTATION

POINTERS = (EXIF_IFD, GPS_IFD, INTEROP_IFD)
XMP, IPTC, PHOTOSHOP, ICC, PHOTOSHOP_LAYERS = 700, 33723, 34377, 34675, 37724
DESCRIPTION, DOCUMENT, SOFTWARE, ARTIST, COPYRIGHT, MAKER_NOTE = 270, 269, 305, 315, 33432, 37500
C2PA = 52545

# What describes how the pixels lie in the file, or their old colors: never carried over (TIFF 6.0 and its supplements)
STRUCTURE = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, ORIENTATION, 277, 278, 279, 280, 281, 284, 288, 289}
    | {290, 291, 292, 293, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 326, 327, 328, 330, 332, 333, 334, 336}
    | {337, 338, 339, 340, 341, 342, 343, 344, 345, 346, 347, *range(512, 522), 529, 530, 531, 532, 559}
    | {32995, 32996, 32997, 32998, PHOTOSHOP_LAYERS, C2PA}
)
BLOBS = frozenset({XMP, IPTC, PHOTOSHOP, ICC})  # have places of their own
# what belongs to the old pixels, and is named when it stays behind
LEFT_BEHIND = {PHOTOSHOP_LAYERS: "Photoshop layers", C2PA: "C2PA manifest of the scan"}
MOST_FIELD_BYTES = 1 << 26
SHORT, LONG, UNDEFINED, IFD8 = 3, 4, 7, 18


@dataclass(frozen=True)
class Field:
    """One field.

    Attributes:
        tag: Its number.
        kind: Field type of TIFF 6.0.
        count: How many values.
        data: The values, in the byte order of the structure they come from.
        inner: The fields of the sub-directory that it points to; None for a plain field.
    """

    tag: int
    kind: int
    count: int
    data: bytes
    inner: tuple[Field, ...] | None = None


def read_fields(file: BinaryIO, layout: ifd.Layout, offset: int, *, depth: int = 3) -> tuple[Field, ...]:
    """Read a directory with its sub-directories for EXIF, GPS and interoperability.

    Args:
        file: Seekable.
        layout: From `ifd.read_layout`.
        offset: Where the directory begins.
        depth: How many levels to follow.

    Returns:
        Its fields, those left out whose values lie outside the file or are over 64 MB.
    """
    found = []
    for entry in ifd.read_directory(file, layout, offset)[0].values():
        if entry.size > MOST_FIELD_BYTES:
            continue
        try:
            data = entry.raw(file)
            inner = None
            if entry.tag in POINTERS and depth:
                inner = read_fields(file, layout, entry.number(file), depth=depth - 1)
        except (ifd.IfdError, struct.error):
            continue
        found.append(Field(entry.tag, entry.kind, entry.count, data, inner))
    return tuple(found)


def fields_of_block(exif: bytes) -> tuple[tuple[Field, ...], str]:
    """Return the fields of an EXIF block and its byte order; none for a damaged block."""
    file = io.BytesIO(exif)
    try:
        layout, offset = ifd.read_layout(file)
        return read_fields(file, layout, offset), layout.order
    except (ifd.IfdError, struct.error):
        return (), "<"


def block_of_fields(fields: Iterable[Field], order: str) -> bytes:
    """Return an EXIF block of fields."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return head + encoded(fields, ifd.Layout(order), 8)


def encoded(fields: Iterable[Field], layout: ifd.Layout, at: int, following: int = 0) -> bytes:
    """Return a directory as it stands in a file.

    Args:
        fields: In any order.
        layout: Of the file; BigTIFF or not.
        at: The position where the directory will stand; all offsets count from the file's beginning.
        following: Offset of the next directory.

    Returns:
        The directory, then the values that do not fit into it and the sub-directories.
    """
    ordered = sorted(fields, key=lambda field: field.tag)
    head, entry = ("Q", "HHQ") if layout.big else ("H", "HHI")
    size = struct.calcsize(layout.order + head) + len(ordered) * (20 if layout.big else 12) + layout.inline
    table, values = [struct.pack(layout.order + head, len(ordered))], bytearray()
    for field in ordered:
        values += b"\0" * ((at + size + len(values)) % 2)  # values begin on words
        where = at + size + len(values)
        count, data = field.count, field.data
        if field.inner is not None:
            values += encoded(field.inner, layout, where)
            count, data = 1, struct.pack(layout.order + layout.offset_letter, where)
            field = replace(field, kind=IFD8 if layout.big else LONG)
        elif len(data) > layout.inline:
            values += data
            data = struct.pack(layout.order + layout.offset_letter, where)
        table.append(struct.pack(layout.order + entry, field.tag, field.kind, count) + data.ljust(layout.inline, b"\0"))
    table.append(struct.pack(layout.order + layout.offset_letter, following))
    return b"".join(table) + bytes(values)


def reordered(fields: Iterable[Field], before: str, after: str) -> tuple[Field, ...]:
    """Return fields with their numbers in another byte order; bytes and text stay."""
    if before == after:
        return tuple(fields)
    result = []
    for field in fields:
        width = ifd.TYPE_SIZES[field.kind] // (2 if field.kind in ifd.RATIONALS else 1)
        data = field.data
        if width > 1 and len(data) % width == 0:
            data = b"".join(data[start : start + width][::-1] for start in range(0, len(data), width))
        inner = None if field.inner is None else reordered(field.inner, before, after)
        result.append(replace(field, data=data, inner=inner))
    return tuple(result)


def descriptive(fields: Iterable[Field]) -> tuple[Field, ...]:
    """Return the fields that say something of the photograph, and nothing of how its pixels were stored."""
    return tuple(field for field in fields if field.tag not in STRUCTURE and field.tag not in BLOBS)


def blob(fields: Iterable[Field], tag: int) -> bytes | None:
    """Return the bytes of a field, whatever its type; None without."""
    return next((field.data for field in fields if field.tag == tag and field.data), None)


def text_field(tag: int, text: str) -> Field:
    """Return a field of text: ASCII where it is, else UTF-8 in the same type, as most readers expect it."""
    data = text.encode() + b"\0"
    return Field(tag, 2, len(data), data)


def append(file: BinaryIO, additions: list[tuple[Field, ...]]) -> None:
    """Give fields to the pages of a TIFF file that is written otherwise.

    The directories are written again at the file's end, the old fields with the new ones among them.

    Args:
        file: Open for reading and writing, a whole TIFF or BigTIFF.
        additions: For each page its fields, in the file's byte order; they replace the page's of the same tag.
    """
    layout, offset = ifd.read_layout(file)
    link = 8 if layout.big else 4  # where the offset of the next directory stands
    for fields in additions:
        if not offset:
            return
        entries, following = ifd.read_directory(file, layout, offset)
        new = {field.tag: field for field in fields}
        kept = []
        for entry in entries.values():
            if entry.tag not in new:
                if entry.size > layout.inline:  # the values stay where they are
                    data = struct.pack(layout.order + layout.offset_letter, entry.where)
                else:
                    data = entry.raw(file)
                kept.append((entry, data))
        position = file.seek(0, 2)
        position += file.write(b"\0" * (position % 2))
        file.write(_merged(kept, list(new.values()), layout, position, following))
        file.seek(link)
        file.write(struct.pack(layout.order + layout.offset_letter, position))
        count = len(kept) + len(new)
        link = position + (8 + 20 * count if layout.big else 2 + 12 * count)
        offset = following


def _merged(
    kept: list[tuple[ifd.Entry, bytes]], new: list[Field], layout: ifd.Layout, at: int, following: int
) -> bytes:
    """Return a directory of entries that stay as they are and of new fields."""
    # entries that stay are passed as fields whose data is the entry's own last bytes
    places = {entry.tag: (entry, data) for entry, data in kept}
    fields = [Field(tag, UNDEFINED, 0, b"") for tag in places] + new
    directory = bytearray(encoded(fields, layout, at, following))
    step, begin = (20, 8) if layout.big else (12, 2)
    for index in range(len(fields)):
        where = begin + index * step
        tag = struct.unpack_from(layout.order + "H", directory, where)[0]
        if tag in places:
            entry, data = places[tag]
            head = struct.pack(layout.order + ("HHQ" if layout.big else "HHI"), tag, entry.kind, entry.count)
            directory[where : where + step] = head + data.ljust(layout.inline, b"\0")
    return bytes(directory)
