# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import color, exposure

from bwcolor.color.levels import BLACK_AT_MOST, WHITE_AT_LEAST, stretch_levels


def lightness_of(gray):
    """Return L* of sRGB-encoded gray, by scikit-image."""
    return color.rgb2lab(np.repeat(np.clip(gray, 0, 1)[..., None], 3, axis=-1))[..., 0].astype(np.float32)


def gray_of(lightness):
    lab = np.zeros((*lightness.shape, 3))
    lab[..., 0] = lightness
    return color.lab2rgb(lab)[..., 1]


RAMP = np.linspace(0, 1, 64 * 64).reshape(64, 64)


@pytest.mark.parametrize(("black", "white"), [(0.4, 1.0), (0.0, 0.5), (0.3, 0.7), (0.2, 0.6)])
def test_a_faded_photo_reaches_further_and_keeps_its_order(black, white):
    faded = black + RAMP * (white - black)
    seen = gray_of(stretch_levels(lightness_of(faded)))
    low, high = np.percentile(faded, (0.5, 99.5))
    wanted = exposure.rescale_intensity(
        faded, in_range=(low, high), out_range=(min(low, BLACK_AT_MOST), max(high, WHITE_AT_LEAST))
    )
    inside = (faded >= low) & (faded <= high)
    np.testing.assert_allclose(seen[inside], wanted[inside], atol=2e-3)
    assert (np.diff(seen.ravel()) >= -1e-6).all()


@pytest.mark.parametrize(("black", "white"), [(0.0, 1.0), (0.1, 0.9)])
def test_a_photo_of_full_range_is_the_same_array(black, white):
    lightness = lightness_of(black + RAMP * (white - black))
    assert stretch_levels(lightness) is lightness


@given(st.floats(0, 100), st.integers(1, 9), st.integers(1, 9))
def test_an_even_photo_stays_finite_and_even(level, height, width):
    seen = stretch_levels(np.full((height, width), level, dtype=np.float32))
    assert seen.shape == (height, width)
    assert seen.dtype == np.float32
    assert np.isfinite(seen).all()
    assert np.ptp(seen) < 1e-4
    assert 0 <= seen.min() <= seen.max() <= 100 + 1e-3
