# SPDX-License-Identifier: Apache-2.0
"""What is written can be read back by others, is whole or not there, and is the same bytes every time."""

from __future__ import annotations

import errno
import io
import os
import stat
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from conftest import HEIGHT, WIDTH, gray_picture
from PIL import Image

from bwcolor.errors import DamagedPhotoError, OutputError, UnsupportedPhotoError
from bwcolor.photo import Metadata, Photo, Source, WriteOptions, read_color, read_photo, write_photo
from bwcolor.photo.icc import srgb_profile

RNG = np.random.default_rng(7)
RGB8 = RNG.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
RGB16 = RNG.integers(0, 65536, (HEIGHT, WIDTH, 3)).astype(np.uint16)


def photo_of(depth: int = 8, alpha: np.ndarray | None = None, **source) -> Photo:
    gray = gray_picture(depth)
    told = Source(Path("scan.tif"), "tiff", depth, "gray", gray.nbytes, "0" * 64, depth)
    transparency = None if alpha is None else (lambda y0, y1: alpha[y0:y1])
    return Photo(WIDTH, HEIGHT, lambda y0, y1: gray[y0:y1], Metadata(), replace(told, **source), transparency)


def rows_of(picture: np.ndarray) -> Callable[[int, int], np.ndarray]:
    """Return rows that insist on being asked for in order, each once."""
    asked = [0]

    def rows(y0: int, y1: int) -> np.ndarray:
        assert y0 == asked[0]
        assert y0 < y1 <= len(picture)
        asked[0] = y1
        return picture[y0:y1]

    return rows


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jp2", ".ppm"])
@pytest.mark.parametrize("depth", [8, 16])
def test_lossless(suffix: str, depth: int, tmp_path: Path, magick: Callable[..., None]) -> None:
    picture = RGB8 if depth == 8 else RGB16
    written = write_photo(photo_of(depth), rows_of(picture), tmp_path / f"a{suffix}")
    assert (written.depth, written.lost) == (depth, ())
    assert written.size == written.path.stat().st_size
    color = read_color(written.path)
    assert color.depth == depth
    assert np.array_equal(color.rows(0, HEIGHT), picture)
    magick(str(written.path), "-depth", str(depth), str(tmp_path / "seen.ppm"))
    assert np.array_equal(read_color(tmp_path / "seen.ppm").rows(0, HEIGHT), picture)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_alpha(suffix: str, depth: int, tmp_path: Path) -> None:
    alpha = gray_picture(depth, seed=9)
    picture = RGB8 if depth == 8 else RGB16
    written = write_photo(photo_of(depth, alpha), rows_of(picture), tmp_path / f"a{suffix}")
    photo, color = read_photo(written.path), read_color(written.path)
    if written.depth == depth:
        assert np.array_equal(photo.alpha(0, HEIGHT), alpha)
        assert np.array_equal(color.rows(0, HEIGHT), picture)
    else:  # WebP
        assert written.lost == ("16 bits per channel",)
        assert np.abs(photo.alpha(0, HEIGHT) * 257.0 - alpha).max() <= 128.5
        assert np.abs(color.rows(0, HEIGHT) * 257.0 - picture).max() <= 128.5


def test_alpha_that_is_lost_is_named(tmp_path: Path) -> None:
    written = write_photo(photo_of(16, gray_picture(16)), rows_of(RGB16), tmp_path / "a.jpg")
    assert written.lost == ("16 bits per channel", "alpha")


def test_depth_of_the_rows_follows_that_of_the_photo(tmp_path: Path) -> None:
    written = write_photo(photo_of(16), rows_of(RGB8), tmp_path / "a.png")
    assert written.depth == 16
    assert np.array_equal(read_color(written.path).rows(0, HEIGHT), RGB8.astype(np.uint16) * 257)


@pytest.mark.parametrize("depth", [8, 16])
def test_large_tiff_is_tiled_and_whole(depth: int, tmp_path: Path, monkeypatch, witness) -> None:
    monkeypatch.setattr("bwcolor.photo.tiff_writer.TILED_PIXELS", 1000)
    picture = RNG.integers(0, 2**depth, (300, 530, 3)).astype(np.uint8 if depth == 8 else np.uint16)
    photo = replace(photo_of(depth), width=530, height=300)
    for big in (False, True):
        monkeypatch.setattr("bwcolor.photo.tiff_writer.BIG_BYTES", 0 if big else 1 << 32)
        path = write_photo(photo, rows_of(picture), tmp_path / "a.tif").path
        with tifffile.TiffFile(path) as tiff:
            assert (tiff.is_bigtiff, tiff.pages[0].is_tiled) == (big, True)
        assert np.array_equal(tifffile.imread(path), picture)
        subprocess.run(
            [witness("tiffcp"), "-s", "-c", "none", path, tmp_path / "b.tif"], check=True, capture_output=True
        )
        assert np.array_equal(tifffile.imread(tmp_path / "b.tif"), picture)


@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_keeps_the_byte_order(order: str, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", gray_picture(16), byteorder=order, description="of a mill")
    photo = read_photo(tmp_path / "a.tif")
    path = write_photo(photo, rows_of(RGB16), tmp_path / "b.tif").path
    assert path.read_bytes()[:2] == (b"II" if order == "<" else b"MM")
    assert np.array_equal(tifffile.imread(path), RGB16)


def test_pages(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for seed in range(3):
            tiff.write(gray_picture(16, seed), photometric="minisblack", description=f"page {seed}", metadata=None)
    photo = read_photo(tmp_path / "a.tif")
    pictures = [np.repeat(page.rows(0, HEIGHT)[..., None], 3, axis=2) for page in (photo, *photo.pages)]
    more = [rows_of(picture) for picture in pictures[1:]]
    written = write_photo(photo, rows_of(pictures[0]), tmp_path / "b.tif", pages=more)
    assert written.lost == ()
    with tifffile.TiffFile(tmp_path / "b.tif") as tiff:
        assert [page.description for page in tiff.pages] == ["page 0", "page 1", "page 2"]
        assert all(np.array_equal(page.asarray(), picture) for page, picture in zip(tiff.pages, pictures, strict=True))
    assert write_photo(photo, rows_of(pictures[0]), tmp_path / "c.tif").lost == ("2 further pages",)
    assert "2 further pages" in write_photo(photo, rows_of(pictures[0]), tmp_path / "c.jpg", pages=more).lost


# ---- JPEG


def jpeg_scan(path: Path, quality: int = 85, **options) -> Photo:
    y, x = np.mgrid[:64, :96]
    gray = np.clip(120 + 60 * np.sin(x / 9) + 40 * np.cos(y / 7) + RNG.normal(0, 4, x.shape), 0, 255).astype(np.uint8)
    Image.fromarray(gray).save(path, quality=quality, **options)
    return read_photo(path)


def neutral(photo: Photo) -> Callable[[int, int], np.ndarray]:
    return lambda y0, y1: np.repeat(photo.rows(y0, y1)[..., None], 3, axis=2)


@pytest.mark.parametrize("quality", [60, 85, 92])
def test_jpeg_has_the_tables_of_its_scan_and_full_chroma(quality: int, tmp_path: Path) -> None:
    photo = jpeg_scan(tmp_path / "a.jpg", quality)
    path = write_photo(photo, neutral(photo), tmp_path / "b.jpg").path
    with Image.open(tmp_path / "a.jpg") as before, Image.open(path) as after:
        assert after.quantization == {0: before.quantization[0]} or after.quantization[1] == before.quantization[0]
        assert after.quantization[0] == before.quantization[0]
        assert {layer[1:3] for layer in after.layer} == {(1, 1)}
    # on its own lattice a scan comes back nearly unharmed; any other quality costs more
    errors = {}
    for name, chosen in (("own", None), ("95", 95)):
        again = write_photo(photo, neutral(photo), tmp_path / "c.jpg", WriteOptions(quality=chosen))
        errors[name] = np.abs(read_photo(again.path).rows(0, 64).astype(int) - photo.rows(0, 64)).mean()
    assert errors["own"] < 0.75
    assert quality == 60 or errors["own"] <= errors["95"] + 0.1


def test_jpeg_options(tmp_path: Path) -> None:
    photo = jpeg_scan(tmp_path / "a.jpg")
    options = WriteOptions(quality=70, progressive=True)
    with Image.open(write_photo(photo, neutral(photo), tmp_path / "b.jpg", options).path) as image:
        reference = io.BytesIO()
        Image.new("RGB", (8, 8)).save(reference, "JPEG", quality=70)
        assert image.info["progressive"]
        assert image.quantization == Image.open(reference).quantization


def test_a_side_that_a_format_cannot_hold(tmp_path: Path) -> None:
    photo = replace(photo_of(), width=70_000, height=1)
    with pytest.raises(UnsupportedPhotoError, match="no side over 65500 pixels"):
        write_photo(photo, rows_of(np.zeros((1, 70_000, 3), np.uint8)), tmp_path / "a.jpg")
    assert list(tmp_path.iterdir()) == []


# ---- the profile


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".jp2"])
def test_one_srgb_profile_in_everything(suffix: str, tmp_path: Path, exiftool) -> None:
    path = write_photo(photo_of(), rows_of(RGB8), tmp_path / f"a{suffix}").path
    assert read_photo(path).metadata.icc == srgb_profile()
    assert exiftool(path)["ICC_Profile:ProfileDescription"] == "sRGB built-in"
    first = path.read_bytes()
    write_photo(photo_of(), rows_of(RGB8), path)
    assert path.read_bytes() == first


def test_profile_is_srgb() -> None:
    imagecodecs.cms_profile_validate(srgb_profile())
    ramp = np.arange(65536, dtype=np.uint16).repeat(3).reshape(1, -1, 3)
    lab = imagecodecs.cms_transform(
        ramp, srgb_profile(), imagecodecs.cms_profile("srgb"), colorspace="rgb", outcolorspace="rgb"
    )
    assert np.abs(lab.astype(int) - ramp).max() <= 40  # of 65535: Little CMS's own noise


# ---- whole or not at all


def test_failing_rows_leave_nothing(tmp_path: Path) -> None:
    def rows(y0: int, y1: int) -> np.ndarray:
        if y0 > 8:
            raise DamagedPhotoError("scan.tif is damaged.")
        return RGB8[y0:y1]

    for suffix in (".png", ".tif", ".ppm", ".jpg"):
        photo = replace(photo_of(), height=100_000)
        with pytest.raises(DamagedPhotoError):
            write_photo(photo, rows, tmp_path / f"a{suffix}") if suffix != ".jpg" else write_photo(
                replace(photo, height=60_000), lambda y0, y1: rows(9, 10), tmp_path / "a.jpg"
            )
    assert list(tmp_path.iterdir()) == []


def test_earlier_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"earlier")

    def rows(y0: int, y1: int) -> np.ndarray:
        assert target.read_bytes() == b"earlier"
        [part] = [path for path in tmp_path.iterdir() if path != target]
        assert part.suffix == ".bwcolor-part"
        return RGB8[y0:y1]

    write_photo(photo_of(), rows, target)
    assert read_color(target).width == WIDTH
    assert list(tmp_path.iterdir()) == [target]


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("bwcolor.photo.writing.os.fsync", full)
    with pytest.raises(OutputError, match="cannot be written: No space left on device"):
        write_photo(photo_of(), rows_of(RGB8), tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_photo(photo_of(), rows_of(RGB8), tmp_path / "a" / "b.png")


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")
def test_mode_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        path = write_photo(photo_of(), rows_of(RGB8), tmp_path / "a.png").path
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege there")
def test_what_a_link_points_to_is_never_written(tmp_path: Path) -> None:
    original = tmp_path / "original.png"
    original.write_bytes(b"original")
    (tmp_path / "a.png").symlink_to(original)
    write_photo(photo_of(), rows_of(RGB8), tmp_path / "a.png")
    assert original.read_bytes() == b"original"
    assert not (tmp_path / "a.png").is_symlink()


def test_name_that_is_no_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9 " + b"x" * 240 + b".png")
    try:
        (tmp_path / name).write_bytes(b"")
    except OSError:
        pytest.skip("this file system holds UTF-8 names only")
    path = write_photo(photo_of(), rows_of(RGB8), tmp_path / name).path
    assert read_photo(path).width == WIDTH


def test_times_are_kept(tmp_path: Path) -> None:
    photo = jpeg_scan(tmp_path / "a.jpg")
    os.utime(tmp_path / "a.jpg", ns=(1_000_000_000_123_456_789, 1_100_000_000_987_654_321))
    path = write_photo(photo, neutral(photo), tmp_path / "b.jpg", WriteOptions(keep_times=True)).path
    assert path.stat().st_mtime_ns == 1_100_000_000_987_654_321


def test_suffix_that_is_not_written(tmp_path: Path) -> None:
    for name in ("a.bmp", "a.avif", "a.txt", "a"):
        with pytest.raises(UnsupportedPhotoError):
            write_photo(photo_of(), rows_of(RGB8), tmp_path / name)
