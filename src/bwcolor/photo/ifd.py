# SPDX-License-Identifier: Apache-2.0
"""Image file directories: the structure that TIFF, BigTIFF and EXIF share (TIFF 6.0, section 2)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

# bytes and struct letter of each field type; 2 (text) and 7 (undefined) are read as bytes
TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_LETTERS = {1: "B", 3: "H", 4: "I", 5: "I", 6: "b", 8: "h", 9: "i", 10: "i", 11: "f", 12: "d", 13: "I"}
_LETTERS |= {16: "Q", 17: "q", 18: "Q"}
RATIONALS = (5, 10)  # two numbers each

MOST_ENTRIES = 4096  # a directory with more is damaged
MOST_VALUE_BYTES = 1 << 28


class IfdError(ValueError):
    """A directory points outside its file or makes no sense."""


@dataclass(frozen=True)
class Layout:
    """How numbers lie in a TIFF structure.

    Attributes:
        order: "<" (Intel) or ">" (Motorola).
        big: Whether it is a BigTIFF, with 64-bit offsets.
    """

    order: str
    big: bool = False

    @property
    def offset_letter(self) -> str:
        """Struct letter of an offset."""
        return "Q" if self.big else "I"

    @property
    def inline(self) -> int:
        """Bytes that fit into an entry itself."""
        return 8 if self.big else 4


@dataclass(frozen=True)
class Entry:
    """One field of a directory.

    Attributes:
        tag: Its number.
        kind: Field type of TIFF 6.0 (3 is a 16-bit number, 5 a rational, ...).
        count: How many values.
        where: Position of the first value in the file.
        layout: How its numbers lie.
    """

    tag: int
    kind: int
    count: int
    where: int
    layout: Layout

    @property
    def size(self) -> int:
        """Bytes of all values."""
        return self.count * TYPE_SIZES[self.kind]

    def raw(self, file: BinaryIO) -> bytes:
        """Return the values as they lie in the file.

        Raises:
            IfdError: The file ends before.
        """
        if self.size > MOST_VALUE_BYTES:
            raise IfdError(f"tag {self.tag} is {self.size} bytes long")
        file.seek(self.where)
        data = file.read(self.size)
        if len(data) < self.size:
            raise IfdError(f"tag {self.tag} lies outside the file")
        return data

    def numbers(self, file: BinaryIO) -> tuple[float, ...]:
        """Return the values as numbers; rationals divided, 0 where the denominator is 0."""
        raw = self.raw(file)
        if self.kind in (2, 7):
            return tuple(raw)
        letters = self.layout.order + _LETTERS[self.kind] * (self.count * (2 if self.kind in RATIONALS else 1))
        values = struct.unpack(letters, raw)
        if self.kind in RATIONALS:
            return tuple(a / b if b else 0.0 for a, b in zip(values[::2], values[1::2], strict=True))
        return values

    def number(self, file: BinaryIO, default: int = 0) -> int:
        """Return the first value as a whole number."""
        if not self.count:
            return default
        return int(Entry(self.tag, self.kind, 1, self.where, self.layout).numbers(file)[0])


def read_layout(file: BinaryIO, start: int = 0) -> tuple[Layout, int]:
    """Read the header of a TIFF structure.

    Args:
        file: Seekable.
        start: Where the structure begins.

    Returns:
        Its layout and the offset of its first directory.

    Raises:
        IfdError: It is no TIFF structure.
    """
    file.seek(start)
    head = file.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        raise IfdError("no TIFF header")
    version = struct.unpack(order + "H", head[2:4])[0]
    if version == 42:
        return Layout(order), struct.unpack(order + "I", head[4:8])[0]
    if version == 43 and len(head) == 16 and head[4:8] == struct.pack(order + "HH", 8, 0):
        return Layout(order, big=True), struct.unpack(order + "Q", head[8:16])[0]
    raise IfdError("no TIFF header")


def read_directory(file: BinaryIO, layout: Layout, offset: int) -> tuple[dict[int, Entry], int]:
    """Read one directory, without the values of its fields.

    Args:
        file: Seekable; positions count from its beginning.
        layout: From `read_layout`.
        offset: Where the directory begins.

    Returns:
        Its entries by tag (the first of a doubled tag; unknown field types left out) and the offset of the next one,
        0 after the last.

    Raises:
        IfdError: The file ends before.
    """
    count_format, entry_format = (layout.order + "Q", "HHQ") if layout.big else (layout.order + "H", "HHI")
    head_size, entry_size = struct.calcsize(count_format), 20 if layout.big else 12
    file.seek(offset)
    head = file.read(head_size)
    if offset < 8 or len(head) < head_size:
        raise IfdError("a directory lies outside the file")
    count = struct.unpack(count_format, head)[0]
    if not 0 < count <= MOST_ENTRIES:
        raise IfdError(f"a directory of {count} entries")
    table = file.read(count * entry_size + layout.inline)
    if len(table) < count * entry_size:
        raise IfdError("a directory is cut off")
    entries: dict[int, Entry] = {}
    for index in range(count):
        at = index * entry_size
        tag, kind, values = struct.unpack_from(layout.order + entry_format, table, at)
        if kind not in TYPE_SIZES or tag in entries:
            continue
        where = offset + head_size + at + entry_size - layout.inline
        if values * TYPE_SIZES[kind] > layout.inline:
            where = struct.unpack_from(layout.order + layout.offset_letter, table, at + entry_size - layout.inline)[0]
        entries[tag] = Entry(tag, kind, values, where, layout)
    tail = table[count * entry_size :]
    following = struct.unpack(layout.order + layout.offset_letter, tail)[0] if len(tail) == layout.inline else 0
    return entries, following
