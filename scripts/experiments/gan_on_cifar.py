# SPDX-License-Identifier: Apache-2.0
"""The conditional GAN for pictures of 32x32 on a tenth of CIFAR-10, with and without what its authors wished for.

    python scripts/experiments/gan_on_cifar.py --photos PHOTOS --work RUNS

The experiment of a student report (document 002: Bazari et al., after Nazeri, Ng, Ebrahimi 2018): 5,000 pictures to
learn from, 1,000 to test on, 50 a step; the report gives a mean squared error of 0.00622 after 100 epochs, read here as
of RGB values in 0..1. It wished for residual blocks and for a loss against leaking colors.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

from laboratory import Compared, Laboratory, Training, effort, measure, publish, table, train_all
from PIL import Image

from bwcolor.training.cifar import read_batch

METRICS = "mse,eps-accuracy-2,eps-accuracy-5,leak,chroma-ratio"
SHARED = "--batch-size 50 --lr 6e-4 --set schedule=cosine --set warm_up=100"
NARROW = """--set 'network={width="narrow"}'"""
RESIDUAL = """--set 'network={width="narrow", residual="yes"}'"""
EDGES = "--set edge_weight=1.0"
# (name, form and losses, steps that take ten minutes and more of one core)
GANS = (
    ("narrow", NARROW, 1930),
    ("narrow, residual blocks", RESIDUAL, 1930),
    ("narrow, edge loss", f"{NARROW} {EDGES}", 1930),
    ("narrow, weak discriminator", f"{NARROW} --adversarial 0.1", 1200),
    ("the paper's width", "--max-minutes 12", 700),
)


START = "narrow, weak discriminator"
LAST = "narrow, weak discriminator, then none (shipped)"
PALER = 0.4  # a mean squared error rewards pale colors; so each network is judged with this share of its chroma, too


def pictures(laboratory: Laboratory) -> Path:
    """Lay out the published test batch as PNG files, once, and return their folder."""
    folder = laboratory.work / "sets" / "cifar" / "test"
    if not folder.exists():
        records = read_batch(laboratory.photos / "cifar10" / "test_batch.bin")
        folder.mkdir(parents=True)
        for index in range(len(records.labels)):
            Image.fromarray(records.picture(index)).save(folder / f"{index:04d}.png")
    return folder


def main() -> None:
    laboratory = Laboratory.from_arguments(__doc__)
    learn = laboratory.photos / "cifar10" / "data_batch_1.bin"
    trainings = {
        name: Training(
            f"cifar-{re.sub('[^a-z]+', '-', name).strip('-')}", "gan-cifar", learn, steps, f"{arguments} {SHARED}"
        )
        for name, arguments, steps in GANS
    }
    train_all(laboratory, list(trainings.values()))
    start = trainings[START].weights(laboratory)
    trainings[LAST] = Training(
        "cifar-shipped", "gan-cifar", learn, 1500, f"--init-from {start} {NARROW} {SHARED} --adversarial 0 --lr 3e-4"
    )
    train_all(laboratory, [trainings[LAST]])
    begun = time.perf_counter()
    notes = {name: effort(laboratory, training) for name, training in trainings.items()}
    rows = [
        Compared(f"{name}{words}", training.model, training.weights(laboratory), {"saturation": saturation})
        for name, training in trainings.items()
        for words, saturation in (("", 1.0), (f", colors times {PALER:g}", PALER))
    ]
    scores, metrics = measure(pictures(laboratory), rows, METRICS)
    text = table(scores, metrics, {"mse": 5}, notes, "pictures seen")
    publish(laboratory, "gan_on_cifar", text, list(trainings.values()), time.perf_counter() - begun)


if __name__ == "__main__":
    main()
