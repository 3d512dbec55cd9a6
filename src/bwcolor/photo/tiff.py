# SPDX-License-Identifier: Apache-2.0
"""TIFF and BigTIFF: read band by band, whatever lies in the file: strips, tiles, planes, bits, white or black as zero.

Segments are decoded by tifffile and imagecodecs; what their codes mean (facts that no library at hand gets right for
all depths) is applied here, once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray

from bwcolor.color import spaces
from bwcolor.errors import UnsupportedPhotoError
from bwcolor.photo import headers
from bwcolor.photo.options import ReadOptions
from bwcolor.photo.photo import Metadata, Rows
from bwcolor.photo.scan import Pixels, Scan, scaled
from bwcolor.photo.tiff_writer import write as write  # the codec's other half

# PhotometricInterpretation (TIFF 6.0, and CIELab)
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, CIELAB, ICCLAB = 0, 1, 2, 3, 5, 6, 8, 9
UNSIGNED, FLOAT = 1, 3  # SampleFormat
NO_COMPRESSION = 1

BAND_BYTES = 1 << 24  # decoded at a time
HELD_BANDS = 3  # whose decoded samples are kept: neighbors are asked for again


class Segments:
    """The samples of one page, decoded band by band.

    Args:
        file: Open; stays so.
        page: The page.
        allow_truncated: Whether segments that are missing become zeros.
    """

    def __init__(self, file: BinaryIO, page: tifffile.TiffPage, *, allow_truncated: bool = False) -> None:
        self.page = page
        self.missing = False
        self._file = file
        self._allow_truncated = allow_truncated
        self._lock = threading.RLock()
        self._bands: OrderedDict[int, NDArray[Any]] = OrderedDict()
        self._tables = page.jpegtables
        self._height = page.imagelength
        self._row_bytes = page.imagewidth * page.samplesperpixel * page.dtype.itemsize  # type: ignore[union-attr]
        rows = page.tilelength if page.is_tiled else page.rowsperstrip
        self._segment_rows = min(rows, self._height)
        self._sliced = self._is_sliced()
        lines = max(BAND_BYTES // max(self._row_bytes, 1), 1)
        if self._sliced:
            self._band_rows = min(lines, self._height)
        else:
            self._band_rows = min(max(lines // self._segment_rows, 1) * self._segment_rows, self._height)

    def _is_sliced(self) -> bool:
        """Tell whether rows lie in the file one after the other as they are, so that any few can be read."""
        page = self.page
        offsets, sizes = page.dataoffsets, page.databytecounts
        whole = page.bitspersample in (8, 16, 32, 64) and page.dtype is not None
        return bool(
            page.compression == NO_COMPRESSION
            and whole
            and not page.is_tiled
            and page.planarconfig == 1
            and page.predictor == 1
            and page.fillorder == 1
            and len(offsets) == len(sizes)
            and all(start + size == after for start, size, after in zip(offsets, sizes, offsets[1:], strict=False))
            and sum(sizes) == self._row_bytes * self._height
        )

    def rows(self, y0: int, y1: int) -> NDArray[Any]:
        """Return ``(y1 - y0, width, samples)`` codes of the page's own dtype."""
        with self._lock:
            first, last = y0 // self._band_rows, (y1 - 1) // self._band_rows
            parts = []
            for index in range(first, last + 1):
                top = index * self._band_rows
                band = self._band(index)
                parts.append(band[max(y0 - top, 0) : y1 - top])
            return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _band(self, index: int) -> NDArray[Any]:
        if index in self._bands:
            self._bands.move_to_end(index)
        else:
            while len(self._bands) >= HELD_BANDS:
                self._bands.popitem(last=False)
            top = index * self._band_rows
            bottom = min(top + self._band_rows, self._height)
            self._bands[index] = self._slice(top, bottom) if self._sliced else self._decode(top, bottom)
        return self._bands[index]

    def _slice(self, top: int, bottom: int) -> NDArray[Any]:
        page = self.page
        self._file.seek(page.dataoffsets[0] + top * self._row_bytes)
        wanted = (bottom - top) * self._row_bytes
        data = self._file.read(wanted)
        if len(data) < wanted:
            if not self._allow_truncated:
                raise ValueError("its pixels are cut off")
            self.missing = True
            data = data.ljust(wanted, b"\0")
        codes = np.frombuffer(data, page.dtype.newbyteorder(page.parent.byteorder))  # type: ignore[union-attr]
        return codes.astype(page.dtype, copy=False).reshape(bottom - top, page.imagewidth, page.samplesperpixel)

    def _decode(self, top: int, bottom: int) -> NDArray[Any]:
        page = self.page
        across = -(-page.imagewidth // page.tilewidth) if page.is_tiled else 1
        down = -(-self._height // self._segment_rows)
        planes = page.samplesperpixel if page.planarconfig == 2 else 1
        band = np.zeros((bottom - top, page.imagewidth, page.samplesperpixel), page.dtype)
        for plane in range(planes):
            for row in range(top // self._segment_rows, -(-bottom // self._segment_rows)):
                for column in range(across):
                    self._place(band, top, (plane * down + row) * across + column)
        return band

    def _place(self, band: NDArray[Any], top: int, index: int) -> None:
        """Decode one strip or tile into a band."""
        page = self.page
        samples, (plane, _, y, x, _) = None, page.decode(None, index)[1]
        try:
            self._file.seek(page.dataoffsets[index])
            data = self._file.read(page.databytecounts[index])
            if len(data) < page.databytecounts[index] or not data:
                raise ValueError(f"its strip or tile {index} is cut off")
            samples, (plane, _, y, x, _), _ = page.decode(data, index, jpegtables=self._tables)
        except Exception:
            if not self._allow_truncated:
                raise
            self.missing = True
        if samples is None:
            return
        samples = samples[0]
        room = band[y - top : y - top + samples.shape[0], x : x + samples.shape[1]]
        fitting = samples[: room.shape[0], : room.shape[1]]
        if page.planarconfig == 2:
            room[..., plane] = fitting[..., 0]
        else:
            room[...] = fitting


@dataclass(frozen=True)
class Meaning:
    """What a page's codes are.

    Attributes:
        space: "gray", "rgb" or "cmyk".
        channels: What the file holds, for the record.
        colors: Samples of a pixel that are color.
        notes: For the record.
    """

    space: str
    channels: str
    colors: int
    notes: tuple[str, ...] = ()


def read(file: BinaryIO, options: ReadOptions) -> Scan:
    """Open a TIFF for reading band by band.

    Args:
        file: Open, seekable; is kept open by the scan.
        options: See `ReadOptions`.

    Returns:
        Gray, RGB or CMYK samples of its first full-size page.

    Raises:
        UnsupportedPhotoError: Its kind of pixel is not read.
    """
    pages = full_pages(tifffile.TiffFile(file))
    return scan_of(file, pages[0], options)


def full_pages(tiff: tifffile.TiffFile) -> list[tifffile.TiffPage]:
    """Return the pages that are no smaller version of another."""
    pages = [page for page in tiff.pages if isinstance(page, tifffile.TiffPage)]
    full = [page for page in pages if not page.subfiletype & headers.REDUCED]
    return full or pages


def scan_of(file: BinaryIO, page: tifffile.TiffPage, options: ReadOptions) -> Scan:
    """Make one page ready to be read."""
    if page.dtype is None or page.dtype.kind not in "uf" or page.imagedepth > 1:
        raise UnsupportedPhotoError(f"A TIFF of {page.bitspersample}-bit samples of this kind is not read.")
    meaning = _meaning(page)
    segments = Segments(file, page, allow_truncated=options.allow_truncated)
    if options.allow_truncated:  # what is missing must be known before the record is written
        for y0 in range(0, page.imagelength, 1024):
            segments.rows(y0, min(y0 + 1024, page.imagelength))
    samples, alpha = _streams(page, segments, meaning)
    icc = page.tags.get(34675)
    tag = page.tags.get(headers.ORIENTATION)
    orientation = int(tag.value) if tag is not None and tag.count == 1 and 1 <= int(tag.value) <= 8 else 1
    return Scan(
        page.imagewidth,
        page.imagelength,
        samples,
        meaning.space,
        meaning.channels,
        8 if page.photometric == PALETTE else page.bitspersample,
        Metadata(icc=bytes(icc.value) if icc is not None else None, dpi=_dpi(page)),
        alpha=alpha,
        orientation=orientation,
        notes=meaning.notes,
        truncated=segments.missing,
        streams=True,
    )


def _dpi(page: tifffile.TiffPage) -> tuple[float, float] | None:
    unit = page.tags.valueof(296, 2)
    values = []
    for tag in (282, 283):
        value = page.tags.valueof(tag)
        if value is None or len(value) < 2 or not value[0] or not value[1] or unit not in (2, 3):
            return None
        values.append(value[0] / value[1] * (2.54 if unit == 3 else 1.0))
    return values[0], values[1]


def _meaning(page: tifffile.TiffPage) -> Meaning:
    """Decide what a page's samples are."""
    photometric, count = int(page.photometric), page.samplesperpixel
    if photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO, CIELAB, ICCLAB):
        colors, space, name = (1 if photometric <= BLACK_IS_ZERO else 3), "gray", "gray"
        name = "gray" if photometric <= BLACK_IS_ZERO else "lab"
    elif photometric == PALETTE:
        colors, space, name = 1, "rgb", "palette"
    elif photometric in (RGB, YCBCR):
        colors, space, name = 3, "rgb", "rgb" if photometric == RGB else "ycbcr"
    elif photometric == CMYK:
        colors, space, name = 4, "cmyk", "cmyk"
    else:
        raise UnsupportedPhotoError(f"A TIFF of photometric interpretation {photometric} is not read.")
    if count < colors:
        raise ValueError(f"it claims {count} samples a pixel where {name} needs {colors}")
    return Meaning(space, name + ("+alpha" if _alpha_index(page, colors) is not None else ""), colors)


def _alpha_index(page: tifffile.TiffPage, colors: int) -> int | None:
    """Return which sample of a pixel is its alpha: 1 is associated, 2 is not (TIFF 6.0, ExtraSamples)."""
    extra = [int(kind) for kind in page.extrasamples]
    for index, kind in enumerate(extra[: page.samplesperpixel - colors]):
        if kind in (1, 2):
            return colors + index
    # one more sample without a word is alpha to every reader
    return colors if not extra and page.samplesperpixel == colors + 1 else None


def _streams(page: tifffile.TiffPage, segments: Segments, meaning: Meaning) -> tuple[Rows, Rows | None]:
    """Return the rows of color samples at full scale, and those of alpha."""
    bits, kind = page.bitspersample, page.dtype.kind  # type: ignore[union-attr]
    photometric = int(page.photometric)
    alpha_index = _alpha_index(page, meaning.colors)
    palette = _palette(page) if photometric == PALETTE else None
    lightness = _lab_table(page) if photometric in (CIELAB, ICCLAB) else None

    def full_scale(codes: NDArray[Any]) -> Pixels:
        if kind == "f":
            linear = np.nan_to_num(codes.astype(np.float32), nan=0.0).clip(0.0, 1.0)
            encoded: NDArray[np.uint16] = np.rint(spaces.srgb_from_linear(linear) * 65535).astype(np.uint16)
            return encoded
        return scaled(codes, bits)

    def samples(y0: int, y1: int) -> Pixels:
        codes = segments.rows(y0, y1)
        if palette is not None:
            return palette.take(codes[..., 0], axis=0)
        if lightness is not None:
            return lightness.take(codes[..., 0])
        color = codes[..., 0] if meaning.colors == 1 else codes[..., : meaning.colors]
        pixels = full_scale(np.ascontiguousarray(color))
        return ~pixels if photometric == WHITE_IS_ZERO else pixels

    def alpha(y0: int, y1: int) -> Pixels:
        return full_scale(np.ascontiguousarray(segments.rows(y0, y1)[..., alpha_index]))

    return samples, None if alpha_index is None else alpha


def _palette(page: tifffile.TiffPage) -> NDArray[np.uint16]:
    """Return ``(codes, 3)`` uint16."""
    colormap = np.asarray(page.colormap, np.uint16).T
    # some writers fill in 8-bit values
    return np.ascontiguousarray(colormap * np.uint16(257) if colormap.max(initial=0) < 256 else colormap)


def _lab_table(page: tifffile.TiffPage) -> NDArray[np.uint16]:
    """Return the neutral gray of every code of L* (TIFF 6.0, section 23; ICC Lab ends at 0xFF00)."""
    levels = 2**page.bitspersample
    if levels not in (256, 65536):
        raise UnsupportedPhotoError(f"A Lab TIFF of {page.bitspersample} bits is not read.")
    white = 0xFF00 if levels == 65536 and int(page.photometric) == ICCLAB else levels - 1
    lightness = (np.arange(levels) / white * 100.0).clip(0, 100)
    table: NDArray[np.uint16] = np.rint(spaces.gray_from_lightness(lightness) * 65535).astype(np.uint16)
    return table
