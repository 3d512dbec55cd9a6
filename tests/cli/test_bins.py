# SPDX-License-Identifier: Apache-2.0
"""``bwcolor bins`` as typed."""

import json

import numpy as np
import pytest
from PIL import Image

from bwcolor.cli.wall import run


@pytest.fixture
def working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "photos").mkdir()
    rng = np.random.default_rng(0)
    for number in range(4):
        picture = np.clip(rng.integers(0, 256, (1, 1, 3)) + rng.normal(0, 20, (40, 40, 3)), 0, 255)
        Image.fromarray(picture.astype(np.uint8)).save(tmp_path / "photos" / f"{number}.png")
    return tmp_path


def test_bins_as_typed(working_folder, capsys):
    assert run(["bins", "photos", "--space", "yuv", "--keep", "3", "--out", "found/beach.json"]) == 0
    assert capsys.readouterr().out == "3 bins of 4 photographs\nfound/beach.json\nfound/beach.png\n"
    assert len(json.loads((working_folder / "found" / "beach.json").read_text())["centers"]) == 3
    assert Image.open(working_folder / "found" / "beach.png").format == "PNG"


def test_photos_are_found_without_being_named(working_folder):
    assert run(["bins"]) == 0
    assert (working_folder / "bins.json").is_file()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["none"], 4, "does not exist"),
        (["--space", "rgb"], 2, "lab or yuv"),
        (["--lambda", "2"], 2, "lambda"),
        (["--out", "photos/0.png/x.json"], 6, "cannot be written"),
    ],
)
def test_wrong_use(working_folder, capsys, words, code, message):
    assert run(["bins", *words]) == code
    assert message in capsys.readouterr().err
