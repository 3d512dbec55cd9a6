# SPDX-License-Identifier: Apache-2.0
"""Every recipe trains, as typed, and its reconstruction term falls."""

import csv

import numpy as np
import pytest

from bwcolor.cli.wall import run
from bwcolor.models.chromagan import ChromaGan
from bwcolor.models.eccv16 import Eccv16
from bwcolor.models.siggraph17 import Siggraph17
from bwcolor.models.table import MODELS
from bwcolor.training import trainer
from bwcolor.training.lessons import Lesson
from bwcolor.training.preparation import LESSONS
from bwcolor.training.recipes import RECIPES

# What makes 20 steps on a CPU worth looking at: a raised rate, small crops, and the narrow form where a row has one
QUICK = {
    "classify": ["--lr", "3e-3", "--crop-sizes", "64", "--batch-size", "4"],
    "gan": ["--lr", "3e-3", "--crop-sizes", "64", "--batch-size", "4", "--set", "refine_from=0.5"],
    "eccv16": ["--lr", "3e-3", "--crop-sizes", "32", "--batch-size", "4"],
    "siggraph17": ["--lr", "3e-3", "--crop-sizes", "32", "--batch-size", "4"],
    "vgg-regression": ["--lr", "1e-3", "--crop-sizes", "32", "--batch-size", "8", "--backbone", "alexnet"],
    "vgg-classification": ["--lr", "3e-3", "--crop-sizes", "32", "--batch-size", "4", "--backbone", "alexnet"],
    "cnn": ["--lr", "1e-3", "--crop-sizes", "32", "--batch-size", "4", "--set", "network={form='small'}"],
    "cnn-16": ["--lr", "3e-4", "--crop-sizes", "32", "--batch-size", "4"],
    "gan-cifar": ["--lr", "1e-3", "--crop-sizes", "32", "--batch-size", "8", "--set", "network={width='narrow'}"],
    "koalarization": [
        *["--lr", "1e-3", "--crop-sizes", "32", "--batch-size", "4", "--backbone", "efficientnet-lite2"],
        *["--set", "adversarial_weight=0.01"],
    ],
    "chromagan": ["--lr", "3e-4", "--crop-sizes", "32", "--batch-size", "4"],
    "yuv-bins": ["--lr", "3e-3", "--crop-sizes", "64", "--batch-size", "4"],
}
COMMON = ["--steps", "20", "--epochs", "0", "--encoder", "scratch", "--threads", "1", "--precision", "fp32"]
COMMON += ["--held-out", "2", "--set", "warm_up=0", "--set", "working_size=32"]


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    """Build the two heavy networks with a quarter of their channels, and settle batch norms over two batches."""
    monkeypatch.setattr(Eccv16.__init__, "__defaults__", (16,))
    monkeypatch.setattr(Siggraph17.__init__, "__defaults__", (16, "no"))
    monkeypatch.setattr(ChromaGan.__init__, "__defaults__", ("vgg16", "no", 8))
    monkeypatch.setattr(trainer, "SETTLING_BATCHES", 2)


def test_every_trainable_row_has_a_recipe_and_a_lesson():
    assert {row.name for row in MODELS.values() if row.trainable} <= set(RECIPES)
    assert set(RECIPES) == set(LESSONS) == set(QUICK)
    assert all(issubclass(lesson, Lesson) for lesson in LESSONS.values())


@pytest.mark.parametrize("model", sorted(QUICK))
def test_twenty_steps_make_the_reconstruction_term_smaller(model, sixty_four, tmp_path, capsys):
    words = ["train", "--model", model, "--data", str(sixty_four), "--out", str(tmp_path / "run")]
    assert run([*words, *COMMON, *QUICK[model]]) == 0, capsys.readouterr().err
    with (tmp_path / "run" / "steps.csv").open() as stream:
        term = [float(row[LESSONS[model].reconstruction]) for row in csv.DictReader(stream)]
    assert len(term) == 20
    assert np.mean(term[-5:]) <= 0.9 * np.mean(term[:5])
    with (tmp_path / "run" / "evaluations.csv").open() as stream:
        assert float(list(csv.DictReader(stream))[-1]["loss"]) > 0
    assert (tmp_path / "run" / f"{model}.safetensors").is_file()


@pytest.mark.parametrize("model", ["gan", "classify"])
def test_the_trunk_learns_at_the_temperature_at_which_it_is_decoded(model):
    assert RECIPES[model].temperature == MODELS[model].temperature
