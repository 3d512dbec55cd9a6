# SPDX-License-Identifier: Apache-2.0
"""``bwcolor train`` as typed."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bwcolor.cli.wall import run

TINY = ["--steps", "2", "--batch-size", "2", "--crop-sizes", "32", "--threads", "1", "--precision", "fp32"]


@pytest.fixture
def working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def fill(folder: Path) -> None:
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(6):
        color = rng.integers(0, 256, (1, 1, 3)) + rng.normal(0, 20, (48, 56, 3))
        Image.fromarray(np.clip(color, 0, 255).astype(np.uint8)).save(folder / f"{i}.png")


def test_without_photographs_both_ways_are_named(working_folder, capsys):
    assert run(["train"]) == 4
    error = capsys.readouterr().err
    assert "--data" in error
    assert "bwcolor.toml" in error
    assert not list(working_folder.iterdir())


@pytest.mark.parametrize("told", ["by settings", "by its name"])
def test_train_as_typed(working_folder, capsys, told):
    fill(working_folder / ("mine" if told == "by settings" else "photos"))
    if told == "by settings":
        (working_folder / "bwcolor.toml").write_text('data = "mine"\n')
    assert run(["train", *TINY]) == 0
    assert capsys.readouterr().out == f"{Path('runs/gan/gan.safetensors')}\n"
    assert (working_folder / "runs" / "gan" / "checkpoints" / "step-00000002.pt").is_file()


def test_resume_of_a_finished_run_writes_its_weights_again(working_folder, capsys):
    fill(working_folder / "photos")
    assert run(["train", "--model", "classify", "--encoder", "scratch", "--out", "x", *TINY]) == 0
    first = (working_folder / "x" / "classify.safetensors").read_bytes()
    (working_folder / "x" / "classify.safetensors").unlink()
    assert run(["train", "--resume", "x", "--threads", "1"]) == 0
    assert (working_folder / "x" / "classify.safetensors").read_bytes() == first


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--model", "null"], 2, "cannot be trained"),
        (["--crop-sizes", "many"], 2, "cannot be read"),
        (["--crop-sizes", "50"], 2, "multiples of 32"),
        (["--resume", "x", "--out", "y"], 2, "--resume goes on"),
        (["--resume", "nowhere"], 4, "no checkpoint"),
        (["--data", "nowhere"], 4, "does not exist"),
        (["--device", "tpu"], 2, "no device"),
        (["--init-from", "none.safetensors"], 4, "does not exist"),
    ],
)
def test_wrong_use(working_folder, capsys, words, code, message):
    fill(working_folder / "photos")
    assert run(["train", *TINY, *words]) == code
    assert message in capsys.readouterr().err
