# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage.color import rgb2lab

from bwcolor.color import merge, spaces
from bwcolor.color.merge import LightnessError, lightness_error, merge_rows

DTYPE = {8: np.uint8, 16: np.uint16}
FULL = {8: 255, 16: 65535}
KEPT = {8: 1.0, 16: 4.0}  # levels of the result's own depth
PAIRS = [(8, 8), (8, 16), (16, 8), (16, 16)]


def lab_of(rgb):
    return rgb2lab(rgb.astype(np.float64) / np.iinfo(rgb.dtype).max)


def gray_of(rgb):
    """Return the neutral gray (0..1) of a picture's L as scikit-image measures it in float64."""
    return spaces.gray_from_lightness(lab_of(rgb)[..., 0])


def random_picture(depth, spread, seed=0, shape=(160, 256)):
    rng = np.random.default_rng(seed)
    gray = rng.integers(0, FULL[depth] + 1, shape).astype(DTYPE[depth])
    gray[:2, :16] = [[0] * 16, [FULL[depth]] * 16]
    return gray, rng.uniform(-spread, spread, (*shape, 2)).astype(np.float32)


@pytest.mark.parametrize(("scan", "depth"), PAIRS)
@pytest.mark.parametrize("spread", [3, 20, 60, 128, 1e4])
def test_lightness_is_kept_at_every_pixel(scan, depth, spread):
    gray, ab = random_picture(scan, spread)
    rgb = merge_rows(gray, ab, depth)
    assert rgb.dtype == DTYPE[depth]
    assert rgb.shape == (*gray.shape, 3)
    error = np.abs(gray_of(rgb) - gray / FULL[scan]) * FULL[depth]
    assert error.max() < KEPT[depth]


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(PAIRS),
    arrays.arrays(np.uint16, (3, 7)),
    arrays.arrays(np.float32, (3, 7, 2), elements=st.floats(-200, 200, width=32)),
)
def test_lightness_is_kept_whatever_the_color(pair, codes, ab):
    scan, depth = pair
    gray = codes if scan == 16 else (codes >> 8).astype(np.uint8)
    error = np.abs(gray_of(merge_rows(gray, ab, depth)) - gray / FULL[scan]) * FULL[depth]
    assert error.max() < KEPT[depth]


@pytest.mark.parametrize("dark", [True, False])
def test_lightness_is_kept_where_the_gamut_is_thin(dark):
    codes = np.arange(0, 4000) if dark else np.arange(61500, 65536)
    gray = np.repeat(codes[:, None], 24, axis=1).astype(np.uint16)
    hue = np.linspace(0, 2 * np.pi, 24)
    ab = np.broadcast_to(40 * np.stack([np.cos(hue), np.sin(hue)], axis=1), (*gray.shape, 2)).astype(np.float32)
    error = np.abs(gray_of(merge_rows(gray, ab, 16)) * 65535 - gray)
    assert error.max() < KEPT[16]


def test_a_toned_print_written_at_8_bits_keeps_its_unrounded_lightness():
    lightness = np.random.default_rng(0).uniform(0, 100, (64, 256))
    exact = spaces.gray_from_lightness(lightness)
    _, ab = random_picture(16, 40, shape=lightness.shape)
    rgb = merge_rows(np.rint(exact * 65535).astype(np.uint16), ab, 8)
    assert np.abs(gray_of(rgb) - exact).max() * 255 < 1


@pytest.mark.parametrize("depth", [8, 16])
def test_colors_inside_the_gamut_come_out_exactly(depth):
    # not on the very edge: the gray that carries L is rounded to 16 bits, which moves a color out of gamut
    low, high = FULL[depth] // 50, FULL[depth] - FULL[depth] // 50
    codes = np.random.default_rng(0).integers(low, high, (64, 512, 3)).astype(DTYPE[depth])
    lab = lab_of(codes)
    gray = np.rint(spaces.gray_from_lightness(lab[..., 0]) * 65535).astype(np.uint16)
    off = np.abs(merge_rows(gray, lab[..., 1:].astype(np.float32), depth).astype(int) - codes)
    # at 16 bits a few levels for that rounding, and for the white that scikit-image rounds to 1e-5
    assert off.max() <= (0 if depth == 8 else 24)


def test_the_edge_of_the_gamut_is_kept():
    side, zero, one = np.linspace(0, 1, 200), np.zeros(200), np.ones(200)
    kinds = [(one, side, zero), (side, one, zero), (zero, one, side), (zero, side, one), (side, zero, one)]
    codes = np.rint(np.array([np.stack(kind, axis=1) for kind in kinds]) * 255).astype(np.uint8)
    lab = lab_of(codes)
    gray = np.rint(spaces.gray_from_lightness(lab[..., 0]) * 65535).astype(np.uint16)
    merged = lab_of(merge_rows(gray, lab[..., 1:].astype(np.float32), 8))
    assert np.linalg.norm(merged - lab, axis=-1).max() < 3


@pytest.mark.parametrize("scan", [8, 16])
def test_outside_the_gamut_hue_is_kept_and_chroma_given_up(scan):
    gray, ab = random_picture(scan, 120)
    asked = np.hypot(ab[..., 0], ab[..., 1])
    lab = lab_of(merge_rows(gray, ab, 16))
    got = np.hypot(lab[..., 1], lab[..., 2])
    assert (got <= asked + 0.05).all()
    less = (got < asked - 1) & (got > 5)
    assert less.mean() > 0.3
    turn = np.angle(np.exp(1j * (np.arctan2(lab[..., 2], lab[..., 1]) - np.arctan2(ab[..., 1], ab[..., 0]))))
    assert np.abs(np.rad2deg(turn[less])).max() < 0.1


def test_outside_the_gamut_no_more_chroma_is_given_up_than_must_be():
    gray, ab = random_picture(16, 120)
    linear = np.stack([spaces.linear_from_srgb(c / 65535) for c in np.moveaxis(merge_rows(gray, ab, 16), 2, 0)])
    room = np.minimum(linear.min(axis=0), 1 - linear.max(axis=0))
    lightness = spaces.lightness_from_gray(gray / 65535)
    was_outside = np.stack(spaces.linear_from_lab(lightness, ab[..., 0], ab[..., 1]))
    changed = (was_outside.min(axis=0) < -0.001) | (was_outside.max(axis=0) > 1.001)
    assert changed.mean() > 0.5
    # a color that was outside ends on the edge: some channel is empty or full
    assert np.quantile(room[changed], 0.999) < 0.004


@pytest.mark.parametrize(("scan", "depth"), PAIRS)
def test_no_color_gives_the_gray_itself(scan, depth):
    gray = np.arange(FULL[scan] + 1).reshape(16, -1).astype(DTYPE[scan])
    rgb = merge_rows(gray, np.zeros((*gray.shape, 2), np.float32), depth)
    expected = np.rint(gray * (FULL[depth] / FULL[scan])) if scan != depth else gray
    assert (rgb[..., 0] == rgb[..., 1]).all()
    assert (rgb[..., 0] == rgb[..., 2]).all()
    assert np.abs(rgb[..., 0].astype(int) - expected).max() <= (1 if (scan, depth) == (16, 8) else 0)


@pytest.mark.parametrize(("scan", "depth"), PAIRS)
@pytest.mark.parametrize("rows", [1, 7, 64])
def test_the_result_does_not_depend_on_how_rows_are_cut(monkeypatch, scan, depth, rows):
    gray, ab = random_picture(scan, 90, shape=(150, 333))
    whole = merge_rows(gray, ab, depth)
    strips = [merge_rows(gray[y : y + rows], ab[y : y + rows], depth) for y in range(0, len(gray), rows)]
    np.testing.assert_array_equal(np.concatenate(strips), whole)
    monkeypatch.setattr(merge, "CHUNK", 1000)
    np.testing.assert_array_equal(merge_rows(gray, ab, depth), whole)


def test_layout_and_threads_do_not_matter():
    gray, ab = random_picture(16, 60, shape=(120, 400))
    whole = merge_rows(gray, ab, 16)
    np.testing.assert_array_equal(merge_rows(np.asfortranarray(gray), np.asfortranarray(ab), 16), whole)
    np.testing.assert_array_equal(merge_rows(gray[:, ::-2], ab[:, ::-2], 16), whole[:, ::-2])
    with ThreadPoolExecutor(4) as pool:
        for rgb in pool.map(lambda _: merge_rows(gray, ab, 16), range(8)):
            np.testing.assert_array_equal(rgb, whole)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("channel", [0, 1])
@pytest.mark.parametrize(("scan", "depth"), PAIRS)
def test_colors_that_are_no_numbers_are_refused(value, channel, scan, depth):
    for code in (0, FULL[scan] // 2, FULL[scan]):
        gray, ab = np.full((4, 9), code, DTYPE[scan]), np.zeros((4, 9, 2), np.float32)
        ab[2, 5, channel] = value
        with pytest.raises(ValueError, match="NaN or infinity"):
            merge_rows(gray, ab, depth)


def test_the_largest_colors_are_merged():
    most = np.finfo(np.float32).max
    ab = np.array([[[most, most], [-most, 0], [0, most], [1e30, -1e30]]], np.float32)
    for gray in (np.full((1, 4), 128, np.uint8), np.full((1, 4), 33000, np.uint16)):
        rgb = merge_rows(gray, ab, 16)
        assert lightness_error(rgb, gray).max < 0.02
        assert np.ptp(rgb[0].astype(int), axis=1).min() > 3000


def test_no_rows_and_one_pixel():
    assert merge_rows(np.zeros((0, 5), np.uint8), np.zeros((0, 5, 2), np.float32), 8).shape == (0, 5, 3)
    assert lightness_error(np.zeros((0, 5, 3), np.uint8), np.zeros((0, 5), np.uint8)) == LightnessError()
    one = merge_rows(np.full((1, 1), 90, np.uint8), np.full((1, 1, 2), 200, np.float32), 8)
    assert lightness_error(one, np.full((1, 1), 90, np.uint8)).max < 1


@pytest.mark.parametrize(
    ("gray", "ab", "depth"),
    [
        (np.zeros((4, 4)), np.zeros((4, 4, 2), np.float32), 8),
        (np.zeros((4, 4), ">u2"), np.zeros((4, 4, 2), np.float32), 8),
        (np.zeros((4, 4, 1), np.uint8), np.zeros((4, 4, 2), np.float32), 8),
        (np.zeros((4, 4), np.uint8), np.zeros((2, 4, 4), np.float32), 8),
        (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 2)), 8),
        (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 2), np.float32), 12),
    ],
)
def test_what_does_not_fit_is_refused(gray, ab, depth):
    with pytest.raises(ValueError, match="must be"):
        merge_rows(gray, ab, depth)


@pytest.mark.parametrize("scan", [8, 16])
@pytest.mark.parametrize("depth", [8, 16])
def test_the_error_is_what_scikit_image_measures(scan, depth):
    rng = np.random.default_rng(3)
    rgb = rng.integers(0, FULL[depth] + 1, (80, 90, 3)).astype(DTYPE[depth])
    gray = rng.integers(0, FULL[scan] + 1, (80, 90)).astype(DTYPE[scan])
    expected = np.abs(gray_of(rgb) - gray / FULL[scan]) * 255
    error = lightness_error(rgb, gray)
    assert error.max == pytest.approx(expected.max(), abs=0.01)
    assert error.mean == pytest.approx(expected.mean(), abs=0.001)
    assert error.count == gray.size


def test_errors_of_strips_add_up():
    gray, ab = random_picture(8, 50)
    rgb = merge_rows(gray, ab, 8)
    whole = lightness_error(rgb, gray)
    parts = sum((lightness_error(rgb[y : y + 11], gray[y : y + 11]) for y in range(0, 160, 11)), LightnessError())
    assert (parts.max, parts.count) == (whole.max, whole.count)
    assert parts.sum == pytest.approx(whole.sum, rel=1e-12)
    with pytest.raises(ValueError, match="must be"):
        lightness_error(rgb[1:], gray)
