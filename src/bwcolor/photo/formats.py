# SPDX-License-Identifier: Apache-2.0
"""The FORMATS table: which files are photos, how each is recognized, read and written, and what it can hold.

Nothing here decodes a picture, and importing it costs nothing: the plan of a job is made from names and first bytes.
To add a format: a row here, a function in ``headers.py``, a module with ``read`` and, where it is written, ``write``.
"""

from __future__ import annotations

import importlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from bwcolor.errors import DamagedPhotoError, PhotoError, UnsupportedPhotoError
from bwcolor.photo import headers
from bwcolor.photo.headers import Header

SNIFFED = 32  # first bytes that tell a format
TEMPORARY_SUFFIX = ".bwcolor-part"  # of a file that is being written; no format has it, so no walk takes it


@dataclass(frozen=True)
class Format:
    """One row of the table.

    Attributes:
        name: As options and records name it.
        title: As people name it.
        suffixes: Lower case; the first one is given to new files.
        sniff: Whether a file's first bytes are this format's.
        header: Reads size and depth from an open file.
        module: Its codec in this package: ``read(file, options) -> Scan``, ``write(file, picture) -> None``.
        depths: Bits per channel in which it is written; empty where it is read only.
        holds: Kinds of metadata that a written file can hold.
        longest: Pixels that a side can have.
        read_as: Further suffixes, of variants that are read only (a PGM holds no color).
        extra: The optional package group without which it is not read; empty for none.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    sniff: Callable[[bytes], bool]
    header: Callable[[BinaryIO], Header]
    module: str
    depths: tuple[int, ...] = ()
    holds: frozenset[str] = frozenset()
    longest: int = 2**31 - 1
    read_as: tuple[str, ...] = ()
    extra: str = ""

    @property
    def codec(self) -> Any:
        """Its module, imported when it is first needed."""
        return importlib.import_module(f"bwcolor.photo.{self.module}")


def _starts(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(beginnings)


def _brand(*brands: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[4:8] == b"ftyp" and head[8:12] in brands


def _netpbm(head: bytes) -> bool:
    return head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace()


FORMATS: dict[str, Format] = {
    row.name: row
    for row in (
        Format(
            "jpeg",
            "JPEG",
            (".jpg", ".jpeg", ".jpe", ".jfif"),
            _starts(b"\xff\xd8\xff"),
            headers.read_jpeg,
            "jpeg",
            (8,),
            frozenset({"exif", "xmp", "iptc", "photoshop", "icc", "dpi", "text", "comments"}),
            65500,
        ),
        Format(
            "png",
            "PNG",
            (".png",),
            _starts(b"\x89PNG\r\n\x1a\n"),
            headers.read_png,
            "png",
            (8, 16),
            frozenset({"exif", "xmp", "iptc", "photoshop", "icc", "dpi", "text", "comments", "alpha"}),
        ),
        Format(
            "tiff",
            "TIFF",
            (".tif", ".tiff", ".btf", ".tf8"),
            _starts(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
            headers.read_tiff,
            "tiff",
            (8, 16),
            frozenset({"exif", "xmp", "iptc", "photoshop", "icc", "dpi", "text", "comments", "alpha", "pages"}),
        ),
        Format(
            "webp",
            "WebP",
            (".webp",),
            lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP",
            headers.read_webp,
            "webp",
            (8,),
            frozenset({"exif", "xmp", "icc", "alpha"}),
            16383,
        ),
        Format(
            "jpeg2000",
            "JPEG 2000",
            (".jp2", ".jpf", ".jpx"),
            _starts(b"\0\0\0\x0cjP  \r\n\x87\n", headers.J2K_START),
            headers.read_jpeg2000,
            "jpeg2000",
            (8, 16),
            frozenset({"exif", "xmp", "iptc", "icc", "dpi"}),
            read_as=(".j2k", ".j2c"),
        ),
        Format(
            "ppm",
            "PGM/PPM",
            (".ppm", ".pnm"),
            _netpbm,
            headers.read_netpbm,
            "netpbm",
            (8, 16),
            frozenset({"comments"}),
            read_as=(".pgm", ".pbm"),
        ),
        Format("bmp", "BMP", (".bmp", ".dib"), _starts(b"BM"), headers.read_bmp, "bmp"),
        Format("avif", "AVIF", (".avif",), _brand(b"avif", b"avis"), headers.read_heif, "heif"),
        Format(
            "heic",
            "HEIC",
            (".heic", ".heif"),
            _brand(b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"),
            headers.read_heif,
            "heif",
            extra="heif",
        ),
    )
}

_BY_SUFFIX = {suffix: row for row in FORMATS.values() for suffix in (*row.suffixes, *row.read_as)}


def is_photo(path: Path) -> bool:
    """Tell by a file's suffix whether it is a photo; others are left alone."""
    return path.suffix.lower() in _BY_SUFFIX


def format_of_name(path: Path) -> Format | None:
    """Return the row that a file's suffix names; None where no row has it."""
    return _BY_SUFFIX.get(path.suffix.lower())


def format_of_content(path: Path, head: bytes) -> Format:
    """Return the row of what a file is by its first bytes, whatever its name says.

    Args:
        path: For the message.
        head: At least `SNIFFED` bytes, or all there are.

    Raises:
        DamagedPhotoError: It is empty, or no photo.
    """
    if not head:
        raise DamagedPhotoError(f"{path.name} is empty.", "Copy it again from where it came from.")
    if not head.strip(b"\0"):
        raise DamagedPhotoError(f"{path.name} begins with zeros.", "Copy it again from where it came from.")
    for row in FORMATS.values():
        if row.sniff(head):
            return row
    named = format_of_name(path)
    kind = f"no {named.title}" if named else "no photo"
    raise DamagedPhotoError(
        f"{path.name} is {kind}: its first bytes belong to no format that bwcolor knows.", "Is it another kind of file?"
    )


def probe(path: Path) -> tuple[Format, Header]:
    """Read a file's format and header without decoding its picture.

    Args:
        path: A file.

    Returns:
        Its row and its header.

    Raises:
        DamagedPhotoError: It is empty, no photo, or its header makes no sense.
        PhotoError: It cannot be opened.
    """
    try:
        with path.open("rb") as file:
            return probe_file(path, file)
    except OSError as error:
        raise PhotoError(f"{path.name} cannot be read: {error.strerror or error}.", "Check its permissions.") from error


def probe_file(path: Path, file: BinaryIO) -> tuple[Format, Header]:
    """Do as `probe` does, with an open file; ``path`` is for messages only."""
    file.seek(0)
    row = format_of_content(path, file.read(SNIFFED))
    try:
        header = row.header(file)
    except (headers.HeaderError, ValueError, struct.error, IndexError, OverflowError) as error:
        raise DamagedPhotoError(f"{path.name} is a damaged {row.title}: {error}.") from error
    if header.width < 1 or header.height < 1:
        raise DamagedPhotoError(
            f"{path.name} is a damaged {row.title}: it claims a size of {header.width} x {header.height}."
        )
    return row, header


def output_format(row: Format, header: Header, wanted: str = "keep") -> tuple[Format, str]:
    """Decide the format in which a photo is written.

    Args:
        row: What the scan's file is.
        header: What it announces.
        wanted: A name of the table, or "keep": the scan's own where the table writes it, else TIFF.

    Returns:
        The row, and where "keep" could not be kept the reason, else "".

    Raises:
        UnsupportedPhotoError: The format wanted is not written, or cannot hold so large a picture.
    """
    width, height = header.upright
    if wanted == "keep":
        if not row.depths:
            return FORMATS["tiff"], f"{row.title} is read only"
        if header.channels.startswith("cmyk"):
            return FORMATS["tiff"], "CMYK becomes RGB"
        if max(width, height) > row.longest:
            return FORMATS["tiff"], f"{row.title} holds no side over {row.longest} pixels"
        if header.bits > max(row.depths):
            return FORMATS["tiff"], f"{row.title} is written with {max(row.depths)} bits only"
        return row, ""
    chosen = FORMATS.get(wanted)
    if chosen is None or not chosen.depths:
        names = ", ".join(name for name, each in FORMATS.items() if each.depths)
        raise UnsupportedPhotoError(f"{wanted} is no format that bwcolor writes.", f"Take keep or one of {names}.")
    if max(width, height) > chosen.longest:
        raise UnsupportedPhotoError(
            f"{chosen.title} holds no side over {chosen.longest} pixels, and the photo is {width} x {height}.",
            "Write TIFF.",
        )
    return chosen, ""


def output_name(name: Path, row: Format) -> Path:
    """Return a file's name with a suffix of ``row``: its own where that is one of them."""
    if name.suffix.lower() in row.suffixes:
        return name
    return name.with_name(name.stem + row.suffixes[0])
