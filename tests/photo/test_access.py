# SPDX-License-Identifier: Apache-2.0
"""Access copies, made while the rows of the master pass by."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from skimage import data

from bwcolor.photo import AccessCopy, read_color, read_photo, write_photo


@pytest.mark.parametrize("long_side", [64, 100, 333])
@pytest.mark.parametrize("depth", [8, 16])
def test_master_and_access_copy_in_one_pass(long_side: int, depth: int, tmp_path: Path) -> None:
    color = data.chelsea()
    tifffile.imwrite(tmp_path / "a.tif", (color[..., 1] if depth == 8 else color[..., 1].astype(np.uint16) * 257))
    photo = read_photo(tmp_path / "a.tif")
    rows = color if depth == 8 else color.astype(np.uint16) * 257
    copy = AccessCopy(photo, long_side)
    master = write_photo(photo, copy.passing(lambda y0, y1: rows[y0:y1]), tmp_path / "master.tif")
    assert np.array_equal(read_color(master.path).rows(0, photo.height), rows)
    small = write_photo(copy.photo, copy.rows, tmp_path / "access.jpg")
    seen = read_color(small.path)
    assert (seen.width, seen.height) == (long_side, round(long_side * photo.height / photo.width))
    reference = cv2.resize(color, (seen.width, seen.height), interpolation=cv2.INTER_AREA)
    assert np.abs(copy.rows(0, seen.height).astype(int) - reference).max() <= 1


def test_a_small_photo_keeps_its_size(tmp_path: Path) -> None:
    color = data.chelsea()[:40, :50]
    tifffile.imwrite(tmp_path / "a.tif", color[..., 1])
    copy = AccessCopy(read_photo(tmp_path / "a.tif"), 2000)
    passing = copy.passing(lambda y0, y1: color[y0:y1])
    passing(0, 13)
    with pytest.raises(ValueError, match="27 rows have not passed"):
        copy.rows(0, 1)
    with pytest.raises(ValueError, match="in order"):
        passing(20, 40)
    passing(13, 40)
    assert np.array_equal(copy.rows(0, 40), color)
