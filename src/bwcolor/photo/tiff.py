# SPDX-License-Identifier: Apache-2.0
"""TIFF and BigTIFF: whatever lies in the file - planes, bits, floats, palettes, inks, white or black as zero.

Segments are decoded by tifffile and imagecodecs; what their codes mean (which no library at hand gets right for all
depths) is decided here, once. Uncompressed YCbCr and old-style JPEG are left to libtiff.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

from bwcolor.color import spaces
from bwcolor.errors import UnsupportedPhotoError
from bwcolor.photo import exif, fields, headers, ifd
from bwcolor.photo.options import ReadOptions
from bwcolor.photo.photo import Metadata, Rows
from bwcolor.photo.scan import Pixels, Scan, rows_of, scaled
from bwcolor.photo.segments import Segments
from bwcolor.photo.tiff_writer import write as write  # the codec's other half

logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # what it warns of is an error here, or of no matter

# PhotometricInterpretation (TIFF 6.0, and CIELab)
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, CIELAB, ICCLAB = 0, 1, 2, 3, 5, 6, 8, 9
OLD_JPEG, JPEG = 6, (7, 34892)  # Compression
ASSOCIATED, UNASSOCIATED = 1, 2  # ExtraSamples
LEAST_VALUE, MOST_VALUE = 340, 341  # SMinSampleValue, SMaxSampleValue
USUAL_WHITES = (1.0, 255.0, 65535.0)  # of float samples
STEP_ROWS = 256


def read(file: BinaryIO, options: ReadOptions) -> Scan:
    """Open a TIFF for reading band by band.

    Args:
        file: Open, seekable; is kept open by the scan.
        options: See `ReadOptions`.

    Returns:
        Gray, RGB or CMYK samples of its first full-size page; the further ones are its ``pages``.

    Raises:
        UnsupportedPhotoError: Its kind of pixel is not read.
    """
    everything = [page for page in tifffile.TiffFile(file).pages if isinstance(page, tifffile.TiffPage)]
    full = [page for page in everything if not page.subfiletype & headers.REDUCED] or everything
    notes = ("smaller versions of its picture are left out",) if len(full) < len(everything) else ()
    first, *rest = full
    return _scan(file, first, options, notes, tuple(_scan(file, page, options) for page in rest))


def _scan(
    file: BinaryIO,
    page: tifffile.TiffPage,
    options: ReadOptions,
    notes: tuple[str, ...] = (),
    pages: tuple[Scan, ...] = (),
) -> Scan:
    """Make one page ready to be read."""
    kind = page.dtype.kind if page.dtype is not None else ""
    if kind not in "bfu" or not kind or page.imagedepth > 1:
        raise UnsupportedPhotoError(f"A TIFF of {page.bitspersample}-bit samples of this kind is not read.")
    if page.imagewidth * page.imagelength > options.max_pixels:
        raise ValueError(f"a page of it claims {page.imagewidth} x {page.imagelength} pixels")
    metadata, orientation = _metadata(file, page)
    if page.compression == OLD_JPEG or (page.photometric == YCBCR and page.compression not in JPEG):
        meaning, truncated = Meaning("rgb", "ycbcr", 3), False
        samples, alpha = rows_of(_by_libtiff(file, page)), None
    else:
        meaning = _meaning(page)
        segments = Segments(file, page, allow_truncated=options.allow_truncated)
        if options.allow_truncated:  # what is missing must be known before the record is written
            for y0 in range(0, page.imagelength, STEP_ROWS):
                segments.rows(y0, min(y0 + STEP_ROWS, page.imagelength))
        truncated = segments.missing
        scale, range_note = _scale(page, segments)
        notes = (*notes, *range_note)
        samples, alpha = _streams(page, segments, meaning, scale)
    metadata.extra["associated_alpha"] = ASSOCIATED in page.extrasamples
    return Scan(
        page.imagewidth,
        page.imagelength,
        samples,
        meaning.space,
        meaning.channels,
        8 if page.photometric == PALETTE else page.bitspersample,
        metadata,
        alpha=alpha,
        orientation=orientation,
        notes=notes,
        truncated=truncated,
        streams=True,
        pages=pages,
    )


def _by_libtiff(file: BinaryIO, page: tifffile.TiffPage) -> Pixels:
    """Return ``(h, W, 3)`` uint8 of a page as libtiff converts it; never turned."""
    file.seek(0)
    rgb = imagecodecs.tiff_decode(file.read(), page.index, asrgb=True)
    if rgb.shape[:2] != (page.imagelength, page.imagewidth):
        raise ValueError("its page is not of the size that it claims")
    return np.ascontiguousarray(rgb[..., :3])


@dataclass(frozen=True)
class Meaning:
    """What a page's samples are.

    Attributes:
        space: "gray", "rgb" or "cmyk".
        channels: What the file holds, for the record.
        colors: Samples of a pixel that are color.
        alpha: Which sample of a pixel is its alpha; None without.
    """

    space: str
    channels: str
    colors: int
    alpha: int | None = None


def _meaning(page: tifffile.TiffPage) -> Meaning:
    """Decide what a page's samples are."""
    kinds = {
        WHITE_IS_ZERO: ("gray", "gray", 1),
        BLACK_IS_ZERO: ("gray", "gray", 1),
        RGB: ("rgb", "rgb", 3),
        PALETTE: ("rgb", "palette", 1),
        CMYK: ("cmyk", "cmyk", 4),
        YCBCR: ("rgb", "ycbcr", 3),
        CIELAB: ("gray", "lab", 3),
        ICCLAB: ("gray", "lab", 3),
    }
    if int(page.photometric) not in kinds:
        raise UnsupportedPhotoError(f"A TIFF of photometric interpretation {int(page.photometric)} is not read.")
    space, name, colors = kinds[int(page.photometric)]
    if name == "lab" and page.samplesperpixel == 1:
        colors = 1
    if page.samplesperpixel < colors:
        raise ValueError(f"it claims {page.samplesperpixel} samples a pixel where {name} needs {colors}")
    if space != "gray" and page.dtype is not None and page.dtype.kind == "f" and space != "rgb":
        raise UnsupportedPhotoError(f"A TIFF of {name} in floats is not read.")
    alpha = _alpha_index(page, colors)
    return Meaning(space, name if alpha is None else f"{name}+alpha", colors, alpha)


def _alpha_index(page: tifffile.TiffPage, colors: int) -> int | None:
    extra = [int(kind) for kind in page.extrasamples]
    for index, kind in enumerate(extra[: page.samplesperpixel - colors]):
        if kind in (ASSOCIATED, UNASSOCIATED):
            return colors + index
    # one more sample without a word is alpha to every reader
    return colors if not extra and page.samplesperpixel == colors + 1 else None


Scale = Callable[[NDArray[Any]], Pixels]


def _scale(page: tifffile.TiffPage, segments: Segments) -> tuple[Scale, tuple[str, ...]]:
    """Return what brings codes to full scale, and what the record should say of it."""
    bits = page.bitspersample
    if page.dtype is None or page.dtype.kind != "f":
        return (lambda codes: scaled(codes, bits)), ()
    low, high = _float_range(page, segments)

    def encode(codes: NDArray[Any]) -> Pixels:
        linear = (np.nan_to_num(codes.astype(np.float32), nan=low) - low) / (high - low)
        encoded: NDArray[np.uint16] = np.rint(spaces.srgb_from_linear(linear.clip(0.0, 1.0)) * 65535).astype(np.uint16)
        return encoded

    return encode, (f"float samples taken as linear light from {low:g} (black) to {high:g} (white), clipped there",)


def _float_range(page: tifffile.TiffPage, segments: Segments) -> tuple[float, float]:
    """Return black and white of float samples: as the file says, else 0 and the next usual white."""
    named = [page.tags.valueof(tag) for tag in (LEAST_VALUE, MOST_VALUE)]
    if all(value is not None for value in named):
        low, high = (float(np.min(value) if index == 0 else np.max(value)) for index, value in enumerate(named))
        if np.isfinite([low, high]).all() and low < high:
            return low, high
    most = 0.0
    for y0 in range(0, page.imagelength, STEP_ROWS):
        codes = segments.rows(y0, min(y0 + STEP_ROWS, page.imagelength))
        most = max(most, float(np.max(codes, where=np.isfinite(codes), initial=0.0)))
    return 0.0, next((white for white in USUAL_WHITES if most <= white), most)


def _streams(page: tifffile.TiffPage, segments: Segments, meaning: Meaning, scale: Scale) -> tuple[Rows, Rows | None]:
    """Return the rows of color samples at full scale, and those of alpha."""
    photometric = int(page.photometric)
    table = _palette(page) if photometric == PALETTE else None
    table = _lab_table(page) if photometric in (CIELAB, ICCLAB) else table

    def samples(y0: int, y1: int) -> Pixels:
        codes = segments.rows(y0, y1)
        if table is not None:
            return table.take(codes[..., 0], axis=0)
        color = codes[..., 0] if meaning.colors == 1 else codes[..., : meaning.colors]
        pixels = scale(np.ascontiguousarray(color))
        return ~pixels if photometric == WHITE_IS_ZERO else pixels

    def alpha(y0: int, y1: int) -> Pixels:
        return scale(np.ascontiguousarray(segments.rows(y0, y1)[..., meaning.alpha]))

    return samples, None if meaning.alpha is None else alpha


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


def _metadata(file: BinaryIO, page: tifffile.TiffPage) -> tuple[Metadata, int]:
    """Return what lies beside a page's pixels, its descriptive fields as an EXIF block, and its orientation."""
    layout, _ = ifd.read_layout(file)
    found = fields.read_fields(file, layout, page.offset)
    describing = fields.descriptive(found)
    orientation = next((f.data for f in found if f.tag == exif.ORIENTATION and f.kind == fields.SHORT), b"")
    value = struct.unpack(layout.order + "H", orientation[:2])[0] if len(orientation) >= 2 else 1
    metadata = Metadata(
        exif=fields.block_of_fields(describing, layout.order) if describing else None,
        xmp=fields.blob(found, fields.XMP),
        icc=fields.blob(found, fields.ICC),
        dpi=_dpi(page),
        iptc=fields.blob(found, fields.IPTC),
        photoshop=fields.blob(found, fields.PHOTOSHOP),
        extra={"left": tuple(name for tag, name in fields.LEFT_BEHIND.items() if any(f.tag == tag for f in found))},
    )
    return metadata, value if 1 <= value <= 8 else 1


def _dpi(page: tifffile.TiffPage) -> tuple[float, float] | None:
    unit = page.tags.valueof(296, 2)
    values = []
    for tag in (282, 283):
        value = page.tags.valueof(tag)
        if value is None or len(value) < 2 or not value[0] or not value[1] or unit not in (2, 3):
            return None
        values.append(value[0] / value[1] * (2.54 if unit == 3 else 1.0))
    return values[0], values[1]
