# SPDX-License-Identifier: Apache-2.0
"""Damaged files of every format: each gives a photo or a recorded failure, soon, in little memory, and nothing else.

300 of them run with the other tests; 5,000 with ``pytest -m slow tests/photo/test_fuzz.py``. They are read in processes
of their own, so that a crash of a decoder is a failed test and no end of all tests.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from conftest import color_picture, gray_picture
from PIL import Image, PngImagePlugin

SECONDS, BYTES = 10, 10**9  # that one file may take
PROCESS_FILES = 100

READER = """
import json, resource, sys, time
from pathlib import Path
from bwcolor.errors import PhotoError
from bwcolor.photo import ReadOptions, read_photo, read_color, write_photo
import numpy as np
started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
for name in sys.stdin.read().split():
    path, begun = Path(name), time.perf_counter()
    sys.stderr.write(name + "\\n")
    sys.stderr.flush()
    outcome = "photo"
    try:
        photo = read_photo(path, ReadOptions(allow_truncated=path.stem.endswith("7")))
        if photo.width * photo.height < 10**6:
            rows = photo.rows(0, photo.height)
            assert rows.shape == (photo.height, photo.width) and rows.dtype in (np.uint8, np.uint16)
            write_photo(photo, lambda y0, y1: np.repeat(rows[y0:y1, :, None], 3, axis=2), path.with_suffix(".out.tif"))
        else:
            photo.rows(0, 1)
    except PhotoError as error:
        outcome = type(error).__name__
        assert "\\n" not in str(error) and path.name in error.message, error
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - started
    print(json.dumps([name, outcome, seconds, peak]), flush=True)
"""


def seeds() -> dict[str, bytes]:
    """Return small whole files of every format, with metadata."""
    gray, gray16, color = gray_picture(), gray_picture(16), color_picture()
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "the mill", 6
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0from the estate"
    exif.get_ifd(0x8825)[1] = "N"
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "The mill", zip=True)

    def pillow(picture: np.ndarray, kind: str, **options) -> bytes:
        stream = io.BytesIO()
        Image.fromarray(picture).save(stream, kind, **options)
        return stream.getvalue()

    def tiff(picture: np.ndarray, **options) -> bytes:
        stream = io.BytesIO()
        head = {name: options.pop(name) for name in ("bigtiff", "byteorder") if name in options}
        tifffile.imwrite(stream, picture, metadata=None, **head, **options)
        return stream.getvalue()

    profile = imagecodecs.cms_profile("gray", gamma=1.8)
    return {
        "gray.jpg": pillow(gray, "JPEG", exif=exif, icc_profile=bytes(profile)),
        "progressive.jpg": pillow(color, "JPEG", progressive=True, comment=b"by hand"),
        "twelve.jpg": bytes(imagecodecs.jpeg_encode(gray_picture(12), level=95, bitspersample=12)),
        "lossless.jpg": bytes(imagecodecs.ljpeg_encode(gray16, bitspersample=16)),
        "gray.png": pillow(gray, "PNG", exif=exif, pnginfo=text, icc_profile=bytes(profile)),
        "gray16.png": pillow(gray16, "PNG"),
        "color.png": pillow(color, "PNG"),
        "gray16.tif": tiff(gray16, description="the mill", iccprofile=bytes(profile)),
        "lzw.tif": tiff(gray16, compression="lzw", predictor=2, rowsperstrip=8),
        "tiles.tif": tiff(color, tile=(16, 16), compression="zlib", photometric="rgb"),
        "big.tif": tiff(gray16, bigtiff=True, byteorder=">"),
        "jpeg.tif": tiff(gray, compression="jpeg"),
        "g4.tif": pillow(gray > 128, "TIFF", compression="group4"),
        "ycbcr.tif": tiff(color, photometric="ycbcr", compression="lzw", subsampling=(1, 1)),
        "color.webp": pillow(color, "WEBP", exif=exif),
        "lossless.webp": pillow(color, "WEBP", lossless=True),
        "gray.jp2": bytes(imagecodecs.jpeg2k_encode(gray16, codecformat="jp2", reversible=True)),
        "gray.bmp": pillow(gray, "BMP"),
        "color.bmp": pillow(color, "BMP"),
        "gray.pgm": b"P5\n53 37\n65535\n" + gray16.astype(">u2").tobytes(),
        "plain.ppm": b"P3 53 37 255\n" + " ".join(map(str, color.ravel())).encode(),
        "gray.avif": bytes(imagecodecs.avif_encode(gray, level=60)),
        "ten.avif": bytes(imagecodecs.avif_encode(gray_picture(10), level=60, bitspersample=10)),
    }


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Return a file cut, with bits flipped, with bytes of its header or anywhere changed, or parts moved."""
    result = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        kind = int(rng.integers(7))
        at = int(rng.integers(len(result)))
        head = int(rng.integers(min(len(result), 300)))
        if kind == 0:
            result = result[: max(at, 1)]
        elif kind == 1:
            result[at] ^= 1 << int(rng.integers(8))
        elif kind == 2:
            result[head] = int(rng.choice([0, 1, 127, 128, 255, rng.integers(256)]))
        elif kind == 3:
            width = int(rng.choice([2, 4]))
            value = int(rng.choice([0, 1, 2**15, 2**16 - 1, 2**31 - 1, 2**32 - 1])) % 2 ** (8 * width)
            result[head : head + width] = value.to_bytes(width, "little" if rng.integers(2) else "big")
        elif kind == 4:
            result[at : at + int(rng.integers(1, 40))] = b""
        elif kind == 5:
            result[at:at] = rng.bytes(int(rng.integers(1, 40)))
        else:
            end = at + int(rng.integers(1, 200))
            result[at:end] = rng.bytes(len(result[at:end]))
        if not result:
            result = bytearray(b"\0")
    return bytes(result)


def check(count: int, folder: Path, seed: int) -> dict[str, int]:
    """Read damaged files; return how many ended how."""
    files = sorted(seeds().items())
    names = []
    for index in range(count):
        name, data = files[index % len(files)]
        path = folder / f"{index:05d}_{Path(name).stem}{index % 10}{Path(name).suffix}"
        path.write_bytes(damaged(data, np.random.default_rng([seed, index])))
        names.append(str(path))
    outcomes: dict[str, int] = {}
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    for start in range(0, count, PROCESS_FILES):
        part = names[start : start + PROCESS_FILES]
        done = subprocess.run(
            [sys.executable, "-c", READER],
            input="\n".join(part),
            capture_output=True,
            text=True,
            timeout=SECONDS * PROCESS_FILES,
            env=environment,
            check=False,
        )
        assert done.returncode == 0, f"exit code {done.returncode} at {done.stderr[-3000:]}"
        for line in done.stdout.splitlines():
            name, outcome, seconds, peak = json.loads(line)
            assert seconds < SECONDS, (name, seconds)
            assert peak < BYTES, (name, peak)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert sum(outcomes.values()) == count
    assert not list(folder.glob("*.bwcolor-part"))
    return outcomes


def test_300_damaged_files(tmp_path: Path) -> None:
    outcomes = check(300, tmp_path, seed=1)
    assert outcomes["DamagedPhotoError"] > 100
    assert outcomes["photo"] > 30  # a flipped bit of a pixel is no damage that anybody could see


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_5000_damaged_files(tmp_path: Path) -> None:
    assert check(5000, tmp_path, seed=2)["DamagedPhotoError"] > 1500
