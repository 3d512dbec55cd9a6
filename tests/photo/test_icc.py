# SPDX-License-Identifier: Apache-2.0
"""Profiles of gray, RGB and CMYK scans, against formulas and against Little CMS in Pillow."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from conftest import HEIGHT, color_picture, gray_picture
from PIL import Image, ImageCms
from skimage.color import rgb2lab

from bwcolor.photo import read_color, read_photo
from bwcolor.photo.icc import gray_table, is_srgb, space_of, srgb_profile, to_srgb

D65 = (0.3127, 0.3290)
ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
PROPHOTO = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))


def gray_profile(gamma: float) -> bytes:
    return bytes(imagecodecs.cms_profile("gray", gamma=gamma))


def dot_gain_profile(gain: float = 0.2) -> bytes:
    """Return a gray output profile whose curve is a table: ink, and the dot gain of the press."""
    base = bytearray(gray_profile(1.0))
    ink = 1 - np.linspace(0, 1, 256)
    area = np.minimum(ink + 4 * gain * ink * (1 - ink), 1)
    table = np.rint((1 - area) * 65535).astype(">u2").tobytes()
    count = struct.unpack_from(">I", base, 128)[0]
    curve = b"curv" + bytes(4) + struct.pack(">I", 256) + table
    for index in range(count):
        entry = 132 + 12 * index
        if base[entry : entry + 4] == b"kTRC":
            struct.pack_into(">II", base, entry + 4, len(base), len(curve))
    base += curve
    struct.pack_into(">I", base, 0, len(base))
    return bytes(base)


def rgb_profile(primaries=ADOBE, gamma: float = 2.19921875) -> bytes:
    flat = [value for point in primaries for value in point]
    return bytes(imagecodecs.cms_profile("rgb", whitepoint=D65, primaries=flat, gamma=gamma))


def srgb_of_linear(linear: np.ndarray) -> np.ndarray:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def embedded(path: Path, picture: np.ndarray, profile: bytes) -> Path:
    if path.suffix == ".tif":
        tifffile.imwrite(path, picture, iccprofile=profile, metadata=None)
    elif path.suffix == ".jp2":
        path.write_bytes(imagecodecs.jpeg2k_encode(picture, codecformat="jp2", reversible=True))
    else:
        Image.fromarray(picture).save(path, icc_profile=profile, **({"quality": 100} if path.suffix == ".jpg" else {}))
    return path


@pytest.mark.parametrize("suffix", [".tif", ".png", ".jpg"])
@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
def test_gray_with_a_gamma(suffix: str, gamma: float, tmp_path: Path) -> None:
    bits = 8 if suffix == ".jpg" else 16
    path = embedded(tmp_path / f"a{suffix}", gray_picture(bits), gray_profile(gamma))
    photo = read_photo(path)
    stored = gray_picture(16) if bits == 16 else np.asarray(Image.open(path))
    expected = srgb_of_linear((stored / (2**bits - 1)) ** gamma) * 65535
    rows = photo.rows(0, HEIGHT)
    assert rows.dtype == np.uint16  # 8-bit codes between two levels of sRGB are not rounded to one of them
    assert photo.source.depth == bits
    assert np.abs(rows - expected).max() <= 2  # of 65535


def test_dot_gain(tmp_path: Path) -> None:
    profile = dot_gain_profile()
    rows = read_photo(embedded(tmp_path / "a.tif", gray_picture(16), profile)).rows(0, HEIGHT)
    ink = 1 - gray_picture(16) / 65535
    expected = srgb_of_linear((1 - np.minimum(ink + 0.8 * ink * (1 - ink), 1)).clip(0)) * 65535
    assert np.abs(rows - expected).max() <= 10  # the table has 256 entries
    # and as Pillow's Little CMS has it, which works in 8 bits
    eight = Image.fromarray((gray_picture(16) >> 8).astype(np.uint8))
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    seen = np.asarray(ImageCms.profileToProfile(eight, source, ImageCms.createProfile("sRGB"), 1, outputMode="RGB"))
    ours = read_photo(embedded(tmp_path / "b.png", np.asarray(eight), profile)).rows(0, HEIGHT)
    assert np.abs(ours / 257 - seen[..., 0])[seen[..., 0] > 30].max() <= 0.6


def test_gray_that_is_srgb_is_the_scan_itself(tmp_path: Path) -> None:
    for picture in (gray_picture(), gray_picture(16)):
        rows = read_photo(embedded(tmp_path / "a.tif", picture, srgb_profile())).rows(0, HEIGHT)
        assert rows.dtype == picture.dtype
        assert np.array_equal(rows, picture)


@pytest.mark.parametrize("suffix", [".tif", ".png"])
@pytest.mark.parametrize(("primaries", "gamma"), [(ADOBE, 2.19921875), (PROPHOTO, 1.8)])
def test_rgb_matrix_profiles(suffix: str, primaries, gamma: float, tmp_path: Path) -> None:
    """Grays of any RGB profile stay grays, with its curve; colors as Pillow's Little CMS has them."""
    profile = rgb_profile(primaries, gamma)
    picture = np.repeat(gray_picture(16)[..., None], 3, axis=2) if suffix == ".tif" else color_picture()
    path = tmp_path / f"a{suffix}"
    if suffix == ".tif":
        picture = picture.copy()
        picture[0, 0, 0] += 9  # not neutral everywhere: the way of colors, not of gray scans
        photo = read_photo(embedded(path, picture, profile))
        expected = srgb_of_linear((gray_picture(16) / 65535) ** gamma) * 65535
        assert np.abs(photo.rows(1, HEIGHT) - expected[1:]).max() <= 2
        return
    rgb = read_color(embedded(path, picture, profile)).rows(0, HEIGHT)
    assert rgb.dtype == np.uint16
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    seen = ImageCms.profileToProfile(Image.fromarray(picture), source, ImageCms.createProfile("sRGB"), 1)
    bright = np.asarray(seen).min(axis=2) > 30  # it is wrong in the darks
    assert np.abs(rgb / 257 - np.asarray(seen))[bright].max() <= 1.0
    # the lightness of the rows is that of the colors, but for those that sRGB cannot show
    rows = read_photo(path).rows(0, HEIGHT)
    lightness = rgb2lab(np.repeat(rows[..., None] / 65535, 3, axis=2))[..., 0]
    inside = (rgb.min(axis=2) > 0) & (rgb.max(axis=2) < 65535)
    assert np.abs(lightness - rgb2lab(rgb / 65535)[..., 0])[inside].max() < 0.02


def test_srgb_of_others_leaves_the_codes(tmp_path: Path) -> None:
    other = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert is_srgb(other)
    assert to_srgb(other) is None
    assert not is_srgb(rgb_profile())
    rgb = read_color(embedded(tmp_path / "a.png", color_picture(), other)).rows(0, HEIGHT)
    assert np.array_equal(rgb, color_picture())


def test_profile_of_another_kind_is_not_used_and_said_so(tmp_path: Path) -> None:
    photo = read_photo(embedded(tmp_path / "a.tif", color_picture(), gray_profile(1.0)))
    assert photo.source.notes == ("its ICC profile is of gray and was not used",)
    photo = read_photo(embedded(tmp_path / "b.tif", gray_picture(), b"rubbish" * 30))
    assert photo.source.notes == ("its ICC profile is damaged or of another kind and was not used",)
    assert np.array_equal(photo.rows(0, HEIGHT), gray_picture())


@pytest.mark.parametrize("data", [b"", b"x" * 127, b"x" * 500, bytes(500)])
def test_rubbish_is_no_profile(data: bytes) -> None:
    assert space_of(data) == ""


def test_cut_profile_is_no_profile() -> None:
    whole = gray_profile(1.8)
    assert space_of(whole) == "gray"
    assert space_of(whole[:130]) == ""


def test_table_is_made_once_and_cannot_be_changed() -> None:
    table = gray_table(gray_profile(1.8), 256)
    assert table is gray_table(gray_profile(1.8), 256)
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 1


def test_jpeg2000_applies_its_profile_once(tmp_path: Path) -> None:
    """The decoder would apply it a first time, silently."""
    data = bytes(imagecodecs.jpeg2k_encode(gray_picture(16), codecformat="jp2", reversible=True))
    profile = gray_profile(1.8)
    at = data.index(b"colr") - 4
    size = struct.unpack_from(">I", data, at)[0]
    box = struct.pack(">I4s3B", 11 + len(profile), b"colr", 2, 0, 0) + profile
    head = data.index(b"jp2h") - 4
    grown = struct.unpack_from(">I", data, head)[0] + len(box) - size
    data = data[:head] + struct.pack(">I", grown) + data[head + 4 : at] + box + data[at + size :]
    (tmp_path / "a.jp2").write_bytes(data)
    rows = read_photo(tmp_path / "a.jp2").rows(0, HEIGHT)
    expected = srgb_of_linear((gray_picture(16) / 65535) ** 1.8) * 65535
    assert np.abs(rows - expected).max() <= 2


@pytest.mark.parametrize("bits", [8, 16])
def test_cmyk_profile(bits: int, tmp_path: Path, cmyk: Callable[[], bytes]) -> None:
    inks = np.dstack([color_picture(bits), gray_picture(bits)]) // 2
    tifffile.imwrite(tmp_path / "a.tif", inks, photometric="separated", iccprofile=cmyk(), metadata=None)
    photo, color = read_photo(tmp_path / "a.tif"), read_color(tmp_path / "a.tif")
    assert (photo.source.channels, photo.source.depth, photo.source.notes) == ("cmyk", bits, ())
    source = ImageCms.ImageCmsProfile(io.BytesIO(cmyk()))
    eight = inks if bits == 8 else (inks.astype(np.uint32) * 255 // 65535).astype(np.uint8)
    seen = ImageCms.profileToProfile(
        Image.fromarray(eight, "CMYK"), source, ImageCms.createProfile("sRGB"), 1, outputMode="RGB"
    )
    assert np.abs(color.rows(0, HEIGHT) / 257 - np.asarray(seen)).max() <= (1.0 if bits == 8 else 3.0)


@pytest.fixture
def cmyk() -> Callable[[], bytes]:
    """Return a small CMYK profile: a table of 3 steps for each ink to Lab (lut8Type, ICC.1, 10.11)."""

    def make() -> bytes:
        steps = 3
        grid = np.stack(np.meshgrid(*[np.linspace(0, 1, steps)] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
        rgb = (1 - grid[:, :3]) * (1 - grid[:, 3:])
        wide = np.rint(rgb * 65535).astype(np.uint16)[None]
        lab = imagecodecs.cms_transform(
            wide.astype(np.float64) / 65535,
            srgb_profile(),
            imagecodecs.cms_profile("lab4"),
            colorspace="rgb",
            outcolorspace="lab",
        )[0]
        codes = np.rint(np.stack([lab[:, 0] * 2.55, lab[:, 1] + 128, lab[:, 2] + 128], axis=1)).clip(0, 255)
        identity = bytes(range(256))
        matrix = struct.pack(">9I", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
        lut = b"mft1" + bytes(4) + bytes((4, 3, steps, 0)) + matrix + identity * 4
        lut += codes.astype(np.uint8).tobytes() + identity * 3
        text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"inks\0" + bytes(78)
        white = b"XYZ " + bytes(4) + struct.pack(">3I", 63190, 65536, 54061)
        tags = [(b"A2B0", lut), (b"desc", text), (b"wtpt", white)]
        table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
        for name, data in tags:
            data += bytes(-len(data) % 4)
            table += struct.pack(">4sII", name, at + len(body), len(data))
            body += data
        size = at + len(body)
        head = struct.pack(
            ">I4s4s4s4s4s12s4s", size, b"test", b"\2\x40\0\0", b"prtr", b"CMYK", b"Lab ", bytes(12), b"acsp"
        )
        head = head.ljust(68, b"\0") + struct.pack(">3I", 63190, 65536, 54061)
        return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body

    return make
