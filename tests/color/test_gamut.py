# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from bwcolor.color import gamut, spaces


def chroma_of_the_table(code, hue):
    a, b = np.cos(hue), np.sin(hue)
    quadrant = (a < 0) + 2 * (b < 0)
    sector = np.minimum((abs(b) / (abs(a) + abs(b)) * gamut.SECTORS).astype(int), gamut.SECTORS - 1)
    index = (code * 4 + quadrant) * gamut.SECTORS + sector
    alpha, beta = (table[index].astype(float) for table in gamut.chords())
    return 1 / (alpha * abs(a) + beta * abs(b))


def outside(code, hue, chroma):
    """Return by how much linear RGB leaves 0..1, with the white that keeps neutral neutral."""
    lightness = spaces.lightness_from_gray(code / 255.0)
    root = (lightness + 16) / 116
    cubes = (root + chroma * np.cos(hue) / 500, root, root - chroma * np.sin(hue) / 200)
    xyz = [white * spaces.luminance_from_lightness(116 * f - 16) for white, f in zip(gamut.WHITE, cubes, strict=True)]
    rgb = np.tensordot(np.linalg.inv(spaces.XYZ_FROM_RGB), xyz, axes=1)
    return np.maximum(-rgb.min(axis=0), rgb.max(axis=0) - 1)


def at_cusp(code, hue):
    """Return where the edge of the gamut runs towards the gray axis and a color may leave the gamut twice."""
    return (code >= 215) & (code <= 253) & (np.rad2deg(hue) > 90) & (np.rad2deg(hue) < 114)


@pytest.fixture(scope="module")
def rays():
    rng = np.random.default_rng(0)
    return rng.integers(1, 255, 50_000), rng.uniform(0, 2 * np.pi, 50_000)


def first_exit(code, hue):
    """Find the gamut's edge by stepping outwards and bisecting: slow, and independent of polygons and chords."""
    low, high, going = np.zeros(code.size), np.full(code.size, 140.0), np.ones(code.size, bool)
    for chroma in np.arange(0.5, 140, 0.5):
        left = going & (outside(code, hue, chroma) > 1e-9)
        low[left], high[left] = chroma - 0.5, chroma
        going &= ~left
    for _ in range(24):
        middle = (low + high) / 2
        inside = outside(code, hue, middle) <= 1e-9
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return low


def test_the_table_never_leaves_the_gamut(rays):
    excess = outside(*rays, chroma_of_the_table(*rays))
    assert excess.max() < 2e-4
    assert excess[~at_cusp(*rays)].max() < 1e-5


def test_the_table_gives_away_next_to_nothing(rays):
    loss = 1 - chroma_of_the_table(*rays) / first_exit(*rays)
    assert loss.mean() < 0.001
    assert np.quantile(loss, 0.99) < 0.003
    assert loss[~at_cusp(*rays)].max() < 0.02


def test_black_and_white_have_no_chroma():
    hue = np.linspace(0, 2 * np.pi, 100)
    for code in (0, 255):
        assert chroma_of_the_table(np.full(100, code), hue).max() < 1e-5


def test_the_table_is_built_once_and_cannot_be_changed():
    assert gamut.chords() is gamut.chords()
    with pytest.raises(ValueError, match="read-only"):
        gamut.chords()[0][0] = 1


def test_the_table_is_the_same_in_every_process_and_not_built_on_import():
    script = (
        "import hashlib\n"
        "from bwcolor.color import gamut, merge\n"
        "assert gamut.chords.cache_info().currsize == 0\n"
        "print(hashlib.sha256(b''.join(t.tobytes() for t in gamut.chords())).hexdigest())"
    )
    digests = {subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout for _ in "ab"}
    assert len(digests) == 1
