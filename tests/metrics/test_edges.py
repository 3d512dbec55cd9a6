# SPDX-License-Identifier: Apache-2.0
"""Leak and seam on scenes whose colors are known, and on real photographs."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy.stats import spearmanr

from bwcolor.color import spaces
from bwcolor.color.merge import merge_rows
from bwcolor.color.upsample import AbUpsampler
from bwcolor.metrics import edges
from bwcolor.metrics.metric import ratio
from bwcolor.metrics.pair import Pair, Picture

HEIGHT, WIDTH = 128, 160
CELLS = (4, 8, 16)  # pixels of a network's grid


def scene(seed):
    """Return gray and ab of a plane cut into regions, each of one lightness and one color, with some grain."""
    random = np.random.default_rng(seed)
    count = random.integers(5, 14)
    places = random.uniform(0, 1, (count, 2, 1, 1)) * np.array([HEIGHT, WIDTH])[:, None, None]
    region = ((np.mgrid[0:HEIGHT, 0:WIDTH] - places) ** 2).sum(axis=1).argmin(axis=0)
    lightness = random.uniform(30, 80, count)[region] + random.normal(0, 1, region.shape)
    ab = np.clip(random.normal(0, 18, (count, 2)), -35, 35)[region].astype(np.float32)
    gray = np.rint(65535 * spaces.gray_from_lightness(np.clip(lightness, 5, 95))).astype(np.uint16)
    return gray, ab


def painted(gray, ab):
    return merge_rows(gray, np.ascontiguousarray(ab, dtype=np.float32), 16)


def through_grid(gray, ab, cell, method):
    """Return ab averaged to a grid and enlarged again."""
    height, width = gray.shape
    grid = (width // cell, height // cell)
    lightness = spaces.lightness_table(65536)[gray]
    small, guide = (cv2.resize(np.ascontiguousarray(each), grid, interpolation=cv2.INTER_AREA)
                    for each in (ab, lightness))  # fmt: skip
    return AbUpsampler(small, guide, gray.shape, method=method).rows(lambda y0, y1: lightness[y0:y1], 0, height)


def error_at_edges(pair):
    """Return the mean ab error within 8 pixels of the edges of lightness."""
    light = edges.steepness(edges.small_lab(pair.truth)[..., :1])
    near = cv2.dilate((light >= edges.EDGE).astype(np.uint8), np.ones((17, 17))) > 0
    return np.hypot(*(pair.prediction.lab[1:] - pair.truth.lab[1:]))[near].mean()


def leak(pair):
    return float(ratio(edges.leak(pair)))


def spoilt(gray, ab):
    """Return ab spoilt in many ways and degrees, by name."""
    found = {(method, cell): through_grid(gray, ab, cell, method) for method in ("edge", "bilinear") for cell in CELLS}
    found |= {("blurred", sigma): cv2.GaussianBlur(ab, (0, 0), sigma) for sigma in (2, 5)}
    found["half", 8] = 0.5 * ab + 0.5 * found["bilinear", 8]
    return found


def test_leak_ranks_as_the_true_error_at_edges():
    leaks, errors = [], []
    for seed in range(16):
        gray, ab = scene(seed)
        truth = painted(gray, ab)
        found = {}
        for name, wrong in spoilt(gray, ab).items():
            pair = Pair.of(painted(gray, wrong), truth)
            found[name] = leak(pair)
            errors.append(error_at_edges(pair))
        leaks += found.values()
        for cell in CELLS:
            assert found["bilinear", cell] > found["edge", cell]
    assert spearmanr(leaks, errors).statistic >= 0.9


def test_colors_that_keep_to_edges_do_not_leak():
    gray, ab = scene(3)
    truth = painted(gray, ab)
    bleeding = leak(Pair.of(painted(gray, through_grid(gray, ab, 8, "bilinear")), truth))
    assert leak(Pair.of(truth, truth)) == 0
    assert leak(Pair.of(painted(gray, 0 * ab), truth)) < 0.02 * bleeding, "gray has nothing to run over"
    assert leak(Pair.of(painted(gray, ab + 6), truth)) < 0.1 * bleeding, "a wrong color that keeps to its region"
    assert leak(Pair.of(painted(gray, 0.5 * ab), truth)) < 0.02 * bleeding, "pale colors"


def test_bilinear_leaks_more_on_a_real_photograph():
    from skimage import data

    rgb = data.coffee()
    truth = Picture(rgb)
    ab = np.moveaxis(truth.lab[1:], 0, -1).astype(np.float32)
    height, width = (side // 8 * 8 for side in truth.shape)
    gray, ab = truth.gray[:height, :width], ab[:height, :width]
    found = {
        method: leak(Pair.of(painted(gray, through_grid(gray, ab, 8, method)), rgb[:height, :width]))
        for method in ("edge", "bilinear")
    }
    assert found["bilinear"] > 1.2 * found["edge"]


def test_leak_does_not_depend_on_the_size_of_a_scan():
    gray, ab = scene(5)
    pairs = []
    for times in (2, 6):
        large = np.repeat(np.repeat(gray, times, axis=0), times, axis=1)
        color = np.repeat(np.repeat(ab, times, axis=0), times, axis=1)
        wrong = cv2.GaussianBlur(color, (0, 0), 4.0 * times)
        pairs.append(leak(Pair.of(painted(large, wrong), painted(large, color))))
    assert pairs[1] == pytest.approx(pairs[0], rel=0.05)


def test_without_edges_there_is_nothing_to_run_over():
    plain = np.full((40, 40, 3), 120, np.uint8)
    assert edges.leak(Pair.of(plain, plain)).tolist() == [0, 0]


@pytest.fixture(scope="module")
def photograph():
    from skimage import data

    rgb = np.asarray(Image.fromarray(data.coffee()).resize((384, 256), Image.Resampling.LANCZOS))
    picture = Picture(rgb)
    smooth = cv2.GaussianBlur(np.moveaxis(picture.lab[1:], 0, -1).astype(np.float32), (0, 0), 6)
    return rgb, picture.gray, smooth


def tiled(ab, size, strength, seed=0):
    """Return ab with another offset in each tile."""
    random = np.random.default_rng(seed)
    rows, columns = -(-ab.shape[0] // size), -(-ab.shape[1] // size)
    angle = random.uniform(0, 2 * np.pi, (rows, columns))
    offset = strength * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    whole = np.repeat(np.repeat(offset, size, axis=0), size, axis=1)
    return (ab + whole[: ab.shape[0], : ab.shape[1]]).astype(np.float32)


@pytest.mark.parametrize("size", [64, 100])
def test_seam_grows_with_the_step_between_tiles(photograph, size):
    rgb, gray, ab = photograph
    found = [edges.seam(Pair.of(painted(gray, tiled(ab, size, strength)), rgb)) for strength in (0, 2, 4, 8)]
    assert all(more > 1.3 * less for less, more in pairwise(found))
    assert edges.seam(Pair.of(rgb, rgb)) == 0


def test_a_wrong_sky_is_no_seam():
    """Color that changes on a straight horizon, where lightness changes too, is innocent."""
    gray = np.full((128, 160), 20000, np.uint16)
    gray[64:] = 40000
    ab = np.zeros((128, 160, 2), np.float32)
    sky = ab.copy()
    sky[:64] = (-8, -15)
    assert edges.seam(Pair.of(painted(gray, sky), painted(gray, ab))) < 0.2
    flat = np.full_like(gray, 30000)
    assert edges.seam(Pair.of(painted(flat, sky), painted(flat, ab))) > 10


def test_seam_needs_a_line():
    small = np.zeros((31, 200, 3), np.uint8)
    assert np.isnan(edges.seam(Pair.of(small, small)))
