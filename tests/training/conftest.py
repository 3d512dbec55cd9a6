# SPDX-License-Identifier: Apache-2.0
"""Small color photographs, made in code."""

import numpy as np
import pytest
from PIL import Image


def scene(seed: int, height: int = 72, width: int = 96) -> np.ndarray:
    """Return (h, w, 3) uint8: a bluish sky over green or brown ground with a colored block, all by the seed."""
    rng = np.random.default_rng(seed)
    rows = np.linspace(0, 1, height)[:, None, None]
    sky = np.array([120, 160, 230]) * (1.1 - 0.4 * rows)
    ground = np.array(rng.choice([(70, 130, 50), (140, 100, 60)])) * (0.7 + 0.5 * rows)
    horizon = rng.uniform(0.3, 0.7)
    picture = np.where(rows < horizon, sky, ground) * np.ones((1, width, 1))
    y, x = int(rng.integers(0, height - 24)), int(rng.integers(0, width - 24))
    picture[y : y + 24, x : x + 24] = rng.uniform(40, 255, 3)
    return np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def photo_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(24):
        Image.fromarray(scene(seed)).save(folder / f"p{seed:03d}.png")
    return folder


@pytest.fixture(scope="session")
def sixty_four(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sixty-four")
    for seed in range(64):
        Image.fromarray(scene(seed, 64, 80)).save(folder / f"{seed:02d}.png")
    return folder


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Keep decoded photographs out of the user's cache."""
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()
