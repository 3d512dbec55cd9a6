# SPDX-License-Identifier: Apache-2.0
"""`bwcolor info` as it is typed."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from bwcolor.errors import ExitCode


def test_a_scan(bwcolor: Callable, scans: Path) -> None:
    done = bwcolor("info", "scans/a.jpg")
    assert done.code == 0
    assert re.search(r"format +JPEG", done.out)
    assert re.search(r"pixels +80 x 60", done.out)
    told = json.loads(bwcolor("info", "scans/b.png", "--json").out)
    assert told["sha256"] == hashlib.sha256((scans / "b.png").read_bytes()).hexdigest()
    assert (told["bits"], told["tone"], told["colored_by_bwcolor"]) == (8, "neutral", None)


def test_a_color_copy_is_recognized(bwcolor: Callable, scans: Path) -> None:
    bwcolor("colorize", "scans", "--model", "null", "-q")
    told = json.loads(bwcolor("info", "scans-color/b.png", "--json").out)
    mark = told["colored_by_bwcolor"]
    assert (mark["model"], mark["options"]["working_size"]) == ("null", 192)
    assert mark["source_sha256"] == hashlib.sha256((scans / "b.png").read_bytes()).hexdigest()
    printed = bwcolor("info", "scans-color/b.png").out
    assert re.search(r"Colored by bwcolor\n(.*\n)* +model +null", printed)
    assert re.search(r" scan +" + mark["source_sha256"], printed)
    assert re.search(r" working size +192", printed)


def test_it_fits_a_page(bwcolor: Callable, scans: Path) -> None:
    name = "scans/" + "a long name " * 10 + ".jpg"
    (scans / "a.jpg").rename(name)
    bwcolor("colorize", "scans", "--model", "null", "-q", "--saturation", "0.8")
    for file in (name, name.replace("scans", "scans-color"), "scans-color/b.png"):
        assert max(map(len, bwcolor("info", file).out.splitlines())) <= 80


def test_a_resolution_is_told_where_the_file_states_one(bwcolor: Callable, scans: Path) -> None:
    def dpi(name: str) -> list[float] | None:
        return json.loads(bwcolor("info", name, "--json").out)["dpi"]

    tifffile.imwrite("plain.tif", np.linspace(0, 255, 4800).astype(np.uint8).reshape(60, 80))
    bwcolor("colorize", "plain.tif", "--model", "null", "--format", "jpeg", "--out", "out")
    assert dpi("out/plain.jpg") is None
    for unit, found in ((1, None), (2, [300.0, 150.0]), (3, [762.0, 381.0])):
        exif = Image.Exif()
        exif[282], exif[283], exif[296] = 300.0, 150.0, unit
        Image.new("L", (40, 30)).save("e.jpg", exif=exif)
        assert dpi("e.jpg") == found
    Image.new("L", (40, 30)).save("f.jpg", exif=(exif := Image.Exif()), dpi=(600, 300))
    assert dpi("f.jpg") == [600, 300]
    exif[270] = "a photo"
    Image.new("L", (40, 30)).save("g.jpg", exif=exif)
    assert dpi("g.jpg") is None
    bwcolor("colorize", "e.jpg", "--model", "null", "--out", "out", "--if-color", "recolor")
    assert dpi("out/e.jpg") == [762, 381]


def test_what_is_no_photo(bwcolor: Callable, scans: Path) -> None:
    (scans / "text.jpg").write_text("a text")
    assert bwcolor("info", "scans/text.jpg").code == ExitCode.PHOTOS_FAILED
    assert bwcolor("info", "scans/gone.jpg").code == ExitCode.NOTHING_TO_DO


def test_it_starts_without_torch(scans: Path) -> None:
    program = "import sys; from bwcolor.cli import wall; wall.run(['info', 'scans/a.jpg'])\n"
    program += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
