# SPDX-License-Identifier: Apache-2.0
"""Small color pictures and what is compared on them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from bwcolor.evaluation.systems import System


def color_picture(seed, height=64, width=80):
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


class Shifted(System):
    """Gives the truth, off by some levels."""

    summary = "the truth, shifted"

    def __init__(self, name, levels):
        super().__init__(name)
        self.levels = levels

    def predict(self, name, truth):
        return np.clip(truth.codes.astype(int) + self.levels, 0, 255).astype(np.uint8)


@pytest.fixture
def shifted():
    return Shifted


@pytest.fixture
def folder(tmp_path):
    """A folder of five color pictures of two sizes."""
    place = tmp_path / "truth"
    (place / "sub").mkdir(parents=True)
    for index in range(5):
        name = f"sub/{index}.png" if index % 2 else f"{index}.png"
        Image.fromarray(color_picture(index, 64, 80 + 8 * (index % 2))).save(place / name)
    return place
