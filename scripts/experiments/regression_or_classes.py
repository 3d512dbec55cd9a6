# SPDX-License-Identifier: Apache-2.0
"""Regression against classification of U and V, on several encoders: what is the loss's doing, what the features'?

    python scripts/experiments/regression_or_classes.py --photos PHOTOS --work RUNS

The wish of a student report (document 000: Hsu and Shiao, after Dahl 2016 and Hwang & Zhou 2016), whose authors had
VGG-16's ImageNet weights. Here VGG-16, VGG-19 and AlexNet learn from nothing, so that their layouts are compared;
EfficientNet-Lite2 learns both from nothing and from ImageNet. Open country: mountains, glaciers, seas, forests,
landscapes and beaches, seen at 96 pixels.
"""

from __future__ import annotations

import time
from pathlib import Path

from laboratory import Compared, Laboratory, PhotoSet, Training, effort, measure, publish, table, train_all

SIDE = 96  # pixels
OPEN_COUNTRY = PhotoSet("open-country", ("mountain", "glacier", "sea", "forest", "landscape", "beach"))
METRICS = "psnr,acc-u,acc-v,sat-diff,l2-uv-pixel,chroma-ratio"
SCRATCH = "--encoder scratch --lr 1e-3"
IMAGENET = "--encoder imagenet --lr 1e-3 --encoder-lr 3e-4"
SHARED = f"--crop-sizes {SIDE} --batch-size 12 --set photo_side=144 --set working_size={SIDE}"
# (name, model, backbone and its start, steps that take ten minutes and more of one core)
LAYOUTS = (
    ("VGG-16, regression", "vgg-regression", f"--backbone vgg16 {SCRATCH}", 540),
    ("VGG-16, classes", "vgg-classification", f"--backbone vgg16 {SCRATCH}", 450),
    ("EfficientNet-Lite2, regression", "vgg-regression", f"--backbone efficientnet-lite2 {SCRATCH}", 1760),
    ("EfficientNet-Lite2, classes", "vgg-classification", f"--backbone efficientnet-lite2 {SCRATCH}", 1120),
    ("the same from ImageNet, regression", "vgg-regression", f"--backbone efficientnet-lite2 {IMAGENET}", 3300),
    ("the same from ImageNet, classes", "vgg-classification", f"--backbone efficientnet-lite2 {IMAGENET}", 1700),
    ("VGG-19, classes", "vgg-classification", f"--backbone vgg19 {SCRATCH}", 400),
    ("AlexNet, classes", "vgg-classification", f"--backbone alexnet {SCRATCH}", 1560),
)
DECODED = ("VGG-16, classes", "the same from ImageNet, classes")  # also by the most probable bin and the plain mean


def trainings_on(learn: Path) -> dict[str, Training]:
    """Return the trainings by their names, on a folder of photographs."""
    found = {}
    for name, model, arguments, steps in LAYOUTS:
        distance = " --set distance=uv" if model == "vgg-regression" else ""
        run = name.lower().replace(",", "").replace(" ", "-")
        found[name] = Training(run, model, learn, steps, f"{arguments} {SHARED}{distance}")
    return found


def main() -> None:
    laboratory = Laboratory.from_arguments(__doc__)
    learn, test = OPEN_COUNTRY.gather(laboratory)
    rows: list[Compared] = []
    trainings = trainings_on(learn)
    train_all(laboratory, list(trainings.values()))
    begun = time.perf_counter()
    notes = {name: effort(laboratory, training) for name, training in trainings.items()}
    for name, training in trainings.items():
        weights = training.weights(laboratory)
        rows.append(Compared(name, training.model, weights, {"working_size": SIDE}))
        if name in DECODED:
            for words, temperature in (("most probable bin", 0.01), ("plain mean", 1.0)):
                decoded = Compared(f"{name}: {words}", training.model, weights,
                                   {"working_size": SIDE, "temperature": temperature})  # fmt: skip
                rows.append(decoded)
    scores, metrics = measure(test, rows, METRICS)
    text = table(scores, metrics, {"l2-uv-pixel": 4}, notes, "crops seen")
    publish(laboratory, "regression_or_classes", text, list(trainings.values()), time.perf_counter() - begun)


if __name__ == "__main__":
    main()
