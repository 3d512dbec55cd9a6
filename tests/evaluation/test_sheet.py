# SPDX-License-Identifier: Apache-2.0
"""Contact sheets."""

import numpy as np
import pytest
from PIL import Image

from bwcolor.errors import OutputError, UsageError, WeightsError
from bwcolor.evaluation import sheet
from bwcolor.models.table import MODELS


@pytest.fixture
def scan(tmp_path):
    ramp = np.linspace(10, 240, 90 * 1400).reshape(90, 1400).astype(np.uint8)
    path = tmp_path / "scan.png"
    Image.fromarray(ramp).save(path)
    return path


def test_photos_are_made_small_with_their_lightness(scan):
    gray = sheet.small_gray(scan, 140)
    assert gray.shape == (9, 140)
    assert gray.dtype == np.uint16
    assert sheet.small_gray(scan, 5000).shape == (90, 1400)
    exact = np.asarray(Image.open(scan)).astype(np.uint16) * 257
    assert np.abs(sheet.small_gray(scan, 1400).astype(int) - exact).max() <= 1


def test_a_row_for_each_photo_gray_first(scan):
    made = sheet.make_sheet([scan, scan], ["null"], {})
    width, height = sheet.LONG_SIDE, round(90 * sheet.LONG_SIDE / 1400)
    assert made.shape[1] == 3 * sheet.MARGIN + 2 * width
    top = sheet.CAPTION
    gray = made[top : top + height, sheet.MARGIN : sheet.MARGIN + width]
    color = made[top : top + height, 2 * sheet.MARGIN + width : 2 * (sheet.MARGIN + width)]
    assert (gray.max(axis=2) == gray.min(axis=2)).all()
    assert (color.max(axis=2) > color.min(axis=2)).mean() > 0.9


def test_sheets_are_written_whole_and_never_over_a_photo(scan, tmp_path):
    target = tmp_path / "sheet.jpg"
    made = np.full((20, 30, 3), 200, np.uint8)
    sheet.check_target(target, [scan], overwrite=False)
    sheet.write_sheet(made, target)
    with Image.open(target) as image:
        assert image.size == (30, 20)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scan.png", "sheet.jpg"]
    with pytest.raises(OutputError, match="exists"):
        sheet.check_target(target, [scan], overwrite=False)
    sheet.check_target(target, [scan], overwrite=True)
    with pytest.raises(UsageError, match="one of the photos"):
        sheet.check_target(scan, [scan], overwrite=True)
    with pytest.raises(UsageError, match="cannot be written as"):
        sheet.check_target(tmp_path / "sheet.doc", [scan], overwrite=False)
    with pytest.raises(OutputError, match="no folder"):
        sheet.check_target(tmp_path / "none" / "sheet.png", [scan], overwrite=False)
    with pytest.raises(OutputError, match="cannot be written"):
        sheet.write_sheet(made, tmp_path / "none" / "sheet.png")


def test_networks_at_hand(monkeypatch, tmp_path):
    monkeypatch.setattr(sheet, "local_path", lambda row: tmp_path if row.name == "gan" else None)
    found, absent = sheet.networks_at_hand()
    assert found == ("gan",)
    assert set(absent) == set(MODELS) - {"gan", "null", "gan-cifar"}
    monkeypatch.setattr(sheet, "local_path", lambda row: None)
    with pytest.raises(WeightsError, match="--model"):
        sheet.networks_at_hand()
