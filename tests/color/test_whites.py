# SPDX-License-Identifier: Apache-2.0
"""White points, and drawing them together: against the physics of light, and on edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bwcolor.color import whites


@pytest.fixture
def lightness() -> np.ndarray:
    return np.random.default_rng(0).uniform(5, 94, (40, 60)).astype(np.float32)


def test_a_gray_picture_under_a_warm_light_becomes_gray_again(lightness: np.ndarray) -> None:
    """Neutral surfaces under a light of another color, by von Kries: XYZ times the light's."""
    lightness = np.maximum(lightness, 10.0)  # where CIELAB is a cube root
    root = np.cbrt(((lightness + 16) / 116) ** 3)
    a = 500 * (np.cbrt(1.01) * root - root)
    b = 200 * (root - np.cbrt(0.94) * root)
    ab = np.stack([a, b], axis=-1).astype(np.float32)
    assert abs(ab).max() > 3
    drawn = whites.drawn(ab, lightness, (0.0, 0.0))
    left = abs(drawn).max(axis=(0, 1)) / abs(ab).max(axis=(0, 1))
    assert (left < 0.3).all()  # Welsch's weight leaves a part of so strong a cast
    np.testing.assert_allclose(drawn / ab, left[0], atol=0.02)  # the same part of it everywhere


def test_little_differences_vanish_and_great_ones_stay(lightness: np.ndarray) -> None:
    def left(by: float) -> float:
        ab = np.zeros((*lightness.shape, 2), np.float32)
        ab[..., 1] = by
        drawn = whites.drawn(ab, lightness, (0.0, 0.0))
        return whites.white_point(lightness, drawn[..., 0], drawn[..., 1])[1] / by

    assert abs(left(1.0)) < 0.05
    assert 0.1 < left(4.0) < 0.4
    assert left(30.0) > 0.99


def test_what_has_that_white_already_stays(lightness: np.ndarray) -> None:
    ab = np.random.default_rng(1).normal(0, 5, (*lightness.shape, 2)).astype(np.float32)
    white = whites.white_point(lightness, ab[..., 0], ab[..., 1])
    np.testing.assert_allclose(whites.drawn(ab, lightness, white), ab, atol=1e-4)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.floats(-20, 20), st.floats(-20, 20)), min_size=1, max_size=9), st.randoms())
def test_the_common_white_does_not_know_an_order(found: list, order: object) -> None:
    before = whites.common(found)
    order.shuffle(found)
    assert whites.common(found) == before


def test_black_pictures_have_a_white_point() -> None:
    black = np.zeros((4, 4), np.float32)
    ab = np.zeros((4, 4, 2), np.float32)
    assert np.isfinite(whites.drawn(ab, black, (3.0, 3.0))).all()
