# SPDX-License-Identifier: Apache-2.0
"""`bwcolor compare`, as it is typed."""

import json

import pytest
from PIL import Image


def test_a_sheet_of_two_photos(bwcolor, scans):
    done = bwcolor("compare", scans / "a.jpg", scans / "b.png", "--model", "null", "--json")
    assert done.code == 0
    told = json.loads(done.out)
    assert (told["sheet"], told["models"]) == ("comparison.jpg", ["null"])
    with Image.open("comparison.jpg") as image:
        assert image.size[1] > 2 * 60


def test_a_sheet_is_not_replaced_unasked(bwcolor, scans):
    words = ("compare", scans / "a.jpg", "--model", "null", "--out", "sheet.png")
    assert bwcolor(*words).code == 0
    done = bwcolor(*words)
    assert done.code == 6
    assert "--overwrite" in done.err
    assert bwcolor(*words, "--overwrite").code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("a.jpg", "--model", "nul"), 2, "Did you mean null"),
        (("nowhere.jpg", "--model", "null"), 4, "nowhere.jpg is no file"),
        (("a.jpg", "--model", "null", "--out", "sheet.pdf"), 2, "Take .jpg"),
        (("a.jpg", "--model", "null", "--out", "a.jpg", "--overwrite"), 2, "one of the photos"),
        (("a.jpg", "--model", "null", "--device", "cuda:99"), 2, "cuda"),
    ],
)
def test_wrong_use(bwcolor, scans, monkeypatch, words, code, said):
    monkeypatch.chdir(scans)
    before = (scans / "a.jpg").read_bytes()
    done = bwcolor("compare", *words)
    assert done.code == code
    assert said in done.err
    assert (scans / "a.jpg").read_bytes() == before


def test_a_broken_photo(bwcolor, scans):
    (scans / "broken.jpg").write_bytes(b"nothing")
    done = bwcolor("compare", scans / "broken.jpg", "--model", "null")
    assert done.code == 3
    assert "broken.jpg" in done.err
