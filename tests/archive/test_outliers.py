# SPDX-License-Identifier: Apache-2.0
"""Copies that stand apart from their folder's: the rule on numbers, and on pictures."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bwcolor.archive import outliers
from bwcolor.archive.ledger import Ledger
from bwcolor.archive.outliers import outliers_of
from bwcolor.archive.run import colorize
from bwcolor.archive.seen import Seen, look_at
from bwcolor.color.whites import LIGHTEST, white_point


def alike(count: int, folder: str = "album", spread: float = 1.0) -> dict[str, Seen]:
    """Return copies that differ by chance only."""
    draw = np.random.default_rng(count)
    return {
        f"{folder}/{index}.jpg": Seen(
            *(np.array((1.0, 6.0, 12.0, 3.0, 9.0)) + draw.normal(0, spread, 5)).round(3).tolist()
        )
        for index in range(count)
    }


@pytest.mark.parametrize(
    ("strange", "what"),
    [
        (Seen(1, -14, 12, 3, 9), "white point"),
        (Seen(1, 6, 40, 3, 9), "chroma"),
        (Seen(1, 6, 12, -8, -3), "hue"),
    ],
)
def test_the_strange_one_is_named(strange: Seen, what: str) -> None:
    (found,) = outliers_of(alike(12) | {"album/x.jpg": strange})
    assert (found.name, found.what) == ("album/x.jpg", what)
    assert found.score > outliers.SCORE
    assert found.words


def test_chance_alone_makes_few() -> None:
    """A normal distribution has 1 in 2,000 beyond 3.5 standard deviations."""
    assert len(outliers_of(alike(400, spread=2.0))) <= 4


def test_many_strange_ones_do_not_hide_each_other() -> None:
    seen = alike(12) | {f"album/x{index}.jpg": Seen(1, 6, 60 + index, 3, 9) for index in range(5)}
    assert {each.name for each in outliers_of(seen)} == {f"album/x{index}.jpg" for index in range(5)}


def test_each_folder_has_its_own_middle_and_few_copies_none() -> None:
    blue = {f"blue/{index}.jpg": Seen(0, -20, 30, -5, -25) for index in range(6)}
    few = {f"few/{index}.jpg": Seen(0, 0, 10.0 * index, 1, 1) for index in range(outliers.FEWEST - 1)}
    assert outliers_of(alike(12) | blue | few) == []


def test_an_even_folder_has_no_outlier_that_nobody_sees() -> None:
    seen = {f"{index}.jpg": Seen(1, 6, 12, 3, 9) for index in range(9)} | {"x.jpg": Seen(1.5, 6.5, 13, 3.3, 9.5)}
    assert outliers_of(seen) == []


def test_hue_goes_round() -> None:
    def at(degrees: float) -> Seen:
        return Seen(0, 0, 10, 10 * math.cos(math.radians(degrees)), 10 * math.sin(math.radians(degrees)))

    seen = {f"{index}.jpg": at(degrees) for index, degrees in enumerate((355, 358, 359, 1, 2, 4, 7))}
    assert outliers_of(seen) == []
    (found,) = outliers_of(seen | {"x.jpg": at(90)})
    assert found.what == "hue"
    assert min(found.middle, 360 - found.middle) < 5


def test_the_white_point_is_the_lightest_twentieth_that_can_have_color() -> None:
    draw = np.random.default_rng(0)
    lightness = draw.permutation(np.linspace(0, 90, 10_000)).reshape(100, 100)
    lightest = lightness > np.quantile(lightness, 1 - LIGHTEST)
    a, b = np.where(lightest, -3.0, 20.0), np.where(lightest, 8.0, 0.0)
    assert white_point(lightness, a, b) == pytest.approx((-3.0, 8.0))
    blown = np.vstack([np.full((20, 100), 100.0), lightness])
    padded = [np.vstack([np.zeros((20, 100)), plane]) for plane in (a, b)]
    assert white_point(blown, *padded) == pytest.approx((-3.0, 8.0))
    assert white_point(np.full((4, 4), 100.0), np.ones((4, 4)), np.ones((4, 4))) == (1.0, 1.0)


def test_copies_are_measured_as_they_are(tmp_path: Path, job: Callable) -> None:
    """Against scikit-image, on a copy without loss."""
    color = pytest.importorskip("skimage.color")
    folder = tmp_path / "one"
    folder.mkdir()
    Image.fromarray(np.linspace(30, 220, 80 * 60).reshape(60, 80).astype(np.uint8)).save(folder / "a.png")
    colorize(job(folder))
    out = tmp_path / "one-color"
    (entry,) = Ledger(out).entries()
    seen = look_at(out, [entry])["a.png"]
    lab = color.rgb2lab(np.asarray(Image.open(out / "a.png")))
    assert seen.chroma == pytest.approx(np.hypot(lab[..., 1], lab[..., 2]).mean(), abs=0.05)
    assert (seen.mean_a, seen.mean_b) == pytest.approx(tuple(lab[..., 1:].mean(axis=(0, 1))), abs=0.05)
    (out / "a.png").unlink()
    assert look_at(out, [entry])["a.png"] == seen  # looked at once
