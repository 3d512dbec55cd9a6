# SPDX-License-Identifier: Apache-2.0
"""A contact sheet: photos, each by every network, side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bwcolor.errors import OutputError, UsageError, WeightsError
from bwcolor.evaluation.photographs import shown
from bwcolor.metrics.pair import EIGHT_BITS, Pixels, as_depth
from bwcolor.models.table import MODELS, find_model
from bwcolor.models.weights import local_path

Rgb = NDArray[np.uint8]

LONG_SIDE = 640  # pixels of each picture
MARGIN = 12  # pixels
CAPTION = 26  # pixels, height of a line of words
FONT_SIZE = 15  # pixels
PAPER, INK = (250, 249, 246), (30, 30, 28)  # sRGB
UNTRAINED = "null"  # for trials; not among the networks that are compared unasked
LEAST_SIZE = 64  # pixels; networks with a smaller working size are for tiny pictures
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
QUALITY = 92  # of JPEG and WebP

Progress = Callable[[Iterable[Path]], Iterable[Path]]


def networks_at_hand() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the networks whose weights are on this machine, and those of the others.

    Networks for tiny pictures are in neither: beside a photograph they say nothing.

    Raises:
        WeightsError: There is not one.
    """
    networks = {name: row for name, row in MODELS.items() if row.working_size >= LEAST_SIZE and name != UNTRAINED}
    found = tuple(name for name, row in networks.items() if local_path(row) is not None)
    if not found:
        raise WeightsError(
            "No network's weights are on this machine.", f"Name networks with --model; {UNTRAINED} needs no weights."
        )
    return found, tuple(name for name in networks if name not in found)


def check_target(target: Path, photos: Sequence[Path], overwrite: bool) -> None:
    """Make sure that a sheet can be written.

    Raises:
        UsageError: The suffix is none that sheets have.
        OutputError: A file is there already, or its folder is not.
    """
    if target.suffix.lower() not in FORMATS:
        raise UsageError(f"A sheet cannot be written as {target.name}.", "Take .jpg, .png or .webp.")
    if any(target.exists() and photo.exists() and target.samefile(photo) for photo in photos):
        raise UsageError(f"{target} is one of the photos.", "Name another file with --out.")
    if target.exists() and not overwrite:
        raise OutputError(f"{target} exists.", "Name another file with --out, or say --overwrite.")
    if not target.parent.is_dir():
        raise OutputError(f"{target.parent} is no folder.", "Make it, or name another file with --out.")


def small_gray(path: Path, long_side: int = LONG_SIDE) -> NDArray[np.uint16]:
    """Return a photo's neutral gray, made small by averaging lightness.

    Args:
        path: Of the photo.
        long_side: Most pixels of the longer side.

    Returns:
        ``(h, w)`` uint16, sRGB-encoded.

    Raises:
        PhotoError: It cannot be read.
    """
    from bwcolor.color.downsample import shrink
    from bwcolor.color.spaces import gray_from_lightness
    from bwcolor.photo import read_photo

    photo = read_photo(path)
    scale = min(long_side / max(photo.width, photo.height), 1.0)
    shape = (max(round(photo.height * scale), 1), max(round(photo.width * scale), 1))
    lightness = shrink(photo.rows, photo.height, photo.width, shape).astype(np.float64)
    gray: NDArray[np.uint16] = np.rint(np.clip(gray_from_lightness(lightness), 0, 1) * 65535).astype(np.uint16)
    return gray


def make_sheet(
    photos: Sequence[Path], models: Sequence[str], options: Mapping[str, Any], progress: Progress = lambda paths: paths
) -> Rgb:
    """Colorize photos by several networks and lay them out: a row for each photo, gray first.

    Args:
        photos: Paths.
        models: Names of networks.
        options: Further arguments of `bwcolor.load`.
        progress: Wraps the photos while they are worked through.

    Returns:
        ``(H, W, 3)`` uint8 sRGB.

    Raises:
        PhotoError: A photo cannot be read.
        UsageError: There is no such network.
        WeightsError: A network's weights are not here.
    """
    from bwcolor.colorizer import load

    for name in models:
        find_model(name)
    colorizers = [load(name, **options) for name in models]
    rows: list[list[Pixels]] = []
    for path in progress(photos):
        gray = small_gray(path)
        plain = as_depth(np.repeat(gray[..., None], 3, axis=2), EIGHT_BITS)
        rows.append([plain, *(as_depth(each.colorize_gray(gray), EIGHT_BITS) for each in colorizers)])
    return lay_out(rows, ["gray", *models], [shown(path.name) for path in photos])


def lay_out(rows: Sequence[Sequence[Pixels]], heads: Sequence[str], names: Sequence[str]) -> Rgb:
    """Lay pictures out on one sheet, with words over the columns and under the rows.

    Args:
        rows: ``(h, w, 3)`` uint8 pictures, those of a row of one size.
        heads: Words over each column.
        names: Words under each row.

    Returns:
        ``(H, W, 3)`` uint8 sRGB.
    """
    from PIL import Image, ImageDraw, ImageFont

    width = max(picture.shape[1] for row in rows for picture in row)
    sheet = Image.new(
        "RGB",
        (MARGIN + len(heads) * (width + MARGIN), CAPTION + sum(row[0].shape[0] + CAPTION + MARGIN for row in rows)),
        PAPER,
    )
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(FONT_SIZE)
    left = [MARGIN + column * (width + MARGIN) for column in range(len(heads))]
    for x, words in zip(left, heads, strict=True):
        draw.text((x, 5), words, INK, font)
    top = CAPTION
    for row, words in zip(rows, names, strict=True):
        for x, picture in zip(left, row, strict=True):
            sheet.paste(Image.fromarray(picture), (x, top))
        top += row[0].shape[0]
        draw.text((MARGIN, top + 3), words, INK, font)
        top += CAPTION + MARGIN
    return np.asarray(sheet)


def write_sheet(sheet: Rgb, target: Path) -> None:
    """Write a sheet, whole or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    from PIL import Image

    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            Image.fromarray(sheet).save(stream, FORMATS[target.suffix.lower()], quality=QUALITY, subsampling=0)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise OutputError(f"{target} cannot be written: {reason}.", "Name another file with --out.") from error
