# SPDX-License-Identifier: Apache-2.0
"""A photo seen in tiles: the whole picture's colors at large, the tiles' own in detail, and no seams between them."""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import bwcolor
from bwcolor.colorizer import tiles
from bwcolor.colorizer.tiles import Tiling
from bwcolor.errors import UsageError
from bwcolor.models import weights
from bwcolor.models.inference import Prediction, Small
from bwcolor.models.siggraph17 import Siggraph17
from bwcolor.photo.hints import Hints, Stroke
from bwcolor.photo.photo import Metadata, Photo, Source


def photo_of(height: int, width: int) -> Photo:
    rng = np.random.default_rng(height * 10007 + width)
    smooth = cv2.resize(rng.uniform(30, 220, (7, 9)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    gray = (smooth + rng.normal(0, 4, (height, width))).clip(0, 255).astype(np.uint8)
    source = Source("", "array", 8, "gray", gray.nbytes, "some photo")
    return Photo(width, height, lambda y0, y1: gray[y0:y1], Metadata(), source)


class Moody:
    """A network that paints every picture in a color of its own, with the grain of lightness on top."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def shown(self, small: Small) -> np.ndarray:
        return small.lightness

    def predict(self, smalls: Sequence[Small]) -> list[Prediction]:
        self.seen += [small.lightness.shape for small in smalls]
        found = []
        for small in smalls:
            cells = small.lightness.reshape(small.lightness.shape[0] // 4, 4, -1, 4).mean(axis=(1, 3))
            mood = (len(self.seen) * 37 % 60) - 30.0
            ab = np.stack([cells - cells.mean() + mood] * 2, axis=-1).astype(np.float32)
            found.append(Prediction(ab, cells / 100))
        return found


@settings(max_examples=60, deadline=None)
@given(
    cells=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    side=st.integers(tiles.LEAST_TILE, 400),
    share=st.integers(2, 16),
    stride=st.sampled_from([1, 4, 8, 32]),
)
def test_tiles_are_of_one_shape_cover_everything_and_overlap(cells, side, share, stride):
    tiling = Tiling(side, max(side // share, 4), 160, stride)
    windows = tiling.windows(cells)
    covered = np.zeros(cells, int)
    for window in windows:
        covered[window] += 1
    assert covered.min() >= 1
    assert len({tuple(part.stop - part.start for part in window) for window in windows}) == 1
    for axis in (0, 1):
        parts = sorted({(w[axis].start, w[axis].stop) for w in windows})
        assert parts[0][0] == 0
        assert parts[-1][1] == cells[axis]
        size = parts[0][1]
        for (_, stop), (start, _) in pairwise(parts):
            assert stop - start >= min(tiling.cells(tiling.overlap), size - 1)


def test_one_tile_is_the_untiled_result(random_gan):
    wish = {"weights": random_gan, "device": "cpu", "precision": "fp32"}
    photo = photo_of(300, 400)
    whole = bwcolor.load("gan", working_size=128, **wish).colorize(photo).rows(0, 300)
    tiled = bwcolor.load("gan", working_size=128, tile_size=192, **wish).colorize(photo).rows(0, 300)
    np.testing.assert_array_equal(tiled, whole)


def test_tiles_keep_the_large_colors_of_the_whole_picture():
    rng = np.random.default_rng(0)
    small = Small((50 + 10 * rng.standard_normal((256, 512))).astype(np.float32))
    tiling = Tiling(128, 32, 64, 4)
    (found,) = tiles.predict(Moody(), tiling, [small])
    mood = (37 % 60) - 30.0  # that of the first look, at the whole
    blurred = cv2.GaussianBlur(found.ab, (0, 0), 8)
    assert np.abs(blurred - mood).max() < 3  # tiles' own moods are up to 60 apart
    cells = small.lightness.reshape(64, 4, 128, 4).mean(axis=(1, 3))
    detail = (cells - cv2.GaussianBlur(cells, (0, 0), 8)).ravel()
    assert np.corrcoef(detail, (found.ab[..., 0] - blurred[..., 0]).ravel())[0, 1] > 0.95
    assert found.certainty.shape == found.ab.shape[:2]


def test_photos_that_share_a_batch_get_what_they_get_alone_and_tiles_have_one_shape():
    rng = np.random.default_rng(1)
    smalls = [Small((50 + 10 * rng.standard_normal((192, 320))).astype(np.float32)) for _ in range(2)]
    network = Moody()
    network.predict = lambda given, of=network.predict: [of([one])[0] for one in given]
    assert len(tiles.predict(network, Tiling(128, 32, 64, 4), smalls)) == 2
    shapes = network.seen
    assert len(set(shapes)) == 2  # the whole, and tiles
    assert set(shapes[2:]) == {(128, 128)}


@pytest.mark.parametrize("size", [(100, 2000), (2000, 100), (40, 40), (333, 517)])
def test_any_shape_of_photo(random_gan, size):
    tiled = bwcolor.load("gan", weights=random_gan, device="cpu", quality="fast", tile_size=64, working_size=96)
    photo = photo_of(*size)
    color = tiled.colorize(photo)
    assert color.rows(0, size[0]).shape == (*size, 3)
    assert color.certainty is not None


def test_networks_that_take_hints_see_them_in_their_tiles(tmp_path):
    torch.manual_seed(1)
    path = tmp_path / "siggraph17.safetensors"
    weights.write_state(Siggraph17().state_dict(), path, {"model": "siggraph17"}, half=False)
    photo = photo_of(200, 400)
    tiled = bwcolor.load("siggraph17", weights=path, device="cpu", tile_size=64, working_size=128)
    assert tiled.model.takes_hints
    hints = Hints((Stroke(((0.2, 0.5),), (60.0, 50.0)),), None, "")
    moved = tiled.colorize(photo, hints).rows(0, 200).astype(int) - tiled.colorize(photo).rows(0, 200)
    assert np.abs(moved).max() > 0


def test_samples_of_tiles_are_those_of_the_whole(random_gan):
    tiled = bwcolor.load("gan", weights=random_gan, device="cpu", quality="fast", tile_size=64, working_size=128)
    photo = photo_of(200, 300)
    small = tiled.prepare(photo, sample=4)
    one, again, other = (tiled.predict([small])[0], tiled.predict([small])[0], tiled.predict([tiled.prepare(photo)])[0])
    np.testing.assert_array_equal(one.ab, again.ab)
    assert np.abs(one.ab - other.ab).max() > 0


def test_tiles_grow_smaller_until_they_cannot(random_gan):
    color = bwcolor.load("gan", weights=random_gan, device="cpu", quality="fast")
    sides = []
    while (smaller := color.with_smaller_tiles((320, 480))) is not None:
        color = smaller
        sides.append(color.settings.tile_size)
    assert sides == [240, 120]
    assert color.predict([Small(np.full((320, 480), 50, np.float32))])[0].ab.shape == (80, 120, 2)


@pytest.mark.parametrize(
    "wish",
    [{"tile_overlap": 16}, {"tile_size": 20}, {"tile_size": 128, "tile_overlap": 100}, {"tile_size": 10_000}],
)
def test_wrong_wishes(wish):
    with pytest.raises(UsageError):
        bwcolor.load("null", device="cpu", **wish)
