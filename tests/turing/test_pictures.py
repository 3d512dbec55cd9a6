# SPDX-License-Identifier: Apache-2.0
"""Pictures of a trial differ in their pixels and in nothing else."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bwcolor.errors import PhotoError
from bwcolor.metrics.pair import Picture
from bwcolor.turing.pictures import decoy, png, read_picture, to_one_size

FILE = Path("a.png")


def noise(height, width, seed=0, most=256):
    return np.random.default_rng(seed).integers(0, most, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(1, 1), (30, 40), (267, 400), (400, 300)])
def test_files_of_one_size_have_one_length_and_one_header(size):
    """Noise and an even gray could not differ more in what they weigh once compressed."""
    files = [png(noise(*size)), png(np.full((*size, 3), 90, np.uint8)), png(noise(*size, most=2))]
    assert len({len(file) for file in files}) == 1
    assert len({file[:33] for file in files}) == 1  # signature and header
    chunks = [file.count(b"IDAT") for file in files if size != (1, 1)]
    assert len(set(chunks)) <= 1


def test_files_hold_the_pixels_and_nothing_else(tmp_path):
    rgb = noise(20, 30)
    path = tmp_path / "x.png"
    path.write_bytes(png(rgb))
    with Image.open(path) as image:
        assert (np.asarray(image) == rgb).all()
        assert image.info == {}


def test_pictures_are_brought_to_the_smallest_size_by_the_same_steps():
    real = noise(300, 400)
    same, large = to_one_size([(FILE, real), (FILE, real.copy())], 200)
    assert same.shape == (150, 200, 3)
    assert (same == large).all()
    real, small = to_one_size([(FILE, real), (FILE, noise(60, 80))], 200)
    assert real.shape == small.shape == (60, 80, 3)
    untouched, _ = to_one_size([(FILE, small), (FILE, small)], 200)
    assert untouched is small


def test_a_prediction_of_another_shape_gives_itself_away():
    with pytest.raises(PhotoError, match="80 x 80, and its photograph 80 x 60"):
        to_one_size([(FILE, noise(60, 80)), (Path("b.png"), noise(80, 80))], 200)
    # a network that rounds its size to 8 pixels is no other shape
    to_one_size([(FILE, noise(600, 800)), (FILE, noise(600, 804))], 200)


def test_a_photograph_is_read_upright_and_without_its_profile(tmp_path):
    path = tmp_path / "a.jpg"
    image = Image.fromarray(noise(16, 32, most=200))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(path, exif=exif, quality=95)
    assert read_picture(path).shape == (32, 16, 3)
    assert read_picture(path).dtype == np.uint8


def test_a_decoy_keeps_the_lightness_and_is_loud_and_patchy():
    coarse = noise(5, 6)
    real = np.asarray(Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC))
    gray = np.repeat(np.asarray(Image.fromarray(real).convert("L"))[..., None], 3, axis=2) // 2 + 64
    fake = decoy(gray, 1)
    true, false = Picture(gray), Picture(fake)
    assert np.abs(true.lab[0] - false.lab[0]).max() < 0.5
    assert np.median(false.chroma) > 25
    hues = np.arctan2(false.lab[2], false.lab[1])[:: 120 // 4, :: 160 // 4]
    assert np.abs(np.diff(hues, axis=1)).max() > 1.5
    assert (fake != decoy(gray, 2)).any()
    assert (fake == decoy(gray, 1)).all()
