#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Colorize a small folder of scans, or a folder of one's own, and put before and after on one sheet.

    python scripts/demo.py [FOLDER] [--model NAME]

Without FOLDER the scans are made from the photographs that scikit-image carries in its package; nothing is fetched.
Everything is written below demo/ in the checkout.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps
from skimage import data

from bwcolor import read_photo
from bwcolor.archive.ledger import Ledger
from bwcolor.archive.rows import Outcome
from bwcolor.color.spaces import linear_from_srgb, luminance_from_linear, srgb_from_linear
from bwcolor.errors import ExitCode

DEMO = Path(__file__).resolve().parent.parent / "demo"

# EXIF tags (Exif 2.3, 4.6.4) and the value that means "turn by 90 degrees clockwise to view"
DESCRIPTION, ORIENTATION, ARTIST = 0x010E, 0x0112, 0x013B
TURN_CLOCKWISE = 6

JPEG_QUALITY = 92
NOTES = "Suffixes that bwcolor does not know are counted and left alone.\n"

# the sheet, in pixels
THUMBNAIL = (360, 300)
GAP = 14
SEAM = 4  # between before and after
CAPTION = 24
PAIRS_PER_ROW = 2
MOST_PAIRS = 24
PAPER, INK = (250, 250, 248), (40, 40, 40)


def color_photographs() -> dict[str, NDArray[np.uint8]]:
    """Return scikit-image's color photographs: name -> (H, W, 3) uint8 sRGB."""
    return {
        "portrait": data.astronaut(),
        "cat": data.chelsea(),
        "coffee": data.coffee(),
        "rocket": data.rocket(),
        "garage": data.stereo_motorcycle()[0],
    }


def neutral(rgb: NDArray[np.uint8], depth: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Return the gray that has a photograph's lightness.

    Args:
        rgb: (H, W, 3) uint8 sRGB.
        depth: Bits of the result, 8 or 16.

    Returns:
        (H, W) uint8 or uint16, sRGB-encoded.
    """
    linear = linear_from_srgb(rgb / 255.0)
    gray = srgb_from_linear(luminance_from_linear(linear[..., 0], linear[..., 1], linear[..., 2]))
    return np.rint(gray.clip(0, 1) * (2**depth - 1)).astype(np.uint16 if depth == 16 else np.uint8)


def jpeg(gray: NDArray[np.uint8], description: str, orientation: int = 1) -> bytes:
    """Encode a scan as a JPEG with a caption and an orientation."""
    exif = Image.Exif()
    exif[DESCRIPTION], exif[ORIENTATION], exif[ARTIST] = description, orientation, "scikit-image's test photographs"
    stream = io.BytesIO()
    Image.fromarray(gray).save(stream, "JPEG", quality=JPEG_QUALITY, exif=exif.tobytes(), dpi=(300, 300))
    return stream.getvalue()


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode gray or RGB pixels as a PNG."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def tiff(gray: NDArray[np.uint16], description: str) -> bytes:
    """Encode a scan as a 16-bit gray TIFF."""
    stream = io.BytesIO()
    tifffile.imwrite(
        stream, gray, photometric="minisblack", description=description, software=False, metadata=None,
        compression="deflate", predictor=True, resolution=(300, 300), resolutionunit="INCH",
    )  # fmt: skip
    return stream.getvalue()


def files() -> Iterator[tuple[str, bytes]]:
    """Yield (path below demo/, bytes): the scans, and under originals/ the color photographs they were made from."""
    photographs = color_photographs()
    gray = {name: neutral(rgb, 8) for name, rgb in photographs.items()}
    yield "scans/portrait.jpg", jpeg(gray["portrait"], "Eileen Collins, astronaut")
    yield "scans/cat.jpg", jpeg(np.rot90(gray["cat"]).copy(), "Chelsea, a cat", TURN_CLOCKWISE)
    yield "scans/cameraman.png", png(data.camera())
    yield "scans/coffee-16bit.tif", tiff(neutral(photographs["coffee"], 16), "A cup of coffee")
    yield "scans/outdoors/rocket.jpg", jpeg(gray["rocket"], "A rocket on its launch pad")
    yield "scans/indoors/garage.png", png(gray["garage"])
    yield "scans/notes.txt", NOTES.encode()
    for name, rgb in photographs.items():
        yield f"originals/{name}.png", png(rgb)


def make_scans() -> Path:
    """Write the scans below demo/, leaving alone what is there already, and return their folder."""
    for name, content in files():
        path = DEMO / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)
    return DEMO / "scans"


def pairs(results: Path) -> list[tuple[str, Path, Path]]:
    """Return (name, scan, color copy) of every photo that the ledger of the results calls done, sorted by name."""
    with closing(Ledger(results)) as ledger:
        done = list(ledger.entries(Outcome.DONE))
    return [(entry.name, results / entry.source, results / entry.target) for entry in done]


def before(scan: Path) -> Image.Image:
    """Return a thumbnail of a scan as bwcolor reads it."""
    photo = read_photo(scan)
    rows = photo.rows(0, photo.height)
    eight = (rows.astype(np.uint32) * 255 // np.iinfo(rows.dtype).max).astype(np.uint8)
    return ImageOps.contain(Image.fromarray(eight).convert("RGB"), THUMBNAIL)


def after(result: Path) -> Image.Image:
    """Return a thumbnail of a result."""
    with result.open("rb") as stream:
        return ImageOps.contain(ImageOps.exif_transpose(Image.open(stream)).convert("RGB"), THUMBNAIL)


def sheet(found: list[tuple[str, Path, Path]]) -> Image.Image:
    """Draw pairs of before and after; of many, some spread evenly over the folder."""
    drawn = np.linspace(0, len(found) - 1, min(len(found), MOST_PAIRS)).round().astype(int)
    pairs_shown = [(name, before(scan), after(result)) for name, scan, result in (found[index] for index in drawn)]
    rows = [pairs_shown[start : start + PAIRS_PER_ROW] for start in range(0, len(pairs_shown), PAIRS_PER_ROW)]
    heights = [max(picture.height for _, *both in row for picture in both) for row in rows]
    cell = 2 * THUMBNAIL[0] + 2 * GAP
    canvas = Image.new("RGB", (PAIRS_PER_ROW * cell + GAP, sum(heights) + len(rows) * (CAPTION + GAP) + GAP), PAPER)
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(size=15)
    top = GAP
    for row, height in zip(rows, heights, strict=True):
        for column, (name, gray, color) in enumerate(row):
            middle = GAP + column * cell + THUMBNAIL[0]
            canvas.paste(gray, (middle - gray.width, top + height - gray.height))
            canvas.paste(color, (middle + SEAM, top + height - color.height))
            caption = name.encode("utf-8", "replace").decode()
            draw.text((middle + SEAM // 2, top + height + SEAM), caption, INK, font, anchor="ma")
        top += height + CAPTION + GAP
    return canvas


def main() -> int:
    """Run the demo and return the exit code of ``bwcolor colorize``."""
    parser = argparse.ArgumentParser(description="Colorize a small folder of scans and show before and after.")
    parser.add_argument("folder", nargs="?", default="", help="scans of your own; default: made from scikit-image's")
    parser.add_argument("--model", help="network; default: bwcolor's default")
    options = parser.parse_args()
    scans = Path(options.folder).expanduser().resolve() if options.folder else make_scans()
    results = DEMO / f"{scans.name}-color"
    DEMO.mkdir(exist_ok=True)
    model = ["--model", options.model] if options.model else []
    # what an older version or another network left is colored again; what is as it would be now is not
    command = [sys.executable, "-m", "bwcolor", "colorize", str(scans), "--out", str(results), "--overwrite", *model]
    code = subprocess.run(command, check=False).returncode
    if code not in (ExitCode.OK, ExitCode.PHOTOS_FAILED):
        return code
    found = pairs(results)
    if not found:
        return code
    target = DEMO / f"{scans.name}-before-after.png"
    sheet(found).save(target)
    print(f"\nScans:            {scans}\nIn color:         {results}\nBefore and after: {target}")
    return code


if __name__ == "__main__":
    sys.exit(main())
