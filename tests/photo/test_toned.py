# SPDX-License-Identifier: Apache-2.0
"""Toned prints are no color photographs; color photographs are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage import data
from skimage.color import lab2rgb, rgb2lab

from bwcolor.photo import read_photo
from bwcolor.photo.toned import small_version, straying, tone_of

CAT = data.chelsea()
PICTURES = {"cat": CAT, "rocket": data.rocket(), "face": data.astronaut()[::2, ::2], "cup": data.coffee()[::2, ::2]}


def toned(rgb: np.ndarray, tone) -> np.ndarray:
    """Return the photograph without its color, then with ab = tone(L) or tone(L, x, y)."""
    lightness = rgb2lab(rgb)[..., 0]
    y, x = np.mgrid[-1 : 1 : lightness.shape[0] * 1j, -1 : 1 : lightness.shape[1] * 1j]
    a, b = np.broadcast_arrays(*tone(lightness, x, y), lightness)[:2]
    return np.rint(lab2rgb(np.dstack([lightness, a, b])) * 255).astype(np.uint8)


TONES = {
    "neutral": lambda L, x, y: (0, 0),
    "sepia": lambda L, x, y: (6 - 0.03 * L, 25 - 0.1 * L),
    "cyanotype": lambda L, x, y: (-3, -40 + 0.38 * L),
    "selenium": lambda L, x, y: (5 * (L < 40), 0),
    "split toning": lambda L, x, y: (4, 15 * np.tanh((L - 50) / 15)),
    "yellowed paper": lambda L, x, y: (2, 0.22 * L),
    "yellowed at the edge": lambda L, x, y: (1, 8 + 6 * (x**2 + y**2)),
    "violet cast": lambda L, x, y: (9, -9),
    "red stamp": lambda L, x, y: (np.where((abs(x) < 0.2) & (abs(y) < 0.2), 50, 0), 10),
    "foxing": lambda L, x, y: (3, np.where(np.sin(40 * x) * np.sin(31 * y) > 0.93, 30, 8)),
}


@pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB")
@pytest.mark.parametrize("name", TONES)
@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_toned_prints_are_black_and_white(name: str, picture: np.ndarray) -> None:
    rgb = toned(picture, TONES[name])
    tone = tone_of(small_version(lambda y0, y1: rgb[y0:y1], rgb.shape[1], rgb.shape[0]))
    assert tone == ("neutral" if name == "neutral" else "toned") or (name == "selenium" and tone == "neutral")


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_color_photographs_are_in_color(picture: np.ndarray, kind: type) -> None:
    rgb = picture if kind == np.uint8 else picture.astype(np.uint16) * 257
    assert tone_of(small_version(lambda y0, y1: rgb[y0:y1], rgb.shape[1], rgb.shape[0])) == "color"


def test_chroma_noise_of_jpeg_is_no_color(tmp_path: Path) -> None:
    gray = np.repeat(data.camera()[..., None], 3, axis=2).astype(np.int16)
    noisy = (gray + np.random.default_rng(0).normal(0, 6, gray.shape)).clip(0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(tmp_path / "a.jpg", quality=60)
    assert read_photo(tmp_path / "a.jpg").tone != "color"


def test_small_pictures_and_one_pixel() -> None:
    for shape in ((1, 1), (1, 900), (900, 1), (3, 2)):
        rgb = np.full((*shape, 3), (200, 180, 140), np.uint8)
        small = small_version(lambda y0, y1, rgb=rgb: rgb[y0:y1], shape[1], shape[0])
        assert max(small.shape) <= 192
        assert tone_of(small) == "toned"


def test_straying_is_zero_for_a_function_of_lightness() -> None:
    ramp = np.linspace(0, 1, 100)[None, :, None] * np.array([1.0, 0.9, 0.7])
    assert straying(ramp) < 1.5  # the steps of lightness


def test_a_streaming_tiff_is_judged_as_a_held_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, picture in (("sepia", toned(CAT, TONES["sepia"])), ("cat", CAT)):
        tifffile.imwrite(tmp_path / "a.tif", picture, rowsperstrip=16, compression="zlib")
        held = read_photo(tmp_path / "a.tif").tone
        monkeypatch.setattr("bwcolor.photo.reading.HELD_PIXELS", 0)
        assert read_photo(tmp_path / "a.tif").tone == held == ("color" if name == "cat" else "toned")
        monkeypatch.undo()


def test_historic_photographs_are_black_and_white(photos: Path) -> None:
    files = [path for path in sorted((photos / "historic").iterdir()) if path.suffix in (".jpg", ".png")]
    assert len(files) == 37
    assert [path.name for path in files if read_photo(path).tone == "color"] == []


def test_modern_photographs_are_in_color(photos: Path) -> None:
    files = sorted((photos / "eval").glob("*.webp"))
    tones = [read_photo(path).tone for path in files]
    assert tones.count("color") >= 0.98 * len(files)
