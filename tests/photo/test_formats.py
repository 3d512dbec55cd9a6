# SPDX-License-Identifier: Apache-2.0
"""The table itself: names, suffixes, what is decided from headers; and that it costs nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from conftest import color_picture, gray_picture
from PIL import Image

from bwcolor.errors import UnsupportedPhotoError
from bwcolor.photo import Metadata
from bwcolor.photo.formats import FORMATS, TEMPORARY_SUFFIX, is_photo, output_format, output_name, probe
from bwcolor.photo.headers import Header


def test_rows_are_consistent() -> None:
    suffixes = [suffix for row in FORMATS.values() for suffix in (*row.suffixes, *row.read_as)]
    assert len(suffixes) == len(set(suffixes))
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in suffixes)
    kinds = set(Metadata.__dataclass_fields__) - {"extra"} | {"alpha", "pages"}
    for name, row in FORMATS.items():
        assert name == row.name
        assert callable(row.codec.read)
        assert bool(row.depths) == hasattr(row.codec, "write") or row.module == "heif"
        assert row.holds <= kinds
    assert not is_photo(Path("a" + TEMPORARY_SUFFIX))


@pytest.mark.parametrize(
    "name", ["a.jpg", "B.JPEG", "c.TIF", "d.e.png", "é.webp", "f.jp2", "g.PGM", "h.avif", "i.heic"]
)
def test_photos(name: str) -> None:
    assert is_photo(Path(name))


@pytest.mark.parametrize(
    "name", ["Thumbs.db", "a.txt", "a.xmp", "a.pdf", "jpg", ".jpg", "a.jpg.part", "a.gif", "a.dng"]
)
def test_no_photos(name: str) -> None:
    assert not is_photo(Path(name))


def test_probing_needs_no_decoder(tmp_path: Path) -> None:
    Image.fromarray(gray_picture()).save(tmp_path / "a.jpg")
    tifffile.imwrite(tmp_path / "a.tif", gray_picture(16))
    program = (
        "import sys\nfrom pathlib import Path\nfrom bwcolor.photo.formats import is_photo, output_format, probe\n"
        "for name in sys.argv[1:]:\n    output_format(*probe(Path(name)))\n"
        "print(*{'numpy', 'PIL', 'cv2', 'tifffile', 'imagecodecs', 'torch'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", program, tmp_path / "a.jpg", tmp_path / "a.tif"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == ""


def row_and_header(path: Path, picture: np.ndarray, **options):
    if path.suffix == ".tif":
        tifffile.imwrite(path, picture, **options)
    else:
        Image.fromarray(picture).save(path, **options)
    return probe(path)


def test_keep_writes_what_the_table_writes(tmp_path: Path) -> None:
    for suffix in (".jpg", ".png", ".tif", ".webp", ".jp2"):
        row, header = row_and_header(tmp_path / f"a{suffix}", gray_picture())
        assert output_format(row, header) == (row, "")
        assert output_format(row, header, "jpeg")[0] is FORMATS["jpeg"]
    row, header = row_and_header(tmp_path / "a.bmp", gray_picture())
    assert output_format(row, header) == (FORMATS["tiff"], "BMP is read only")
    Image.fromarray(color_picture()).convert("CMYK").save(tmp_path / "b.jpg")
    assert output_format(*probe(tmp_path / "b.jpg")) == (FORMATS["tiff"], "CMYK becomes RGB")


def test_keep_leaves_jpeg_where_jpeg_would_be_less() -> None:
    jpeg = FORMATS["jpeg"]
    assert output_format(jpeg, Header(100, 100, 12, "gray"))[1] == "JPEG is written with 8 bits only"
    assert output_format(jpeg, Header(100, 66_000, 8, "gray"))[1] == "JPEG holds no side over 65500 pixels"
    with pytest.raises(UnsupportedPhotoError, match="no side over 65500"):
        output_format(FORMATS["tiff"], Header(100, 66_000, 8, "gray"), "jpeg")


@pytest.mark.parametrize("wanted", ["gif", "bmp", "heic", ""])
def test_formats_that_are_not_written(wanted: str) -> None:
    with pytest.raises(UnsupportedPhotoError, match="no format that bwcolor writes"):
        output_format(FORMATS["jpeg"], Header(10, 10, 8, "gray"), wanted)


def test_names_keep_their_suffix_where_it_is_right() -> None:
    for name, row, expected in (
        ("a/b.JPG", "jpeg", "a/b.JPG"),
        ("b.jpeg", "jpeg", "b.jpeg"),
        ("b.c.TIF", "tiff", "b.c.TIF"),
        ("b.bmp", "tiff", "b.tif"),
        ("b.jpg", "png", "b.png"),
        ("b.pgm", "ppm", "b.ppm"),
        ("b.j2k", "jpeg2000", "b.jp2"),
        ("b", "tiff", "b.tif"),
    ):
        assert output_name(Path(name), FORMATS[row]) == Path(expected)


def test_orientation_and_pages_in_the_header(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    _, header = row_and_header(tmp_path / "a.jpg", gray_picture(), exif=exif)
    assert (header.width, header.height, header.upright) == (53, 37, (37, 53))
    tifffile.imwrite(tmp_path / "a.tif", np.stack([gray_picture()] * 3), photometric="minisblack", metadata=None)
    assert probe(tmp_path / "a.tif")[1].pages == 3
