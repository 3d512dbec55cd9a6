# SPDX-License-Identifier: Apache-2.0
"""`bwcolor turing`, as it is typed; sessions are in tests/turing."""

import csv
import json
import socket
import sys

import numpy as np
import pytest
from PIL import Image

from bwcolor.turing.desk import Desk
from bwcolor.turing.store import Store
from bwcolor.turing.study import Request, begin


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Folders of photographs and of predictions, in the working directory."""
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    for folder in ("truth", "ours"):
        (tmp_path / folder).mkdir()
        for number in range(8):
            Image.fromarray(draw.integers(0, 256, (30, 40, 3), dtype=np.uint8)).save(f"{folder}/{number}.png")
    return tmp_path


@pytest.fixture
def answered(photos):
    """A study that three people have answered: always the first picture."""
    request = Request(photos / "truth", (("ours", photos / "ours"),), pairs=5, practice=1, vigilance=0)
    begin(photos / "study", request)
    desk = Desk(photos / "study")
    for who in range(3):
        from bwcolor.turing.plan import draw

        number = desk.store.enroll(str(who), lambda at: draw(desk.study.settings, ("ours",), at, np_random()))
        for place in range(6):
            desk.store.answer(number, place, 0, 1)
    desk.close()
    return photos / "study"


def np_random():
    import random

    return random.Random(1)


def test_the_group_tells_what_it_can_do(bwcolor):
    done = bwcolor("turing")
    assert done.code == 0
    assert "serve" in done.out
    assert "report" in done.out


def test_a_report(bwcolor, answered):
    done = bwcolor("turing", "report", answered, "--csv", "photos.csv", "--answers", "answers.csv")
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 80
    assert "Counted: 3 participants" in done.out
    with open("photos.csv", newline="") as file:  # noqa: PTH123
        assert sum(int(row["answers"]) for row in csv.DictReader(file)) == 15
    with open("answers.csv", newline="") as file:  # noqa: PTH123
        assert len(list(csv.DictReader(file))) == 18
    plain = json.loads(bwcolor("turing", "report", answered, "--json").out)
    assert plain["systems"]["ours"]["answers"] == 15
    assert f"{plain['systems']['ours']['value']:.1f}" in done.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("report", "nowhere"), 2, "holds no study"),
        (("serve", "--study", "new"), 2, "--truth DIR --pred DIR"),
        (("serve", "--truth", "truth", "--pred", "ours"), 2, "8 photos have all predictions: too few"),
        (("serve", "--truth", "nowhere", "--pred", "ours"), 4, "nowhere does not exist"),
        (("serve", "--truth", "truth", "--pred", "ours", "--pred", "x/ours"), 2, "NAME=DIR"),
        (("serve", "--study", "new", "--host", "256.1.2.3"), 2, "no address of this machine"),
        (("serve", "--study", "new", "--host", "203.0.113.7"), 2, "cannot be used"),
    ],
)
def test_wrong_use(bwcolor, photos, words, code, said):
    words = [*words, "--port", "0"] if words[0] == "serve" else words
    done = bwcolor("turing", *words)
    assert done.code == code
    assert said in done.err
    assert not (photos / "new").exists()


def test_a_port_that_is_in_use(bwcolor, photos):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = bwcolor("turing", "serve", "--truth", "truth", "--pred", "ours", "--port", str(port))
    assert done.code == 2
    assert f"Port {port} of 127.0.0.1 is in use" in done.err
    assert f"--port {port + 1}" in done.err


def test_without_the_extra(bwcolor, photos, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    done = bwcolor("turing", "serve", "--truth", "truth", "--pred", "ours")
    assert done.code == 4
    assert "pip install 'bwcolor[web]'" in done.err


def test_a_study_is_served_once(bwcolor, answered):
    from filelock import FileLock

    with FileLock(answered / ".lock"):
        done = bwcolor("turing", "serve", "--study", answered, "--port", "0")
    assert done.code == 2
    assert "served by another process" in done.err
    store = Store(answered)
    assert store.count() == 3
    store.close()
