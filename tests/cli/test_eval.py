# SPDX-License-Identifier: Apache-2.0
"""`bwcolor eval`, as it is typed."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bwcolor.cli import wall


@pytest.fixture
def color_photos(tmp_path, monkeypatch):
    """A working directory with three small color pictures in ./photos."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(3)
    for index in range(3):
        coarse = random.integers(0, 256, (4, 5, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((80, 64), Image.Resampling.BICUBIC).save(folder / f"{index}.png")
    return folder


def run_json(capsys, *arguments):
    code = wall.run(["eval", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_baselines_and_network_are_rows(color_photos, capsys):
    code, found = run_json(capsys, str(color_photos), "--model", "null")
    assert code == 0
    assert [system["name"] for system in found["systems"]] == ["gray", "tint", "null"]
    gray, tint, null = (system["metrics"] for system in found["systems"])
    assert gray["sat-diff"]["value"] == pytest.approx(100)
    assert gray["colorfulness"]["value"] == 0
    assert gray["chroma-ratio"]["value"] < 0.01 < null["chroma-ratio"]["value"]
    assert tint["psnr"]["low"] <= tint["psnr"]["value"] <= tint["psnr"]["high"]
    assert found["systems"][2]["seconds_per_photo"] > 0


def test_data_default_to_photos_in_the_working_directory(color_photos, capsys):
    code, found = run_json(capsys, "--model", "null", "--metrics", "sat-diff")
    assert (code, found["photos"]) == (0, 3)


def test_data_default_to_what_the_settings_file_names(color_photos, capsys):
    color_photos.rename(color_photos.with_name("elsewhere"))
    for value in ('"elsewhere"', '["elsewhere"]'):
        Path("bwcolor.toml").write_text(f"data = {value}\n", encoding="utf-8")
        code, found = run_json(capsys, "--model", "null", "--metrics", "sat-diff")
        assert (code, found["photos"]) == (0, 3)


def test_without_data_one_line_names_both_ways(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert wall.run(["eval", "--model", "null", "--metrics", "sat-diff"]) == 4
    said = capsys.readouterr().err
    assert "bwcolor.toml" in said
    assert "./photos" in said


def test_csv_has_a_line_per_photo_and_system(color_photos, capsys):
    assert wall.run(["eval", "--model", "null", "--csv", "values.csv"]) == 0
    with Path("values.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 9
    assert {row["photo"] for row in rows} == {"0.png", "1.png", "2.png"}
    assert all(float(row["psnr"]) > 5 for row in rows)


def test_a_broken_photo_is_named_and_the_rest_measured(color_photos, capsys):
    (color_photos / "broken.jpg").write_bytes(b"no picture")
    code, found = run_json(capsys, "--model", "null")
    assert (code, found["photos"]) == (3, 3)
    assert [failure["photo"] for failure in found["failed"]] == ["broken.jpg"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "nul"), "Did you mean null"),
        (("--metrics", "psrn"), "Did you mean psnr"),
        (("--metrics", ","), "No metric"),
        (("nowhere", "--model", "null"), "nowhere does not exist"),
    ],
)
def test_wrong_use_is_one_line(color_photos, capsys, arguments, said):
    assert wall.run(["eval", *arguments]) in (2, 4)
    lines = capsys.readouterr().err.splitlines()
    assert said in " ".join(lines)
    assert len(lines) <= 2


def test_the_list_of_metrics(color_photos, capsys):
    assert wall.run(["eval", "--list"]) == 0
    assert "auc-rebalanced" in capsys.readouterr().out
    assert wall.run(["eval", "--list", "--json"]) == 0
    assert {"psnr", "fid", "leak"} <= {metric["name"] for metric in json.loads(capsys.readouterr().out)}


def test_a_folder_that_anyone_made(color_photos, capsys):
    theirs = color_photos.with_name("theirs")
    theirs.mkdir()
    for path in color_photos.iterdir():
        with Image.open(path) as image:
            image.convert("L").save(theirs / path.name)
    words = ("--pred", str(theirs), "--truth", str(color_photos))
    code, found = run_json(capsys, *words, "--metrics", "psnr,chroma-ratio")
    assert code == 0
    assert [system["name"] for system in found["systems"]] == ["gray", "tint", "theirs"]
    assert found["systems"][2]["metrics"]["chroma-ratio"]["value"] < 0.01
    code, found = run_json(capsys, *words, "--model", "null")
    assert [system["name"] for system in found["systems"]] == ["gray", "tint", "theirs", "null"]
    assert wall.run(["eval", str(color_photos), *words]) == 2
    capsys.readouterr()
    (theirs / "1.png").unlink()
    code, found = run_json(capsys, *words)
    assert (code, found["photos"], [failure["photo"] for failure in found["failed"]]) == (3, 2, ["1.png"])


def test_a_page(color_photos, capsys):
    assert wall.run(["eval", "--model", "null", "--metrics", "all", "--html", "page.html", "--worst", "1"]) == 0
    assert Path("page.html").read_text(encoding="utf-8").count("<article>") == 1
    assert wall.run(["eval", "--model", "null", "--html", "none/page.html"]) == 6


def test_fid_of_few_photos_is_refused_before_anything_is_fetched(color_photos, capsys):
    assert wall.run(["eval", "--model", "null", "--metrics", "fid"]) == 2
    said = capsys.readouterr().err
    assert "2000 photos" in said
    assert "kid" in said


def test_what_needs_a_download_says_what_to_fetch(color_photos, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("BWCOLOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BWCOLOR_OFFLINE", "1")
    assert wall.run(["eval", "--model", "null", "--metrics", "lpips-squeeze"]) == 4
    assert "squeezenet1_1-b8a52dc0.pth" in capsys.readouterr().err
