# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import color as skcolor

from bwcolor.color import spaces

UNIT = st.floats(0.0, 1.0)


@pytest.fixture(scope="module")
def rgb() -> np.ndarray:
    corners = np.array(np.meshgrid([0.0, 1.0], [0.0, 1.0], [0.0, 1.0])).reshape(3, -1).T
    grays = np.repeat(np.arange(256)[:, None] / 255.0, 3, axis=1)
    random = np.random.default_rng(0).random((20000, 3))
    return np.concatenate([corners, grays, random, random * 0.05])


def test_lab_equals_scikit_image(rgb):
    ours = np.stack(spaces.lab_from_srgb(*rgb.T), axis=1)
    np.testing.assert_allclose(ours, skcolor.rgb2lab(rgb[None])[0], atol=1e-3)


def test_srgb_from_lab_equals_scikit_image(rgb):
    lab = skcolor.rgb2lab(rgb[None])[0]
    ours = np.stack(spaces.srgb_from_lab(*lab.T), axis=1)
    np.testing.assert_allclose(np.clip(ours, 0, 1), skcolor.lab2rgb(lab[None])[0], atol=1e-3)


@pytest.mark.parametrize(
    ("code", "lab"),
    [
        ((1.0, 0.0, 0.0), (53.24, 80.09, 67.20)),
        ((0.0, 1.0, 0.0), (87.73, -86.18, 83.18)),
        ((0.0, 0.0, 1.0), (32.30, 79.19, -107.86)),
        ((1.0, 1.0, 1.0), (100.0, 0.0, 0.0)),
    ],
)
def test_lab_of_the_primaries(code, lab):
    assert spaces.lab_from_srgb(*code) == pytest.approx(lab, abs=0.01)


def test_yuv_equals_its_definition_and_comes_back(rgb):
    y, u, v = spaces.yuv_from_srgb(*rgb.T)
    reference = skcolor.rgb2yuv(rgb[None])[0].T  # the same system with other roundings of its constants
    np.testing.assert_allclose(np.stack([y, u, v]), reference, atol=2e-3)
    assert np.abs(u).max() <= spaces.U_MAX + 1e-3
    assert np.abs(v).max() <= spaces.V_MAX + 1e-3
    np.testing.assert_allclose(np.stack(spaces.srgb_from_yuv(y, u, v), axis=1), rgb, atol=1e-12)


@pytest.mark.parametrize(
    "name", ["lab_from_srgb", "srgb_from_lab", "lab_from_linear", "linear_from_lab", "yuv_from_srgb", "srgb_from_yuv"]
)
def test_tensors_give_what_arrays_give(rgb, name):
    function = getattr(spaces, name)
    planes = list((skcolor.rgb2lab(rgb[None])[0] if name.endswith("from_lab") else rgb).T)
    tensors = function(*(torch.from_numpy(np.ascontiguousarray(plane)) for plane in planes))
    for array, tensor in zip(function(*planes), tensors, strict=True):
        assert isinstance(tensor, torch.Tensor)
        np.testing.assert_allclose(array, tensor.numpy(), atol=1e-9)


def test_float32_stays_float32():
    plane = np.linspace(0, 1, 64, dtype=np.float32)
    for result in (*spaces.lab_from_srgb(plane, plane, plane), *spaces.srgb_from_lab(plane * 100, plane, plane)):
        assert result.dtype == np.float32


def test_gradients_are_finite_on_black_and_outside_the_gamut():
    lab = torch.tensor([[0.0, 0.0, 0.0], [2.0, 60.0, -90.0], [99.0, -80.0, 80.0]], requires_grad=True)
    sum(plane.sum() for plane in spaces.srgb_from_lab(*lab.T)).backward()
    assert torch.isfinite(lab.grad).all()


@settings(deadline=None)
@given(UNIT, UNIT, UNIT)
def test_lab_comes_back(r, g, b):
    # the published constants leave a step of 1e-6 where the cube root meets its straight foot
    assert spaces.srgb_from_lab(*spaces.lab_from_srgb(r, g, b)) == pytest.approx((r, g, b), abs=2e-5)


@settings(deadline=None)
@given(st.floats(0.0, 100.0))
def test_lightness_of_neutral_gray_comes_back(lightness):
    assert spaces.lightness_from_gray(spaces.gray_from_lightness(lightness)) == pytest.approx(lightness, abs=1e-3)


@settings(deadline=None)
@given(UNIT)
def test_the_transfer_curve_comes_back(code):
    assert spaces.srgb_from_linear(spaces.linear_from_srgb(code)) == pytest.approx(code, abs=1e-6)


@pytest.mark.parametrize("levels", [256, 65536])
def test_the_lightness_table_is_scikit_images(levels):
    codes = np.repeat(np.arange(levels)[:, None] / (levels - 1), 3, axis=1)
    np.testing.assert_allclose(spaces.lightness_table(levels), skcolor.rgb2lab(codes[None])[0, :, 0], atol=1e-5)
