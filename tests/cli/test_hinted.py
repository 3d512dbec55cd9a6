# SPDX-License-Identifier: Apache-2.0
"""`bwcolor colorize --hints` and `--uncertainty`: what the user knows, and what the network does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bwcolor.archive.ledger import Ledger
from bwcolor.archive.stages import Stages
from bwcolor.errors import DamagedPhotoError, ExitCode

QUICK = ("--model", "gan", "--working-size", "64", "--effort", "fast")


@pytest.fixture
def hints(scans: Path) -> str:
    Path("known.json").write_text(json.dumps({"points": [{"x": 40, "y": 30, "color": "#c02020"}]}))
    return "known.json"


def test_hints_of_a_single_photo(bwcolor: Callable, scans: Path, hints: str) -> None:
    words = ("colorize", "scans/b.png", "--model", "null", "--out", "out")
    assert bwcolor(*words, "--hints", hints).code == 0
    told = np.asarray(Image.open("out/b.png")).astype(int)[30, 40]
    assert told[0] > told[1] + 10
    hinted = Ledger(Path("out")).entry("b.png")
    assert hinted.hints_sha256
    assert json.loads(bwcolor(*words, "--hints", hints, "--json").out)["already_done"] == 1
    assert json.loads(bwcolor(*words, "--json").out)["done"] == 1  # without its hints it is another
    assert Ledger(Path("out")).entry("b.png").key != hinted.key


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("scans", "--hints", "known.json"), "one photo, and 3"),
        (("scans/a.jpg", "--hints", "gone.json"), "no file of hints gone.json"),
        (("scans/a.jpg", "--hints", "known.json", "--as-published"), "no color hints"),
        (("scans", "--uncertainty"), "null cannot say how sure it is"),
    ],
)
def test_what_is_refused_before_any_work(
    bwcolor: Callable, scans: Path, hints: str, words: tuple[str, ...], said: str
) -> None:
    for more in ((), ("--dry-run",)):
        done = bwcolor("colorize", *words, "--model", "null", "--out", "out", *more)
        assert (done.code, said in done.err) == (ExitCode.USAGE, True), done.err
    assert not Path("out").exists()


def test_uncertainty_maps_lie_beside_the_copies(bwcolor: Callable, scans: Path) -> None:
    Image.effect_noise((3000, 1500), 40).save(scans / "large.tif")
    words = ("colorize", "scans", *QUICK, "--uncertainty", "--json")
    done = bwcolor(*words)
    assert done.code == 0, done.err
    out = Path("scans-color")
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*.uncertainty.png")) == [
        "a.jpg.uncertainty.png",
        "album/c.jpg.uncertainty.png",
        "b.png.uncertainty.png",
        "large.tif.uncertainty.png",
    ]
    for name, size in (("b.png", (80, 60)), ("large.tif", (2048, 1024))):
        with Image.open(out / f"{name}.uncertainty.png") as opened:
            assert (opened.mode, opened.size) == ("L", size)
            mean = np.asarray(opened).mean() / 255
        assert mean == pytest.approx(Ledger(out).entry(name).certainty, abs=0.02)
    before = (out / "b.png").read_bytes()
    assert json.loads(bwcolor(*words).out)["already_done"] == 4
    assert bwcolor("verify", out).code == 0
    assert json.loads(bwcolor("colorize", "scans", *QUICK, "--json").out)["already_done"] == 4  # a map changes no copy
    status = bwcolor("status", out).out
    assert "Look at these first" in status
    least = min(Ledger(out).entries(), key=lambda row: row.certainty)
    assert json.loads(bwcolor("status", out, "--json").out)["unsure"][0] == [least.name, least.certainty]
    assert before == (out / "b.png").read_bytes()
    # a map of other colors does not stay
    assert bwcolor("colorize", "scans", *QUICK, "--saturation", "0.5", "--overwrite").code == 0
    assert list(out.rglob("*.uncertainty.png")) == []


def test_a_photo_that_failed_leaves_no_map(bwcolor: Callable, scans: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Stages.write

    def changed(self: Stages, piece: object) -> None:
        write(self, piece)
        piece.stamp = (0, 0)  # as if the scan had been written to meanwhile

    monkeypatch.setattr(Stages, "write", changed)
    done = bwcolor("colorize", "scans/b.png", *QUICK, "--uncertainty", "--out", "out")
    assert done.code == ExitCode.PHOTOS_FAILED
    assert DamagedPhotoError.__name__ == Ledger(Path("out")).entry("b.png").error
    assert [path.name for path in Path("out").iterdir()] == [".bwcolor"]
