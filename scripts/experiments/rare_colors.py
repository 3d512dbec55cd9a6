# SPDX-License-Identifier: Apache-2.0
"""How vivid should colors be? The weights of rare colors, the temperature, and the number of bins, at the seaside.

    python scripts/experiments/rare_colors.py --photos PHOTOS --work RUNS

The experiment that a student report planned (document 004: Billaut, de Rochemonteix, Thibault): the 32 most frequent
of 100 cells of U and V on pictures of the sea and of beaches, rebalanced by lambda, decoded by the annealed mean.
Besides the table, results/ gets charts of chroma and of accuracy against temperature, and the four maps of its
Figure 2.
"""

from __future__ import annotations

import time
from pathlib import Path

from laboratory import Compared, Laboratory, PhotoSet, Training, chart, effort, measure, publish, table, train_all

from bwcolor.evaluation.scoring import Scores
from bwcolor.metrics.metric import Metric
from bwcolor.training.data import open_photos
from bwcolor.training.palette import PaletteOptions, measure_palette
from bwcolor.training.palette_maps import draw_maps

SIDE = 96  # pixels
SEASIDE = PhotoSet("seaside", ("sea", "beach", "ocean"), tests=120)
METRICS = "psnr,acc-u,acc-v,chroma-ratio,sat-diff"
SHARED = f"--crop-sizes {SIDE} --batch-size 32 --set photo_side=144 --set working_size={SIDE}"
LAMBDA = 0.2  # of the report's authors
TEMPERATURES = (0.01, 0.1, 0.2, 0.38, 0.6, 0.8, 1.0)
SHOWN = {0.01: "most probable bin", 0.38: "T 0.38", 1.0: "plain mean"}
# (name, lambda: 0 weighs by the inverse frequency, 1 not at all; bins; steps that take ten minutes of one core)
NETWORKS = (
    ("lambda 1 (none)", 1.0, "32", 900),
    ("lambda 0.2", LAMBDA, "32", 900),
    ("lambda 0.02", 0.02, "32", 900),
    ("lambda 0.2, all bins", LAMBDA, "all", 900),
)


def row_name(name: str, temperature: float) -> str:
    """Return what a network decoded at a temperature is called."""
    return f"{name}: {SHOWN.get(temperature, f'T {temperature:g}')}"


def draw(laboratory: Laboratory, scores: Scores, metrics: tuple[Metric, ...]) -> list[Path]:
    """Write the charts, and return their files."""
    by_name = {metric.name: metric for metric in metrics}
    files = []
    for metric, words in (("chroma-ratio", "mean chroma by the truth's"), ("acc-v", "% of pixels with the right V")):
        series = [
            (name, [(t, scores.estimate(row_name(name, t), by_name[metric]).value) for t in TEMPERATURES])
            for name, *_ in NETWORKS
        ]
        title = f"{words} against temperature"
        files.append(chart(laboratory, f"seaside-{metric}", title, series, "temperature", words))
    return files


def main() -> None:
    laboratory = Laboratory.from_arguments(__doc__)
    learn, test = SEASIDE.gather(laboratory)
    trainings = {
        name: Training(
            f"seaside-{mix:g}-{bins}",
            "yuv-bins",
            learn,
            steps,
            f"""{SHARED} --set rebalancing_mix={mix} --set 'network={{bins="{bins}"}}'""",
        )
        for name, mix, bins, steps in NETWORKS
    }
    train_all(laboratory, list(trainings.values()))
    begun = time.perf_counter()
    rows = [
        Compared(
            row_name(name, temperature),
            "yuv-bins",
            training.weights(laboratory),
            {"working_size": SIDE, "temperature": temperature},
        )
        for name, training in trainings.items()
        for temperature in TEMPERATURES
    ]
    scores, metrics = measure(test, rows, METRICS)
    files = draw(laboratory, scores, metrics)
    palette = PaletteOptions(space="yuv", step=10, keep=32, mix=LAMBDA, sigma=0.0, photos=0)
    maps = laboratory.work / "results" / "seaside-bins.png"
    files.append(draw_maps(measure_palette(open_photos((learn,)), palette), maps))
    notes = {row.name: effort(laboratory, trainings[row.name.partition(":")[0]]) for row in rows}
    shown = [row_name(name, temperature) for name in trainings for temperature in SHOWN]
    text = table(scores, metrics, {"chroma-ratio": 3}, notes, "crops seen", shown)
    drawn = ", ".join(file.name for file in files)
    publish(
        laboratory, "rare_colors", f"{text}\n\nDrawn: {drawn}.", list(trainings.values()), time.perf_counter() - begun
    )


if __name__ == "__main__":
    main()
