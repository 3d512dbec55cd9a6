# SPDX-License-Identifier: Apache-2.0
"""CIEDE2000 against published pairs, scikit-image and colour-science."""

import numpy as np
import pytest
from skimage import color

from bwcolor.metrics import ciede2000

# Sharma, Wu and Dalal 2005, table 1: pairs that tell wrong implementations
PUBLISHED = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.0, 2.0), (50.0, 0.0, 0.0), 2.3669),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0009), 7.1792),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
    ((50.0, -0.001, 2.49), (50.0, 0.0009, -2.49), 4.8045),
    ((50.0, -0.001, 2.49), (50.0, 0.0011, -2.49), 4.7461),
    ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((50.0, 2.5, 0.0), (61.0, -5.0, 29.0), 22.8977),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("first", "second", "expected"), PUBLISHED)
def test_published_pairs(first, second, expected):
    one, two = np.array(first), np.array(second)
    assert ciede2000.delta_e(one, two) == pytest.approx(expected, abs=5e-5)
    assert ciede2000.delta_e(two, one) == pytest.approx(expected, abs=5e-5)


@pytest.mark.filterwarnings("ignore:.*Matplotlib")
def test_against_two_libraries(pair):
    import colour

    ours = ciede2000.delta_e(pair.prediction.lab, pair.truth.lab)
    first, second = (np.moveaxis(picture.lab, 0, -1) for picture in (pair.prediction, pair.truth))
    np.testing.assert_allclose(ours, color.deltaE_ciede2000(first, second), atol=1e-7)
    np.testing.assert_allclose(ours, colour.delta_E(first, second, method="CIE 2000"), atol=1e-7)


def test_random_colors_against_scikit_image():
    random = np.random.default_rng(7)
    first, second = (random.uniform((0, -110, -110), (100, 110, 110), (50_000, 3)) for _ in range(2))
    first[:100, 1:] = 0
    second[50:150, 1:] = 0
    np.testing.assert_allclose(ciede2000.delta_e(first.T, second.T), color.deltaE_ciede2000(first, second), atol=1e-7)


def test_opposite_hues():
    first, second = np.array([50.0, 20.0, 0.0]), np.array([50.0, -20.0, 0.0])
    expected = color.deltaE_ciede2000(first, second)
    assert ciede2000.delta_e(first, second) == pytest.approx(float(expected))
    assert ciede2000.delta_e(second, first) == pytest.approx(float(expected))


def test_mean_and_percentiles(pair):
    sums = ciede2000.distribution(pair)
    difference = ciede2000.delta_e(pair.prediction.lab, pair.truth.lab)
    assert ciede2000.mean(sums) == pytest.approx(difference.mean())
    for percent in (50, 90):
        assert ciede2000.percentile(percent)(sums) == pytest.approx(np.percentile(difference, percent), abs=0.11)
        np.testing.assert_allclose(
            ciede2000.percentile(percent)(np.stack([sums, 2 * sums])), ciede2000.percentile(percent)(sums)
        )
