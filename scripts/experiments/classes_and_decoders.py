# SPDX-License-Identifier: Apache-2.0
"""The network of Zhang, Isola, Efros (ECCV 2016) on a small set: rebalancing on and off, three ways to decode.

    python scripts/experiments/classes_and_decoders.py --photos PHOTOS --work RUNS

The plan of a student report (document 003: Suliman, Chwalek, Mugerwa), which wanted a part of ImageNet, the most
probable color at each place, weights for rare colors, and people who are asked which picture is the fake. Here: the ten
classes of Imagenette, seen at 64 pixels. Besides the table, results/ gets a study of 40 pairs, ready for
``bwcolor turing serve --study``.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from laboratory import (
    Compared,
    Laboratory,
    PhotoSet,
    Training,
    colored,
    effort,
    measure,
    publish,
    reweighted,
    table,
    train_all,
)
from PIL import Image

from bwcolor.color.bins import GRID_STEP, empirical_prior, rebalancing_weights, zhang_centers
from bwcolor.evaluation.photographs import read_truth
from bwcolor.photo.folders import find_photographs
from bwcolor.training.data import open_photos
from bwcolor.training.palette import PaletteOptions, measure_palette
from bwcolor.turing.study import Request, begin

SIDE = 64  # pixels
IMAGENETTE = PhotoSet("imagenette", sources=("imagenette",))
METRICS = "psnr,auc-raw,auc-rebalanced,acc-bins,chroma-ratio,sat-diff"
SHARED = (
    f"--crop-sizes {SIDE} --batch-size 16 --lr 3e-4 --set schedule=cosine --set warm_up=50 --set clip=1.0 "
    f"--set photo_side=96 --set working_size={SIDE}"
)
STEPS = 510  # more than ten minutes of one core
DECODERS = (("most probable bin", 0.01), ("annealed mean, T 0.38", 0.38), ("plain mean", 1.0))
MIX, SMOOTHING = 0.5, 5.0  # lambda, and Lab units over which the prior is smoothed (Zhang et al.)
JUDGED = "rebalanced: annealed mean, T 0.38"


def pairs(laboratory: Laboratory, test: Path, judged: Compared) -> str:
    """Color the test photographs and make a study of 40 pairs of them; return a word on it."""
    folder = laboratory.results / "real-or-fake"
    shutil.rmtree(folder, ignore_errors=True)
    fakes = folder / "eccv16"
    fakes.mkdir(parents=True)
    system = judged.system()
    for name, path in find_photographs([test]).items():
        Image.fromarray(colored(system, name, read_truth(path))).save(fakes / f"{Path(name).stem}.png")
    study = begin(folder / "study", Request(truth=test, predictions=(("eccv16", fakes),), pairs=40))
    return f"A study of {study.settings.pairs} pairs lies in results/real-or-fake/study."


def rebalanced_afterwards(laboratory: Laboratory, learn: Path, weights: Path) -> Path:
    """Lay the weights of rare colors on a network that learned without, and return its file."""
    palette = measure_palette(open_photos((learn,)), PaletteOptions(space="lab", step=GRID_STEP, photos=0))
    centers = zhang_centers()
    prior = empirical_prior(palette.counts_at(centers), centers, SMOOTHING)
    factors = rebalancing_weights(prior, MIX)
    return reweighted(weights, "model8.6.bias", factors, laboratory.work / "sets" / "eccv16-afterwards.safetensors")


def main() -> None:
    laboratory = Laboratory.from_arguments(__doc__)
    learn, test = IMAGENETTE.gather(laboratory)
    trainings = {
        "rebalanced": Training("eccv16-rebalanced", "eccv16", learn, STEPS, f"{SHARED} --rebalancing 1"),
        "not rebalanced": Training("eccv16-plain", "eccv16", learn, STEPS, f"{SHARED} --rebalancing 0"),
    }
    train_all(laboratory, list(trainings.values()))
    begun = time.perf_counter()
    files = {name: training.weights(laboratory) for name, training in trainings.items()}
    files["rebalanced afterwards"] = rebalanced_afterwards(laboratory, learn, files["not rebalanced"])
    rows = {
        f"{name}: {words}": Compared(
            f"{name}: {words}", "eccv16", file, {"working_size": SIDE, "temperature": temperature}
        )
        for name, file in files.items()
        for words, temperature in DECODERS
    }
    scores, metrics = measure(test, list(rows.values()), METRICS)
    notes = {row: effort(laboratory, trainings[name]) for row in rows if (name := row.partition(":")[0]) in trainings}
    text = table(scores, metrics, {"chroma-ratio": 3}, notes, "crops seen")
    publish(
        laboratory,
        "classes_and_decoders",
        f"{text}\n\n{pairs(laboratory, test, rows[JUDGED])}",
        list(trainings.values()),
        time.perf_counter() - begun,
    )


if __name__ == "__main__":
    main()
