# SPDX-License-Identifier: Apache-2.0
"""Known colors mend the thing they lie on, and nothing else."""

import numpy as np
import pytest

from bwcolor.color.spread import spread


@pytest.fixture
def scene():
    """A light square on a dark ground, predicted gray."""
    guide = np.full((30, 40), 25, np.float32)
    guide[8:20, 10:24] = 70
    return np.zeros((30, 40, 2), np.float32), guide


def hint(at: tuple[int, int], ab: tuple[float, float]) -> np.ndarray:
    hints = np.zeros((3, 120, 160), np.float32)
    y, x = at[0] * 4, at[1] * 4
    hints[:, y : y + 2, x : x + 2] = np.array([*ab, 1.0])[:, None, None]
    return hints


def test_the_square_takes_the_color_and_the_ground_does_not(scene):
    ab, guide = scene
    mended = spread(ab, hint((14, 16), (50.0, -30.0)), guide)
    np.testing.assert_allclose(mended[14, 16], (50, -30), atol=1e-4)
    assert mended[12:16, 14:19, 0].min() > 15
    outside = np.ones(guide.shape, bool)
    outside[8:20, 10:24] = False
    assert np.abs(mended[outside]).max() < 1


def test_things_of_one_lightness_are_told_apart_by_their_predicted_colors(scene):
    ab, _ = scene
    ab[8:20, 10:24] = (12.0, 14.0)
    mended = spread(ab, hint((14, 16), (50.0, -30.0)), np.full(ab.shape[:2], 40, np.float32))
    assert mended[12:16, 14:19, 0].min() > 12 + 10
    outside = np.ones(ab.shape[:2], bool)
    outside[8:20, 10:24] = False
    assert np.abs(mended[outside]).max() < 1


def test_it_fades_with_distance_on_plain_ground():
    plain = np.full((40, 120), 50, np.float32)
    hints = np.zeros((3, 160, 480), np.float32)
    hints[:, 80, 20] = (40, 0, 1)
    along = spread(np.zeros((40, 120, 2), np.float32), hints, plain)[20, :, 0]
    assert along[5] == pytest.approx(40)
    assert (np.diff(along[5:]) < 0).all()
    assert along[-1] < 0.05


def test_gray_takes_color_away(scene):
    ab, guide = scene
    ab[...] = 30
    assert np.abs(spread(ab, hint((14, 16), (0.0, 0.0)), guide)[14, 16]).max() < 1e-4


def test_without_hints_nothing_moves(scene):
    ab, guide = scene
    ab[...] = np.random.default_rng(0).normal(0, 20, ab.shape)
    np.testing.assert_allclose(spread(ab, np.zeros((3, 30, 40), np.float32), guide), ab, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1)])
def test_narrow_grids(shape):
    hints = np.ones((3, *shape), np.float32) * np.array([7, 9, 1], np.float32)[:, None, None]
    mended = spread(np.zeros((*shape, 2), np.float32), hints, np.full(shape, 50, np.float32))
    np.testing.assert_allclose(mended, np.broadcast_to((7, 9), mended.shape))
