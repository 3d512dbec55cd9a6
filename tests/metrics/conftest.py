# SPDX-License-Identifier: Apache-2.0
"""Pictures to measure: random ones, real ones, and data that outside implementations computed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bwcolor.metrics.pair import Pair

ROOT = Path(__file__).resolve().parents[2]


def random_picture(seed, height=37, width=53):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def gentle(picture, seed):
    """Return a picture that is off by up to 30 levels."""
    noise = np.random.default_rng(seed).integers(-30, 31, picture.shape)
    return np.clip(picture.astype(int) + noise, 0, 255).astype(np.uint8)


@pytest.fixture(params=["random", "gentle", "real", "gray"])
def pair(request, real):
    """Prediction and truth of many kinds."""
    if request.param == "random":
        return Pair.of(random_picture(1), random_picture(2))
    if request.param == "gentle":
        return Pair.of(gentle(random_picture(3), 4), random_picture(3))
    if request.param == "real":
        return Pair.of(gentle(real, 5), real)
    return Pair.of(np.repeat(real.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2), real)


@pytest.fixture(scope="session")
def real():
    """A real photograph, from scikit-image's wheel."""
    from skimage import data

    return np.asarray(Image.fromarray(data.astronaut()).resize((160, 160), Image.Resampling.LANCZOS))


@pytest.fixture(scope="session")
def conformance():
    """The folder of what original implementations compute with seeded weights."""
    named = os.environ.get("BWCOLOR_PHOTOS")
    folder = (Path(named).resolve().parent if named else ROOT.parent / "shared") / "conformance"
    if not folder.is_dir():
        pytest.skip(f"no recorded outputs at {folder}, beside the photographs that BWCOLOR_PHOTOS names")
    return folder
