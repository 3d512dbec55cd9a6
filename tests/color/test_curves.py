# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from bwcolor.color import curves, spaces

DTYPES = [np.uint8, np.uint16]


def every_code(dtype) -> np.ndarray:
    return np.arange(np.iinfo(dtype).max + 1).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_lightness_is_that_of_the_formula_in_any_layout(dtype):
    codes = every_code(dtype).reshape(16, -1)
    expected = spaces.lightness_from_gray(codes / np.iinfo(dtype).max)
    np.testing.assert_allclose(curves.lightness_of(codes), expected, atol=1e-5)
    np.testing.assert_array_equal(curves.lightness_of(codes[::2, ::3]), curves.lightness_of(codes)[::2, ::3])
    assert curves.lightness_of(codes[:0]).shape == (0, codes.shape[1])


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_and_opencv_look_up_the_same(monkeypatch, dtype):
    codes = every_code(dtype)
    fast = [curves.lightness_of(codes), curves.root_of(codes), curves.linear_of(codes)]
    monkeypatch.setattr(curves, "_LUT_TAKES_16_BITS", False)
    plain = [curves.lightness_of(codes), curves.root_of(codes), curves.linear_of(codes)]
    for one, other in zip(fast, plain, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("dtype", "encode"), [(np.uint8, curves.encode_8), (np.uint16, curves.encode_16)])
def test_every_code_comes_back(dtype, encode):
    codes = every_code(dtype)
    linear = curves.linear_of(codes)
    np.testing.assert_array_equal(encode(linear, np.empty_like(linear)), codes)


def test_the_16_bit_curve_is_exact_between_codes():
    linear = np.random.default_rng(0).random(100_000).astype(np.float32) ** 3
    expected = spaces.srgb_from_linear(linear.astype(np.float64)) * 65535
    np.testing.assert_allclose(curves.curve_16(linear, np.empty_like(linear)), expected, atol=0.05)
