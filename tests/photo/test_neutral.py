# SPDX-License-Identifier: Apache-2.0
"""The neutral gray of colors, against scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.color import rgb2lab

from bwcolor.photo.neutral import neutral_of_rgb, rgb_of_cmyk


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@settings(deadline=None, max_examples=60)
@given(st.data())
def test_lightness_is_kept(kind: type, draw: st.DataObject) -> None:
    rgb = draw.draw(arrays(kind, (3, 5, 3)))
    gray = neutral_of_rgb(rgb)
    assert gray.dtype == np.uint16
    wanted = rgb2lab(rgb / np.iinfo(kind).max)[..., 0]
    for step in (-2, 2):  # between the neighbors, two codes of 65,535 away
        near = (gray.astype(int) + step).clip(0, 65535)
        found = rgb2lab(np.repeat(near[..., None] / 65535, 3, axis=2))[..., 0]
        assert ((found - wanted) * step >= -1e-4).all()


def test_neutral_codes_stay() -> None:
    ramp = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, -1, 3)
    assert np.abs(neutral_of_rgb(ramp).astype(int)[0] - np.arange(256) * 257).max() <= 1
    ramp = np.arange(65536, dtype=np.uint16).repeat(3).reshape(1, -1, 3)
    assert np.abs(neutral_of_rgb(ramp).astype(int)[0] - np.arange(65536)).max() <= 1


def test_cmyk_of_both_depths() -> None:
    inks = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255], [0, 128, 255, 64]]], np.uint8)
    expected = [[[255, 255, 255], [0, 255, 255], [0, 0, 0], [191, 95, 0]]]
    assert rgb_of_cmyk(inks).tolist() == expected
    assert np.abs(rgb_of_cmyk(inks.astype(np.uint16) * 257) / 257 - expected).max() < 1
