# SPDX-License-Identifier: Apache-2.0
"""A file becomes a `Photo`: recognized by its content, decoded, converted to neutral gray, set upright."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from bwcolor.color import spaces
from bwcolor.errors import DamagedPhotoError, PhotoError, PhotoTooLargeError
from bwcolor.photo import formats, icc, neutral, toned
from bwcolor.photo.formats import Format
from bwcolor.photo.headers import Header
from bwcolor.photo.options import ReadOptions
from bwcolor.photo.orientation import turned_rows
from bwcolor.photo.photo import Photo, Rows, Source
from bwcolor.photo.scan import Pixels, Scan, rows_of

STRIP_PIXELS = 1 << 20  # converted at a time
SUSPECT_PIXELS, SUSPECT_RATIO = 1 << 26, 1000  # pixels, and pixels per byte, over which a file may be a bomb
HELD_PIXELS = 1 << 25  # a photo that could stream is read once and held up to this size


def read_photo(path: Path | str, options: ReadOptions | None = None) -> Photo:
    """Read a photo.

    Args:
        path: A file of any row of the FORMATS table, told by its content.
        options: How; None takes the defaults.

    Returns:
        The photo, upright, as neutral gray.

    Raises:
        DamagedPhotoError: The file is truncated, corrupt, empty or no photo.
        UnsupportedPhotoError: Its kind of pixel is not read.
        PhotoTooLargeError: Its header announces more pixels than allowed.
        PhotoError: It cannot be opened.
    """
    path, options = Path(path), options or ReadOptions()
    with opened(path, options) as found:
        pixels = sum(scan.width * scan.height for scan in (found.scan, *found.scan.pages))
        hold = pixels <= HELD_PIXELS
        pages = tuple(_photo(page, found, options, hold=hold) for page in found.scan.pages)
        photo = _photo(found.scan, found, options, hold=hold)
        if found.scan.streams and hold:
            found.close()
    return replace(photo, pages=pages)


def _photo(scan: Scan, found: Opened, options: ReadOptions, *, hold: bool) -> Photo:
    """Make one page upright and gray."""
    if scan.streams and hold:
        scan = _held_scan(scan)
    rows, tone, conversion = _gray_rows(scan, options)
    if not scan.streams:
        rows = rows_of(_held(rows, scan.width, scan.height))
    rows = turned_rows(rows, scan.width, scan.height, scan.orientation)
    alpha = scan.alpha and turned_rows(scan.alpha, scan.width, scan.height, scan.orientation)
    width, height, beside = scan.width, scan.height, scan.metadata
    if scan.orientation > 4:
        width, height = height, width
        beside = replace(beside, dpi=beside.dpi and beside.dpi[::-1])
    source = Source(
        found.path,
        found.format.name,
        options.depth or (16 if scan.bits > 8 else 8),
        scan.channels,
        found.size,
        found.sha256,
        scan.bits,
        (*found.notes, *scan.notes, *conversion),
        scan.truncated,
        scan.orientation,
    )
    alpha = alpha and guarded(alpha, found.path)
    return Photo(width, height, guarded(rows, found.path), beside, source, alpha, tone)


@dataclass(frozen=True)
class Opened:
    """A file's scan, and what the file is."""

    path: Path
    scan: Scan
    format: Format
    size: int
    sha256: str
    notes: tuple[str, ...]
    close: Callable[[], None]


@contextmanager
def opened(path: Path, options: ReadOptions) -> Iterator[Opened]:
    """Decode a file, or make it ready to stream; every way in which that fails becomes a `PhotoError`."""
    with _wall(path):
        file = _open(path)
        try:
            row, header = formats.probe_file(path, file)
            notes = _check_size(path, header, options, file.seek(0, 2))
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
            size = file.tell()
            file.seek(0)
            scan = row.codec.read(file, options)
            yield Opened(path, scan, row, size, digest, notes, file.close)
        except BaseException:
            file.close()
            raise
        if not scan.streams:
            file.close()


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise PhotoError(f"{path.name} cannot be read: {error.strerror or error}.", "Check its permissions.") from error


@contextmanager
def _wall(path: Path) -> Iterator[None]:
    """Turn what decoders raise on damaged bytes into one kind of error."""
    try:
        yield
    except PhotoError as error:
        if path.name in error.message:
            raise
        raise type(error)(f"{path.name}: {error.message}", error.hint) from error
    except MemoryError as error:
        raise PhotoTooLargeError(f"{path.name} does not fit into memory.", "Set --max-pixels lower.") from error
    except Exception as error:
        # decoders of untrusted bytes raise whatever they like: OSError, ValueError, SyntaxError, struct.error, ...
        what = " ".join(str(error).split()) or type(error).__name__
        raise DamagedPhotoError(f"{path.name} is damaged: {what[:200]}", "Scan or copy it again.") from error


def _check_size(path: Path, header: Header, options: ReadOptions, size: int) -> tuple[str, ...]:
    """Refuse what announces too much; return what a record should say of what announces much."""
    if header.pixels > options.max_pixels:
        raise PhotoTooLargeError(
            f"{path.name} announces {header.width} x {header.height} pixels, over the limit of "
            f"{options.max_pixels / 1e6:,.0f} megapixels.",
            "Raise it with --max-pixels if the file can be trusted.",
        )
    if header.pixels > SUSPECT_PIXELS and header.pixels > SUSPECT_RATIO * size:
        return (f"{header.pixels / 1e6:,.0f} megapixels in only {size / 1e3:,.0f} kB",)
    return ()


def guarded(rows: Rows, path: Path) -> Rows:
    """Return rows behind the same wall, for photos that are decoded as they are asked for."""

    def checked(y0: int, y1: int) -> Pixels:
        with _wall(path):
            return rows(y0, y1)

    return checked


def _held(rows: Rows, width: int, height: int) -> Pixels:
    """Read all rows in strips into one plane."""
    step = max(STRIP_PIXELS // width, 1)
    first = rows(0, min(step, height))
    if first.shape[0] == height:
        return first
    plane: Pixels = np.empty((height, *first.shape[1:]), first.dtype)
    plane[: len(first)] = first
    for y0 in range(step, height, step):
        plane[y0 : y0 + step] = rows(y0, min(y0 + step, height))
    return plane


def _held_scan(scan: Scan) -> Scan:
    """Return a streaming scan with all of its samples in memory."""
    samples = rows_of(_held(scan.samples, scan.width, scan.height))
    alpha = scan.alpha and rows_of(_held(scan.alpha, scan.width, scan.height))
    return replace(scan, samples=samples, alpha=alpha, streams=False)


def _gray_rows(scan: Scan, options: ReadOptions) -> tuple[Rows, str, tuple[str, ...]]:
    """Return the scan's neutral gray as rows, its tone, and what a record should say of the conversion."""
    notes: list[str] = []
    profile = _profile(scan, notes)
    tone = "neutral"
    if scan.space == "gray" or (not scan.streams and scan.space == "rgb" and _is_neutral(scan)):
        table = _gray_table(scan, profile)
        first = _first_channel(scan.samples)
        rows: Rows = first if table is None else (lambda y0, y1: table.take(first(y0, y1)))
    else:
        convert = _conversion(scan, profile)
        small = toned.small_version(scan.samples, scan.width, scan.height)
        tone = toned.tone_of(convert(small) if convert else small)
        rows = _rows_of_color(scan, profile, convert)
    if options.invert:
        notes.append("read as a negative")
        positive = rows
        rows = lambda y0, y1: ~positive(y0, y1)  # noqa: E731
    return rows, tone, tuple(notes)


def srgb_rows(scan: Scan) -> Rows:
    """Return the scan's samples as sRGB, ``(n, width)`` gray or ``(n, width, 3)``; its own codes where they are."""
    profile = _profile(scan, [])
    if scan.space == "gray":
        table = _gray_table(scan, profile)
        return scan.samples if table is None else (lambda y0, y1: table.take(scan.samples(y0, y1)))
    convert = _conversion(scan, profile)
    return scan.samples if convert is None else (lambda y0, y1: convert(scan.samples(y0, y1)))


def _first_channel(samples: Rows) -> Rows:
    def rows(y0: int, y1: int) -> Pixels:
        pixels = samples(y0, y1)
        return pixels if pixels.ndim == 2 else pixels[..., 0]

    return rows


def _is_neutral(scan: Scan) -> bool:
    step = max(STRIP_PIXELS // scan.width, 1)
    return all(neutral.is_neutral(scan.samples(y0, min(y0 + step, scan.height))) for y0 in range(0, scan.height, step))


def _profile(scan: Scan, notes: list[str]) -> bytes | None:
    """Return the scan's profile where it is valid and fits the samples."""
    profile = scan.metadata.icc
    if not profile:
        return None
    space = icc.space_of(profile)
    if space == scan.space or (scan.space == "gray" and space == "rgb"):
        return profile
    notes.append(f"its ICC profile is {'of ' + space if space else 'damaged or of another kind'} and was not used")
    return None


def _gray_table(scan: Scan, profile: bytes | None) -> NDArray[np.uint16] | None:
    """Return the 16-bit neutral gray of every code, None where the codes are that already."""
    levels = 256 if scan.samples(0, 1).dtype == np.uint8 else 65536
    if profile:
        return icc.gray_table(profile, levels)
    if scan.gamma is None:
        return None
    linear = spaces.gray_codes(levels) ** scan.gamma
    table: NDArray[np.uint16] = np.rint(spaces.srgb_from_linear(linear) * 65535).astype(np.uint16)
    return table


def _conversion(scan: Scan, profile: bytes | None) -> Callable[[Pixels], Pixels] | None:
    """Return what turns color samples into sRGB; None where they are."""
    if profile:
        return icc.to_srgb(profile)
    if scan.space == "cmyk":
        return neutral.rgb_of_cmyk
    table = _gray_table(scan, None)
    return None if table is None else table.take


def _rows_of_color(scan: Scan, profile: bytes | None, convert: Callable[[Pixels], Pixels] | None) -> Rows:
    """Return the neutral gray that has the lightness of color samples."""
    if profile and convert and scan.space == "rgb":
        tables = icc.luminance_of(profile, 256 if scan.samples(0, 1).dtype == np.uint8 else 65536)
        if tables:  # a hundred times as fast, and nothing is clipped
            return lambda y0, y1: neutral.neutral_of_rgb(scan.samples(y0, y1), tables)

    def rows(y0: int, y1: int) -> NDArray[Any]:
        samples = scan.samples(y0, y1)
        return neutral.neutral_of_rgb(convert(samples) if convert else samples)

    return rows
