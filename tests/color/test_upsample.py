# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data
from skimage.color import rgb2lab

from bwcolor.color.upsample import METHODS, SCALES, AbUpsampler

# photo and grid: 16, 8, 4 and 2 pixels a cell, odd sizes, panoramas both ways, single rows and columns, a larger grid
SHAPES = [
    ((128, 192), (8, 12)),
    ((131, 187), (16, 24)),
    ((90, 61), (23, 16)),
    ((64, 64), (32, 32)),
    ((40, 800), (2, 40)),
    ((800, 40), (40, 2)),
    ((1, 300), (1, 20)),
    ((300, 1), (20, 1)),
    ((1, 1), (1, 1)),
    ((50, 70), (1, 1)),
    ((20, 30), (32, 48)),
    ((3, 500), (16, 32)),
]


def averaged(plane, grid):
    return cv2.resize(plane, grid[::-1], interpolation=cv2.INTER_AREA).reshape(*grid, *plane.shape[2:])


def picture(shape, grid, seed=0):
    rng = np.random.default_rng(seed)
    light = rng.uniform(0, 100, shape).astype(np.float32)
    guide = rng.uniform(0, 100, grid).astype(np.float32)
    return light, guide, rng.normal(0, 20, (*grid, 2)).astype(np.float32)


def strips(upsampler, light, rows):
    height = light.shape[0]
    cut = [upsampler.rows(lambda a, b: light[a:b], y, min(y + rows, height)) for y in range(0, height, rows)]
    return np.concatenate(cut)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("shape", "grid"), SHAPES)
def test_the_result_does_not_depend_on_how_rows_are_cut(shape, grid, method):
    light, guide, ab = picture(shape, grid)
    upsampler = AbUpsampler(ab, guide, shape, method)
    whole = upsampler.rows(lambda a, b: light[a:b], 0, shape[0])
    assert whole.shape == (*shape, 2)
    assert whole.dtype == np.float32
    for rows in (1, 5, 16, 37):
        np.testing.assert_array_equal(strips(upsampler, light, rows), whole)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("shape", "grid"), SHAPES)
def test_colors_stay_among_those_of_the_grid(shape, grid, method):
    light, guide, ab = picture(shape, grid)
    result = strips(AbUpsampler(ab, guide, shape, method), light, 64)
    for channel in range(2):
        assert result[..., channel].min() >= ab[..., channel].min() - 1e-3
        assert result[..., channel].max() <= ab[..., channel].max() + 1e-3


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 90), st.integers(1, 90), st.integers(1, 30), st.integers(1, 30), st.sampled_from(METHODS), st.data()
)
def test_any_size_gives_one_color_for_one_color(height, width, h, w, method, draw):
    light, guide, _ = picture((height, width), (h, w))
    ab = np.broadcast_to(np.float32([31.5, -17.25]), (h, w, 2))
    first = draw.draw(st.integers(0, height - 1))
    last = draw.draw(st.integers(first + 1, height))
    result = AbUpsampler(ab, guide, (height, width), method).rows(lambda a, b: light[a:b], first, last)
    np.testing.assert_allclose(result, np.broadcast_to(ab[0, 0], (last - first, width, 2)), rtol=1e-5)


@pytest.mark.parametrize(("shape", "grid"), [case for case in SHAPES if case[0][0] >= case[1][0] > 1 < case[1][1]][:6])
def test_bilinear_is_torchs_with_half_pixel_centers(shape, grid):
    light, guide, ab = picture(shape, grid)
    tensor = torch.from_numpy(ab).permute(2, 0, 1)[None].double()
    expected = torch.nn.functional.interpolate(tensor, shape, mode="bilinear", align_corners=False)
    result = strips(AbUpsampler(ab, guide, shape, "bilinear"), light, 64)
    np.testing.assert_allclose(result, expected[0].permute(1, 2, 0).numpy(), atol=1e-4)


def test_bilinear_never_asks_for_lightness_and_edge_only_inside_the_photo():
    light, guide, ab = picture((203, 99), (12, 6))
    asked = []

    def rows(y0, y1):
        asked.append((y0, y1))
        return light[y0:y1]

    AbUpsampler(ab, guide, light.shape, "bilinear").rows(rows, 10, 20)
    assert asked == []
    for y in range(0, 203, 7):
        AbUpsampler(ab, guide, light.shape, "edge").rows(rows, y, min(y + 7, 203))
    block = SCALES[0][1].block
    assert all(0 <= y0 < y1 <= 203 and y1 - y0 <= 7 + 4 * block for y0, y1 in asked)


@pytest.mark.parametrize("cell", [16, 8, 4])
def test_an_edge_of_lightness_is_the_edge_of_the_color(cell):
    # a border that no border of cells meets, under grain
    side, border = 256, 118
    light = np.where(np.arange(side) < border, 35.0, 65.0) + np.random.default_rng(0).normal(0, 2, (side, side))
    truth = np.where((np.arange(side) < border)[:, None], [40.0, 30.0], [-10.0, -35.0]).astype(np.float32)
    truth = np.broadcast_to(truth, (side, side, 2)).copy()
    light = light.astype(np.float32)
    grid = (side // cell, side // cell)
    error = {}
    for method in METHODS:
        upsampler = AbUpsampler(averaged(truth, grid), averaged(light, grid), light.shape, method)
        error[method] = np.linalg.norm(strips(upsampler, light, 64) - truth, axis=2)
    away = np.abs(np.arange(side) + 0.5 - border) > cell / 4
    assert error["edge"][:, away].mean() < 0.5 * error["bilinear"][:, away].mean()
    assert error["edge"][:, away].mean() < 2


@pytest.mark.parametrize("cell", [16, 8, 4])
def test_photographs_come_closer_to_the_truth_than_by_bilinear(cell):
    better = []
    for photo in (data.astronaut(), data.chelsea(), data.coffee(), data.rocket()):
        lab = rgb2lab(photo[: photo.shape[0] // 16 * 16, : photo.shape[1] // 16 * 16]).astype(np.float32)
        light, truth = np.ascontiguousarray(lab[..., 0]), np.ascontiguousarray(lab[..., 1:])
        grid = (light.shape[0] // cell, light.shape[1] // cell)
        error = {}
        for method in METHODS:
            upsampler = AbUpsampler(averaged(truth, grid), averaged(light, grid), light.shape, method)
            error[method] = np.linalg.norm(strips(upsampler, light, 128) - truth, axis=2).mean()
        better.append(error["edge"] / error["bilinear"])
    # fur, whose lightness says little about its color, is the worst case
    assert max(better) < 1.05
    assert np.mean(better) < 0.97


def test_grain_does_not_become_color():
    rng = np.random.default_rng(0)
    light = (50 + rng.normal(0, 6, (320, 320))).astype(np.float32)
    ab = rng.normal([20, 10], 1, (20, 20, 2)).astype(np.float32)
    result = strips(AbUpsampler(ab, averaged(light, (20, 20)), light.shape, "edge"), light, 64)
    assert result[8:-8, 8:-8].std(axis=(0, 1)).max() < 1
    steps = np.abs(np.diff(result, axis=1))
    assert steps.max() < 0.4


def test_the_color_follows_the_photo_when_both_are_mirrored():
    light, guide, ab = picture((96, 160), (6, 10))
    for axis in (0, 1):
        plain = strips(AbUpsampler(ab, guide, light.shape, "edge"), light, 32)
        mirrored = [np.ascontiguousarray(np.flip(plane, axis)) for plane in (ab, guide, light)]
        turned = strips(AbUpsampler(mirrored[0], mirrored[1], light.shape, "edge"), mirrored[2], 32)
        np.testing.assert_allclose(np.flip(turned, axis), plain, atol=2e-3)


def test_threads_may_share_one():
    light, guide, ab = picture((256, 256), (16, 16))
    upsampler = AbUpsampler(ab, guide, light.shape)
    whole = strips(upsampler, light, 256)
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda y: upsampler.rows(lambda a, b: light[a:b], y, y + 8), range(0, 256, 8)))
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_what_is_given_is_not_changed_and_may_change_later():
    light, guide, ab = picture((64, 64), (4, 4))
    upsampler = AbUpsampler(ab, guide, light.shape)
    before = [light.copy(), guide.copy(), ab.copy()]
    first = strips(upsampler, light, 64)
    for plane, copy in zip((light, guide, ab), before, strict=True):
        np.testing.assert_array_equal(plane, copy)
    ab += 1
    guide += 1
    np.testing.assert_array_equal(strips(upsampler, light, 64), first)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("which", ["ab", "guide"])
def test_what_is_no_number_is_refused(which, value):
    _, guide, ab = picture((64, 64), (4, 4))
    (ab if which == "ab" else guide)[2, 1] = value
    with pytest.raises(ValueError, match="NaN or infinity"):
        AbUpsampler(ab, guide, (64, 64))


def test_what_does_not_fit_is_refused():
    light, guide, ab = picture((64, 64), (4, 4))
    for wrong in ((ab[..., :1], guide), (ab, guide[:2]), (ab[0], guide), (ab[:0], guide[:0])):
        with pytest.raises(ValueError, match="must be"):
            AbUpsampler(*wrong, (64, 64))
    with pytest.raises(ValueError, match="must be"):
        AbUpsampler(ab, guide, (0, 64))
    with pytest.raises(ValueError, match="edge, bilinear"):
        AbUpsampler(ab, guide, (64, 64), "nearest")
    for y0, y1 in ((-1, 4), (4, 4), (60, 65)):
        with pytest.raises(ValueError, match="do not lie"):
            AbUpsampler(ab, guide, (64, 64)).rows(lambda a, b: light[a:b], y0, y1)
