# SPDX-License-Identifier: Apache-2.0
"""Flicker: color that changes where the scene does not."""

import cv2
import numpy as np
import pytest
from PIL import Image

from bwcolor.color.merge import merge_rows
from bwcolor.metrics.frames import flicker
from bwcolor.metrics.metric import ratio
from bwcolor.metrics.pair import Pair, Picture


@pytest.fixture(scope="module")
def scene():
    from skimage import data

    rgb = np.asarray(Image.fromarray(data.coffee()).resize((240, 160), Image.Resampling.LANCZOS))
    picture = Picture(rgb)
    return rgb, picture.gray, np.moveaxis(picture.lab[1:], 0, -1).astype(np.float32)


def moved(array, dx):
    """Return a crop of a scene, shifted by whole pixels: what a moving camera sees."""
    return np.ascontiguousarray(array[10:-10, 20 + dx : array.shape[1] - 20 + dx])


def measure(scene, offsets, dx=0):
    """Return the flicker of two frames whose colors are off by two offsets, while the camera moves by dx."""
    rgb, gray, ab = scene
    pair = None
    for step, offset in enumerate(offsets):
        color = merge_rows(moved(gray, step * dx), moved(0.7 * ab, step * dx) + np.float32(offset), 8)
        pair = Pair(Picture(color), Picture(moved(rgb, step * dx)), pair)
    return float(ratio(flicker(pair)))


def test_still_frames_do_not_flicker(scene):
    assert measure(scene, [(0, 0), (0, 0)]) == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("dx", [0, 3])
def test_a_change_of_color_is_found_at_its_size(scene, dx):
    steady = measure(scene, [(0, 0), (0, 0)], dx)
    small, large = (measure(scene, [(0, 0), (size, 0)], dx) for size in (2.0, 6.0))
    assert steady < 0.5
    assert small == pytest.approx(2.0, rel=0.25)
    assert large == pytest.approx(6.0, rel=0.25)


def test_without_following_the_motion_steady_colors_would_seem_to_flicker(scene):
    ab = scene[2]
    shift = np.hypot(*np.moveaxis(moved(ab, 3) - moved(ab, 0), -1, 0)).mean()
    assert measure(scene, [(0, 0), (0, 0)], 3) < 0.2 * shift


def test_the_truths_own_change_is_no_flicker(scene):
    rgb, _, _ = scene
    pair = Pair.of(rgb, rgb)
    brighter = cv2.convertScaleAbs(rgb, alpha=1.1)
    following = Pair(Picture(brighter), Picture(brighter), pair)
    assert ratio(flicker(following)) == pytest.approx(0, abs=1e-4)


def test_first_frames_and_new_sizes_are_not_counted(scene):
    rgb, _, _ = scene
    first = Pair.of(rgb, rgb)
    assert flicker(first).tolist() == [0, 0]
    cut = np.ascontiguousarray(rgb[:, :-4])
    assert flicker(Pair(Picture(cut), Picture(cut), first)).tolist() == [0, 0]
