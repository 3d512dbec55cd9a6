# SPDX-License-Identifier: Apache-2.0
"""Color averaged along the motion: it follows what moves, and leaves alone what does not agree."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from bwcolor.color.frames import FLOW_SIDE, Frame, averaged

STRIDE = 4


def scene(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return a wide scene: lightness with things in it, and a color for each."""
    draw = np.random.default_rng(seed)
    lightness = cv2.GaussianBlur(draw.uniform(0, 100, (96, 320)).astype(np.float32), (0, 0), 4)
    lightness = (lightness - lightness.min()) / np.ptp(lightness) * 90
    ab = cv2.GaussianBlur(draw.normal(0, 120, (96, 320, 2)).astype(np.float32), (0, 0), 12)
    return lightness, ab


def frame(at: int, noise: float = 0.0, seed: int = 0) -> Frame:
    """Return a view of the scene, so many pixels further to the right, its color with an error of its own."""
    lightness, ab = scene()
    view = np.ascontiguousarray(lightness[:, at : at + 160])
    small = cv2.resize(ab[:, at : at + 160], (160 // STRIDE, 96 // STRIDE), interpolation=cv2.INTER_AREA)
    error = np.random.default_rng(seed).normal(0, noise, 2)
    return Frame(view, (small + error).astype(np.float32))


def inside(ab: np.ndarray) -> np.ndarray:
    return ab[4:-4, 6:-6]


@pytest.mark.parametrize("speed", [0, 3, 8])
def test_errors_average_out_along_the_motion(speed: int) -> None:
    truth = frame(80)
    own = frame(80, noise=6, seed=1)
    others = [frame(80 + by * speed, noise=6, seed=by + 9) for by in (-4, -3, -2, -1, 1, 2, 3, 4)]
    before = np.sqrt(np.square(inside(own.ab - truth.ab)).mean())
    after = np.sqrt(np.square(inside(averaged(own, others) - truth.ab)).mean())
    assert after < 0.6 * before


def test_a_still_film_stays_as_it_is() -> None:
    own = frame(80)
    np.testing.assert_allclose(averaged(own, [own, own]), own.ab, atol=0.3)


def test_another_scene_changes_little() -> None:
    own, cut = frame(0), Frame(scene(7)[0][:, :160].copy(), np.full((24, 40, 2), 60, np.float32))
    assert abs(averaged(own, [cut]) - own.ab).mean() < 0.25 * abs(cut.ab - own.ab).mean()


def test_frames_of_another_size_and_alone() -> None:
    own = frame(80)
    small = Frame(np.zeros((48, 80), np.float32), np.zeros((12, 20, 2), np.float32))
    np.testing.assert_array_equal(averaged(own, [small]), own.ab)
    np.testing.assert_array_equal(averaged(own, []), own.ab)
    tiny = Frame(np.zeros((FLOW_SIDE - 4, 80), np.float32), np.ones((15, 20, 2), np.float32))
    np.testing.assert_array_equal(averaged(tiny, [tiny]), tiny.ab)
