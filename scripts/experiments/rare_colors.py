# SPDX-License-Identifier: Apache-2.0
"""How vivid should colors be? The weights of rare colors, the temperature, and the number of bins, at the seaside.

    python scripts/experiments/rare_colors.py --photos PHOTOS --work RUNS

The experiment that a student report planned (document 004: Billaut, de Rochemonteix, Thibault): the 32 most frequent
of 100 cells of U and V on pictures of the sea and of beaches, rebalanced by lambda, decoded by the annealed mean.
Besides the table, results/ gets charts of chroma and of accuracy against temperature, and the four maps of its
Figure 2.

What rebalanced training learns is the plain distribution times the weights, so the weights can also be laid on
afterwards (see `reweighted`). That sweeps lambda without a training for each value; classes_and_decoders.py compares
the two ways.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from laboratory import (
    Compared,
    Laboratory,
    PhotoSet,
    Training,
    chart,
    effort,
    measure,
    publish,
    reweighted,
    table,
    train_all,
)

from bwcolor.color.bins import rebalancing_weights
from bwcolor.evaluation.scoring import Scores
from bwcolor.evaluation.systems import System
from bwcolor.metrics.metric import Metric
from bwcolor.models.weights import read_state
from bwcolor.training.data import open_photos
from bwcolor.training.palette import Palette, PaletteOptions, measure_palette
from bwcolor.training.palette_maps import draw_maps

SIDE = 96  # pixels
SEASIDE = PhotoSet("seaside", ("sea", "beach", "ocean"), tests=120)
METRICS = "psnr,acc-u,acc-v,chroma-ratio,sat-diff"
SHARED = f"--crop-sizes {SIDE} --batch-size 32 --set photo_side=144 --set working_size={SIDE}"
LAMBDA = 0.2  # of the report's authors; 0 weighs by the inverse frequency, 1 not at all
LAID_ON = (0.5, 0.2, 0.05, 0.01)
TEMPERATURES = (0.01, 0.1, 0.2, 0.38, 0.6, 0.8, 1.0)
SHOWN = {0.01: "most probable bin", 0.38: "T 0.38", 1.0: "plain mean"}
# (bins, steps that take ten minutes and more of one core)
NETWORKS = {"32 bins, not rebalanced": ("32", 980), "all bins, not rebalanced": ("all", 780)}


@dataclass(frozen=True)
class Seaside:
    """One network, decoded at all temperatures.

    Attributes:
        name: Of the network.
        weights: Its file.
    """

    name: str
    weights: Path

    @property
    def label(self) -> str:
        """What it is called in a chart, where there is room for few words."""
        return self.name.replace("32 bins, lambda", "lambda").replace("not rebalanced", "no weights")

    def row(self, temperature: float) -> str:
        """Return what it is called, decoded at a temperature."""
        return f"{self.name}: {SHOWN.get(temperature, f'T {temperature:g}')}"

    def compared(self) -> list[Compared | System]:
        """Return a row for each temperature."""
        options = [{"working_size": SIDE, "temperature": temperature} for temperature in TEMPERATURES]
        return [Compared(self.row(option["temperature"]), "yuv-bins", self.weights, option) for option in options]


def laid_on(laboratory: Laboratory, weights: Path, palette: Palette, mix: float) -> Path:
    """Lay the weights of rare colors on a network that learned without, and return its file."""
    state, _ = read_state(weights)
    own = state["uv_centers"].numpy()  # in an order of their own
    place = ((own[:, None] - palette.centers[None]) ** 2).sum(axis=2).argmin(axis=1)
    factors = rebalancing_weights(palette.frequency[place], mix)
    return reweighted(weights, "bins_head.bias", factors, laboratory.work / "sets" / f"seaside-{mix:g}.safetensors")


def draw(laboratory: Laboratory, scores: Scores, metrics: tuple[Metric, ...], networks: list[Seaside]) -> list[Path]:
    """Write the charts, and return their files."""
    by_name = {metric.name: metric for metric in metrics}
    files = []
    for metric, words in (("chroma-ratio", "mean chroma by the truth's"), ("acc-v", "% of pixels with the right V")):
        series = [
            (n.label, [(t, scores.estimate(n.row(t), by_name[metric]).value) for t in TEMPERATURES]) for n in networks
        ]
        files.append(
            chart(laboratory, f"seaside-{metric}", f"{words} against temperature", series, "temperature", words)
        )
    return files


def main() -> None:
    laboratory = Laboratory.from_arguments(__doc__)
    learn, test = SEASIDE.gather(laboratory)
    trainings = {
        name: Training(
            f"seaside-{bins}",
            "yuv-bins",
            learn,
            steps,
            f"""{SHARED} --rebalancing 0 --set 'network={{bins="{bins}"}}'""",
        )
        for name, (bins, steps) in NETWORKS.items()
    }
    train_all(laboratory, list(trainings.values()))
    begun = time.perf_counter()
    options = PaletteOptions(space="yuv", step=10, keep=32, mix=LAMBDA, sigma=0.0, photos=0)
    palette = measure_palette(open_photos((learn,)), options)
    networks = [Seaside(name, training.weights(laboratory)) for name, training in trainings.items()]
    plain = networks[0].weights
    networks += [Seaside(f"32 bins, lambda {mix:g}", laid_on(laboratory, plain, palette, mix)) for mix in LAID_ON]
    scores, metrics = measure(test, [row for network in networks for row in network.compared()], METRICS)
    files = draw(laboratory, scores, metrics, networks)
    files.append(draw_maps(palette, laboratory.results / "seaside-bins.png"))
    notes = {
        network.row(temperature): effort(laboratory, trainings[network.name])
        for network in networks
        for temperature in TEMPERATURES
        if network.name in trainings
    }
    shown = [network.row(temperature) for network in networks for temperature in SHOWN]
    text = table(scores, metrics, {"chroma-ratio": 3}, notes, "crops seen", shown)
    text += f"\n\nDrawn: {', '.join(file.name for file in files)}."
    publish(laboratory, "rare_colors", text, list(trainings.values()), time.perf_counter() - begun)


if __name__ == "__main__":
    main()
