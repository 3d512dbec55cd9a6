# SPDX-License-Identifier: Apache-2.0
"""Known colors from small files."""

import json

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab

from bwcolor.errors import UsageError
from bwcolor.photo.hints import find_hints, read_hints


def written(folder, told) -> object:
    path = folder / "a.hints.json"
    path.write_text(told if isinstance(told, str) else json.dumps(told))
    return path


def test_points_and_strokes_lie_where_they_were_put(tmp_path):
    told = {
        "points": [{"x": 100, "y": 50, "color": "#c03020"}, {"x": 0, "y": 200, "color": "gray"}],
        "strokes": [{"points": [[300, 150], [380, 150]], "color": "#2040c0"}],
    }
    hints = read_hints(written(tmp_path, told), 400, 200).at(100, 200)
    red, blue = (rgb2lab(np.array([[c]]) / 255)[0, 0, 1:] for c in ((0xC0, 0x30, 0x20), (0x20, 0x40, 0xC0)))
    np.testing.assert_allclose(hints[:2, 25, 50], red, atol=0.01)
    np.testing.assert_allclose(hints[:2, 75, 170], blue, atol=0.01)
    assert hints[2, 25, 50] == hints[2, 75, 170] == hints[2, 99, 0] == 1
    assert not hints[:2, 99, 0].any()
    assert hints[2].mean() < 0.03
    assert not hints[:2][:, hints[2] == 0].any()


def test_opaque_pixels_of_a_picture_are_hints(tmp_path):
    picture = np.zeros((20, 40, 4), np.uint8)
    picture[5:8, 10:14] = (10, 200, 30, 255)
    Image.fromarray(picture).save(tmp_path / "a.hints.png")
    hints = read_hints(tmp_path / "a.hints.png", 400, 200).at(40, 80)
    assert hints[2].sum() == 3 * 4 * 4
    np.testing.assert_allclose(hints[:2, 12, 22], rgb2lab(np.array([[(10, 200, 30)]]) / 255)[0, 0, 1:], atol=0.01)


def test_the_file_beside_a_photo_is_found(tmp_path):
    assert find_hints(tmp_path / "a.tif") is None
    path = written(tmp_path, {"points": []})
    assert find_hints(tmp_path / "a.tif") == path
    whole = tmp_path / "a.tif.hints.json"
    whole.write_text("{}")
    assert find_hints(tmp_path / "a.tif") == whole


@pytest.mark.parametrize(
    "told",
    [
        "no json",
        "[]",
        {"points": [{"x": 1, "y": 1}]},
        {"points": [{"x": 1, "y": 1, "color": "red"}]},
        {"points": [{"x": 1, "y": 1, "color": "#12345g"}]},
        {"points": [{"x": -1, "y": 1, "color": "gray"}]},
        {"points": [{"x": 1, "y": 999, "color": "gray"}]},
        {"points": [{"x": "a", "y": 1, "color": "gray"}]},
        {"strokes": [{"points": [], "color": "gray"}]},
    ],
)
def test_senseless_hints_are_refused_with_an_example(tmp_path, told):
    with pytest.raises(UsageError, match=r"cannot be used.*\"points\""):
        read_hints(written(tmp_path, told), 100, 100)


def test_a_missing_or_broken_or_opaque_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_hints(tmp_path / "none.json", 10, 10)
    (tmp_path / "b.png").write_bytes(b"\x89PNG torn")
    with pytest.raises(UsageError, match="no whole PNG"):
        read_hints(tmp_path / "b.png", 10, 10)
    Image.new("RGB", (4, 4)).save(tmp_path / "c.png")
    with pytest.raises(UsageError, match="opaque everywhere"):
        read_hints(tmp_path / "c.png", 10, 10)
