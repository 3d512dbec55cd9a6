# SPDX-License-Identifier: Apache-2.0
"""A photo's colors become a file: whole or not at all, with everything the photo came with."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from bwcolor.errors import OutputError, UnsupportedPhotoError
from bwcolor.photo import icc, metadata, provenance, signing
from bwcolor.photo.formats import TEMPORARY_SUFFIX, Format, format_of_name
from bwcolor.photo.options import WriteOptions
from bwcolor.photo.photo import Metadata, Photo, Rows, Written
from bwcolor.photo.picture import Picture, at_depth


def write_photo(
    photo: Photo, rows: Rows, target: Path | str, options: WriteOptions | None = None, pages: Sequence[Rows] = ()
) -> Written:
    """Write a photo in color.

    Args:
        photo: Gives size, metadata and alpha.
        rows: ``rows(y0, y1) -> (y1 - y0, width, 3)`` uint8 or uint16 sRGB; asked for in order, each row once.
        target: The file; its suffix names the format. A file that is there is replaced, never half written.
        options: How; None takes the defaults.
        pages: The same of ``photo.pages``, in order; without them the file has one page, and the record says so.

    Returns:
        What was written, and what the format could not hold.

    Raises:
        UnsupportedPhotoError: The suffix names no format that is written, or the picture is too large for it.
        OutputError: The file cannot be written.
    """
    target, options = Path(target), options or WriteOptions()
    row = _format(target, photo)
    depth = min(max(row.depths), photo.source.depth)
    lost = [] if depth == photo.source.depth else [f"{photo.source.depth} bits per channel"]
    picture, missing = _picture(photo, rows, row, depth, options)
    lost += missing
    more: list[Picture] = []
    if "pages" in row.holds:
        more = [_picture(page, each, row, depth, options)[0] for page, each in zip(photo.pages, pages, strict=False)]
    if len(more) < len(photo.pages):
        lost.append(f"{len(photo.pages) - len(more)} further pages")
    with replacing(target) as (file, name):
        lost += row.codec.write(file, picture, *more)
        if options.signing:
            parent = (photo.source.path, photo.source.format)
            lost += signing.sign(file, target, row.name, parent, options.signing, options.provenance)
        file.flush()
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
        size = file.tell()
        if options.keep_times:
            shutil.copystat(photo.source.path, name)
    return Written(target, row.name, depth, size, digest, tuple(lost))


def _format(target: Path, photo: Photo) -> Format:
    row = format_of_name(target)
    if row is None or not row.depths:
        raise UnsupportedPhotoError(
            f"{target.name}: files of this suffix are not written.", "Write .tif, .png or .jpg."
        )
    if max(photo.width, photo.height) > row.longest:
        raise UnsupportedPhotoError(
            f"{row.title} holds no side over {row.longest} pixels, and the photo is {photo.width} x {photo.height}.",
            "Write TIFF.",
        )
    return row


def _metadata(photo: Photo, row: Format, options: WriteOptions) -> tuple[Metadata, list[str]]:
    """Return what the file will hold beside the picture, and the names of what it cannot."""
    found, lost = metadata.made_for(photo, row)
    if not options.provenance:
        return found, lost
    if "xmp" not in row.holds:
        return found, [*lost, "provenance"]
    packet, damaged = provenance.marked(found.xmp, options.provenance, photo.source.sha256)
    return replace(found, xmp=packet), [*lost, *damaged]


def _picture(photo: Photo, rows: Rows, row: Format, depth: int, options: WriteOptions) -> tuple[Picture, list[str]]:
    """Return one page on its way into a file, and the names of what it loses."""
    beside, lost = _metadata(photo, row, options)
    alpha = photo.alpha and at_depth(photo.alpha, depth)
    if alpha and "alpha" not in row.holds:
        lost.append("alpha")
        alpha = None
    picture = Picture(
        photo.width,
        photo.height,
        depth,
        at_depth(rows, depth),
        alpha,
        beside,
        icc.srgb_profile(),
        photo.source,
        options,
    )
    return picture, lost


@contextmanager
def replacing(target: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Open a temporary file beside a target; it takes the target's place when all is written and on the disk.

    The name is short and random, so that long names and several processes at work do not matter. A symbolic link at
    the target is replaced itself: what it points to might be the original.

    Args:
        target: The file wanted. Its folder is made where it is missing.

    Yields:
        The open file, for writing and reading, and its path.

    Raises:
        OutputError: Nothing can be written there.
    """
    temporary = target.with_name(f".{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # not NamedTemporaryFile: its files are nobody else's to read, whatever the umask says
        file = temporary.open("x+b")
    except OSError as error:
        raise _output_error(target, error) from error
    try:
        with file:
            yield file, temporary
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        raise _output_error(target, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _output_error(target: Path, error: OSError) -> OutputError:
    what = error.strerror or str(error)
    return OutputError(f"{target} cannot be written: {what}.", "Check its folder's permissions and free space.")
