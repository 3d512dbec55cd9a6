# SPDX-License-Identifier: Apache-2.0
"""References: their colors, and what is none."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data
from skimage.color import rgb2hsv, rgb2lab

from bwcolor.errors import UsageError
from bwcolor.photo.reference import read_reference


def test_its_colors_are_those_of_the_photograph(tmp_path: Path) -> None:
    photo = data.coffee()
    Image.fromarray(photo).save(tmp_path / "r.png")
    reference = read_reference(tmp_path / "r.png")
    assert reference.sha256 == hashlib.sha256((tmp_path / "r.png").read_bytes()).hexdigest()
    assert max(reference.ab.shape[:2]) <= 192
    ab = rgb2lab(photo)[..., 1:]
    assert reference.ab.mean(axis=(0, 1)) == pytest.approx(ab.mean(axis=(0, 1)), abs=1.0)
    assert reference.ab.std(axis=(0, 1)) == pytest.approx(ab.std(axis=(0, 1)), abs=2.0)
    assert reference.saturation == pytest.approx(rgb2hsv(photo)[..., 1].mean(), abs=0.03)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 2)])
def test_any_size_will_do(tmp_path: Path, shape: tuple[int, int]) -> None:
    Image.fromarray(np.full((*shape, 3), (200, 40, 20), np.uint8)).save(tmp_path / "r.png")
    assert read_reference(tmp_path / "r.png").ab.mean(axis=(0, 1)).min() > 30


def write_gray(path: Path) -> None:
    Image.fromarray(data.camera()).save(path)


def write_cut(path: Path) -> None:
    Image.fromarray(data.coffee()).save(path)
    path.write_bytes(path.read_bytes()[:3000])


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (write_gray, "has no colors"),
        (write_cut, "cannot be read"),
        (lambda path: path.write_text("text"), "cannot be read: r.png "),
        (lambda path: None, "cannot be read: No such file"),
        (lambda path: path.mkdir(), "cannot be read"),
    ],
)
def test_what_is_no_reference(tmp_path: Path, write, said: str) -> None:
    write(tmp_path / "r.png")
    with pytest.raises(UsageError, match=said) as caught:
        read_reference(tmp_path / "r.png")
    assert "photograph in color" in caught.value.hint
