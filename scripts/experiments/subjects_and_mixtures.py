# SPDX-License-Identifier: Apache-2.0
"""Plain networks, mixtures, a critic for Deep Koalarization, and how much the photographs decide that a network learns.

    python scripts/experiments/subjects_and_mixtures.py --photos PHOTOS --work RUNS

The experiments of two student reports. Document 002 (Bazari et al., after Baldassarre et al. 2017): Deep Koalarization
on cats and dogs, 20 passes, 20 pictures a step, and its wish for a discriminator. Document 001 (Aguilar Gomez,
Alaskari, Rivera): a plain network and one of 16 layers, judged by the share of pixels that differ from the truth (94
and 96 % there), and its wish to mix two networks. What neither could say: the same network learns from open country,
from faces, and from the ten classes of Imagenette, and is tested on all three.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from classes_and_decoders import IMAGENETTE
from laboratory import Compared, Laboratory, PhotoSet, Training, effort, measure, publish, table, train_all
from regression_or_classes import OPEN_COUNTRY, SIDE, trainings_on

from bwcolor.colorizer import Colorizer, Settings
from bwcolor.evaluation.report import cell_of
from bwcolor.evaluation.systems import GRAY, TINT, Network
from bwcolor.models.loading import load_network
from bwcolor.models.network import build
from bwcolor.models.table import find_model

CATS_AND_DOGS = PhotoSet("cats-dogs", sources=("cats-dogs",), most=664)  # 64 of which are held out
# the nearest to what Flickr holds
EVERYDAY = PhotoSet("everyday", sources=("flickr8k-part", "coco-vqa", "coco-cap", "bsds500", "imagenet-samples"))
SUBJECTS = {"open country": OPEN_COUNTRY, "faces": PhotoSet("faces", ("face",)), "Imagenette": IMAGENETTE}
PUPIL = "the same from ImageNet, classes"  # of the other experiment, which has taught it open country already
PASSES = 600  # steps of 20: twenty times over 600 cats and dogs
SMALL = 64  # pixels
KOALA = f"--backbone efficientnet-lite2 --crop-sizes {SMALL} --batch-size 20 --set photo_side=96"
PLAIN = f"--crop-sizes {SIDE} --batch-size 16 --set photo_side=144 --set schedule=cosine --set working_size={SIDE}"
DIFFERENCES = "psnr,pixel-diff,pixel-diff-2,pixel-diff-5,pixel-diff-10,ciede2000,chroma-ratio"


@dataclass(frozen=True)
class Part:
    """One of the three tables.

    Attributes:
        text: Markdown.
        trainings: That it rests on.
        measured: Seconds that measuring took.
    """

    text: str
    trainings: list[Training]
    measured: float


def koalas(laboratory: Laboratory) -> Part:
    """Return the table of Deep Koalarization with and without a critic."""
    learn, test = CATS_AND_DOGS.gather(laboratory)
    trainings = {
        "without a critic": Training("koala-plain", "koalarization", learn, PASSES, KOALA),
        "with a critic": Training(
            "koala-critic", "koalarization", learn, PASSES, f"{KOALA} --adversarial 0.01 --set adversary=vanilla"
        ),
    }
    train_all(laboratory, list(trainings.values()))
    begun = time.perf_counter()
    rows = [
        Compared(name, "koalarization", training.weights(laboratory), {"working_size": SMALL})
        for name, training in trainings.items()
    ]
    scores, metrics = measure(test, rows, "psnr,ciede2000,chroma-ratio,colorfulness,leak")
    notes = {name: effort(laboratory, training) for name, training in trainings.items()}
    return Part(table(scores, metrics, {}, notes, "crops seen"), list(trainings.values()), time.perf_counter() - begun)


def mixed(names: str, files: list[Path]) -> Network:
    """Return networks that color together, each with weights of its own."""
    row = find_model(names)
    parts = [load_network(part, file).network for part, file in zip(row.parts, files, strict=True)]
    settings = Settings(names, "cpu", "fp32", SIDE, None, 1.0, 1.0, "edge", "scan", ())
    return Network(Colorizer(build(row, networks=parts), row, settings), names)


def plain(laboratory: Laboratory) -> Part:
    """Return the table of the plain networks, alone and mixed."""
    learn, test = EVERYDAY.gather(laboratory)
    trainings = {name: Training(name, name, learn, 640, PLAIN) for name in ("cnn", "cnn-16")}
    train_all(laboratory, list(trainings.values()))
    begun = time.perf_counter()
    files = [training.weights(laboratory) for training in trainings.values()]
    rows = [Compared(name, name, file, {"working_size": SIDE}) for name, file in zip(trainings, files, strict=True)]
    scores, metrics = measure(test, [*rows, mixed("cnn+cnn-16", files)], DIFFERENCES)
    notes = {name: effort(laboratory, training) for name, training in trainings.items()}
    return Part(table(scores, metrics, {}, notes, "crops seen"), list(trainings.values()), time.perf_counter() - begun)


def subjects(laboratory: Laboratory) -> Part:
    """Return the table of one network taught by three kinds of photographs: gain in dB over gray, and chroma."""
    folders = {name: chosen.gather(laboratory) for name, chosen in SUBJECTS.items()}
    taught = trainings_on(folders["open country"][0])[PUPIL]
    trainings = {
        name: replace(
            taught, name=taught.name if name == "open country" else f"subject-{SUBJECTS[name].name}", data=learn
        )
        for name, (learn, _) in folders.items()
    }
    train_all(laboratory, list(trainings.values()))
    begun = time.perf_counter()
    rows = [
        Compared(name, training.model, training.weights(laboratory), {"working_size": SIDE})
        for name, training in trainings.items()
    ]
    cells: dict[str, list[str]] = {}
    for _, test in folders.values():
        scores, (psnr, chroma) = measure(test, rows, "psnr,chroma-ratio")
        for system in scores.systems:
            if system == GRAY:
                value = " ".join((cell_of(scores.estimate(system, psnr), 2)[0], "dB"))
            else:
                gain, interval = cell_of(scores.difference(system, GRAY, psnr), 2, signed=True)
                value = f"{gain} ({interval}), chroma {scores.estimate(system, chroma).value:.2f}"
            cells.setdefault(system, []).append(value)
    lines = [f"| learned from | crops seen | on {' | on '.join(folders)} |", "| --- | --- | --- | --- | --- |"]
    words = {GRAY: "gray photo", TINT: "constant tint"}
    for system, values in cells.items():
        note = effort(laboratory, trainings[system]) if system in trainings else "-"
        lines.append(f"| {words.get(system, system)} | {note} | {' | '.join(values)} |")
    return Part("\n".join(lines), list(trainings.values()), time.perf_counter() - begun)


def main() -> None:
    laboratory = Laboratory.from_arguments(__doc__)
    parts = {
        "Deep Koalarization on cats and dogs": koalas(laboratory),
        "Plain networks, alone and mixed": plain(laboratory),
        "One network, three kinds of photographs": subjects(laboratory),
    }
    text = "\n\n".join(f"**{title}**\n\n{part.text}" for title, part in parts.items())
    trainings = [training for part in parts.values() for training in part.trainings]
    publish(laboratory, "subjects_and_mixtures", text, trainings, sum(part.measured for part in parts.values()))


if __name__ == "__main__":
    main()
