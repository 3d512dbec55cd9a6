# SPDX-License-Identifier: Apache-2.0
import demo
import pytest
from PIL import Image
from small_scans import NAMES, make_scan

from bwcolor.archive.job import ColorOptions, Job
from bwcolor.archive.plan import Request
from bwcolor.archive.run import colorize


@pytest.fixture
def results(tmp_path):
    for seed, name in enumerate(NAMES):
        make_scan(tmp_path / "scans" / name, seed)
    colorize(Job(Request((tmp_path / "scans",), out=tmp_path / "color"), ColorOptions(model="null")))
    return tmp_path / "color"


def test_every_photo_has_its_place_on_the_sheet(results):
    found = demo.pairs(results)
    assert [name for name, _, _ in found] == sorted(NAMES)
    assert all(scan.is_file() and copy.is_file() and scan != copy for _, scan, copy in found)
    sheet = demo.sheet(found)
    assert isinstance(sheet, Image.Image)
    assert sheet.convert("HSV").getchannel("S").getextrema()[1] > 0
