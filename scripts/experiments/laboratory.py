# SPDX-License-Identifier: Apache-2.0
"""What the experiments share: sets of photographs by label, trainings side by side, tables beside gray and one tint.

An experiment is a list of trainings and a list of what is compared. Trainings are `bwcolor train` with fixed steps and
seed, each with one thread; one that is finished already is not done again, one that was stopped goes on.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import re
import shlex
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import bwcolor
from bwcolor.evaluation.report import cell_of
from bwcolor.evaluation.scoring import Scores, mean_ab, score
from bwcolor.evaluation.systems import GRAY, TINT, Gray, Network, System, Tint
from bwcolor.metrics.metric import Metric
from bwcolor.metrics.pair import Picture, Pixels, as_depth
from bwcolor.metrics.table import find_metrics
from bwcolor.models.weights import read_about, read_state, write_state
from bwcolor.pages import charts
from bwcolor.pages.document import STYLE
from bwcolor.photo.folders import find_photographs

SEED = 0
CORES = 2
SUSPENDED = 20  # times the usual seconds of a step


@dataclass(frozen=True)
class Laboratory:
    """Where an experiment finds photographs and keeps its runs.

    Attributes:
        photos: Folder with train/ (tar shards and index.tsv: key, source, label), eval/ and cifar10/.
        work: Folder of sets, runs and results.
        share: Of the steps of each training; below 1 for a trial of the command, not of the networks.
    """

    photos: Path
    work: Path
    share: float = 1.0

    @property
    def results(self) -> Path:
        """The folder of tables and pictures, which is made where it is missing."""
        folder = self.work / "results"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @classmethod
    def from_arguments(cls, description: str | None) -> Laboratory:
        """Read ``--photos``, ``--work`` and ``--share``."""
        form = argparse.RawDescriptionHelpFormatter
        parser = argparse.ArgumentParser(description=description, formatter_class=form)
        parser.add_argument("--photos", type=Path, required=True, help="folder with train/, eval/ and cifar10/")
        parser.add_argument("--work", type=Path, required=True, help="folder of runs, outside the work tree")
        parser.add_argument("--share", type=float, default=1.0, help="of the steps, for a trial of the command")
        arguments = parser.parse_args()
        torch.set_num_threads(1)
        return cls(arguments.photos.absolute(), arguments.work.absolute(), arguments.share)


@dataclass(frozen=True)
class PhotoSet:
    """Photographs of some labels, of which some are kept for testing.

    Attributes:
        name: Of its folder.
        labels: Of index.tsv; empty for all.
        sources: Data sets of index.tsv; empty for all.
        tests: How many are kept for testing, by the hash of their keys.
        most: How many there are to learn from at most, by the same hash; 0 for all.
    """

    name: str
    labels: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    tests: int = 200
    most: int = 0

    def gather(self, laboratory: Laboratory) -> tuple[Path, Path]:
        """Lay out the photographs as files, once, and return the folders to learn from and to test on."""
        home = laboratory.work / "sets" / self.name
        learn, test = home / "train", home / "test"
        if not (home / "complete").exists():
            keys = self._keys(laboratory.photos / "train" / "index.tsv")
            tested = set(keys[: self.tests])
            taught = set(keys[self.tests : self.tests + self.most] if self.most else keys[self.tests :])
            for folder in (learn, test):
                folder.mkdir(parents=True, exist_ok=True)
            for name, data in _members(laboratory.photos / "train"):
                key = Path(name).stem
                if key in tested or key in taught:
                    ((test if key in tested else learn) / Path(name).name).write_bytes(data)
            (home / "complete").touch()
        return learn, test

    def _keys(self, index: Path) -> list[str]:
        with index.open(encoding="utf-8") as stream:
            rows = [
                row["key"]
                for row in csv.DictReader(stream, delimiter="\t")
                if (not self.labels or row["label"] in self.labels)
                and (not self.sources or row["source"] in self.sources)
            ]
        return sorted(rows, key=lambda key: hashlib.blake2b(key.encode()).digest())


def _members(folder: Path) -> Iterator[tuple[str, bytes]]:
    for shard in sorted(folder.glob("*.tar")):
        with tarfile.open(shard, "r:") as archive:
            for member in archive:
                stream = archive.extractfile(member)
                if stream is not None:
                    yield member.name, stream.read()


@dataclass(frozen=True)
class Training:
    """One `bwcolor train` with one thread.

    Attributes:
        name: Of its run.
        model: That learns.
        data: Folder of photographs.
        steps: Optimizer steps.
        arguments: Further options of the command.
    """

    name: str
    model: str
    data: Path
    steps: int
    arguments: str = ""

    def command(self, laboratory: Laboratory) -> list[str]:
        """Return the words of the command that starts it, or goes on with it."""
        run = self.run(laboratory)
        words = [sys.executable, "-m", "bwcolor", "train", "--threads", "1", "--workers", "1"]
        if any(run.glob("checkpoints/*")):
            return [*words, "--resume", str(run)]
        steps = max(round(self.steps * laboratory.share), 2)
        words += ["--model", self.model, "--data", str(self.data), "--steps", str(steps), "--seed", str(SEED)]
        words += ["--held-out", "64", "--evaluate-every", str(steps), "--out", str(run)]
        return [*words, *shlex.split(self.arguments)]

    def run(self, laboratory: Laboratory) -> Path:
        """Return its folder."""
        return laboratory.work / "runs" / self.name

    def weights(self, laboratory: Laboratory) -> Path:
        """Return the file that it ends with."""
        return self.run(laboratory) / f"{self.model}.safetensors"

    def told(self, laboratory: Laboratory) -> tuple[int, int, float]:
        """Return the steps it took, the crops it saw and its minutes, without those in which it was suspended."""
        with (self.run(laboratory) / "steps.csv").open(encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        clock = np.array([float(row["seconds"]) for row in rows])
        took = np.diff(clock, prepend=0.0)
        took = np.where(took < 0, clock, took)  # the clock starts anew in a run that goes on
        usual = np.median(took)
        took = np.where(took > SUSPENDED * usual, usual, took)
        return int(rows[-1]["step"]), int(rows[-1]["seen"]), float(took.sum()) / 60


def train_all(laboratory: Laboratory, trainings: Sequence[Training]) -> None:
    """Do the trainings that are not done, as many side by side as there are cores, in their order."""

    def one(training: Training) -> None:
        if training.weights(laboratory).exists():
            return
        run = training.run(laboratory)
        run.mkdir(parents=True, exist_ok=True)
        begun = time.perf_counter()
        environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE"}
        with (run / "log.txt").open("a", encoding="utf-8") as log:
            done = subprocess.run(
                training.command(laboratory), stdout=log, stderr=log, env=environment, cwd=laboratory.work, check=False
            )
        if done.returncode:
            raise SystemExit(f"{training.name} ended with {done.returncode}; see {run / 'log.txt'}")
        print(f"{training.name}: {(time.perf_counter() - begun) / 60:.1f} minutes", file=sys.stderr, flush=True)

    laboratory.work.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(one, trainings))


@dataclass(frozen=True)
class Compared:
    """A row of a table: a trained network, decoded in some way.

    Attributes:
        name: Of the row.
        model: Network.
        weights: Its file; None for the shipped one.
        options: Further arguments of `bwcolor.load`.
    """

    name: str
    model: str
    weights: Path | None = None
    options: Mapping[str, object] = field(default_factory=dict)

    def system(self) -> System:
        """Return the network, loaded."""
        options: dict[str, object] = {"quality": "fast", **self.options}
        return Network(bwcolor.load(self.model, weights=self.weights, **options), self.name)  # type: ignore[arg-type]


def reweighted(weights: Path, bias: str, factors: NDArray[np.float64], target: Path) -> Path:
    """Write a classifier's weights so that its distribution is multiplied by factors, one for each bin.

    Training with weights for rare colors learns the plain distribution times the weights, so they can also be laid on
    afterwards.

    Args:
        weights: File of a network with color bins.
        bias: Name of the bias of its logits; of trunks that answer together, each one's.
        factors: ``(Q,)``, above 0.
        target: File to write.
    """
    state, _ = read_state(weights)
    named = [name for name in state if name == bias or name.endswith(f".{bias}")]
    if not named:
        raise KeyError(bias)
    for name in named:
        state[name] += torch.from_numpy(factors).log().to(state[name].dtype)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_state(state, target, read_about(weights))
    return target


def colored(system: System, name: str, truth: Pixels) -> Pixels:
    """Return what a system makes of a photograph's gray version, in the photograph's own depth."""
    return as_depth(system.predict(name, Picture(truth)), truth.dtype)


def measure(test: Path, compared: Sequence[Compared | System], metrics: str) -> tuple[Scores, tuple[Metric, ...]]:
    """Measure gray, the photographs' own mean color, and what is compared on a folder of photographs."""
    photos = find_photographs([test])
    found, _ = find_metrics(metrics)
    systems = [row if isinstance(row, System) else row.system() for row in compared]
    return score(photos, (Gray(), Tint(mean_ab(photos)), *systems), found), tuple(found)


def table(
    scores: Scores,
    metrics: Sequence[Metric],
    decimals: Mapping[str, int],
    notes: Mapping[str, str],
    note: str,
    shown: Sequence[str] = (),
) -> str:
    """Return a Markdown table: rows are systems, columns a note and the metrics, with 95 % intervals of the first.

    Args:
        scores: What was measured.
        metrics: Columns.
        decimals: Of a metric, where it is not two.
        notes: A word on each system, by name.
        note: Heading of that column.
        shown: Systems that are listed beside gray and the tint; empty for all.
    """
    heads = ["what", note, *(f"{metric.name}{f', {metric.unit}' if metric.unit else ''}" for metric in metrics)]
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    for system in (GRAY, TINT, *shown) if shown else scores.systems:
        cells = []
        for index, metric in enumerate(metrics):
            value, interval = cell_of(scores.estimate(system, metric), decimals.get(metric.name, 2))
            cells.append(f"{value} ({interval})" if index == 0 and interval else value)
        name = {GRAY: "gray photo", TINT: "constant tint"}.get(system, system)
        lines.append(f"| {' | '.join([name, notes.get(system, '-'), *cells])} |")
    return "\n".join(lines)


def chart(
    laboratory: Laboratory,
    name: str,
    title: str,
    series: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    across: str,
    upwards: str,
) -> Path:
    """Draw lines through points as results/NAME.svg, and return the file."""
    drawn = re.search(r"<svg.*</svg>", charts.trends(title, series, across, upwards), re.DOTALL)
    if drawn is None:
        raise ValueError("the chart holds no picture")
    svg = drawn.group().replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    style = f"<style>{STYLE}svg {{ background: var(--card); }}</style>"
    path = laboratory.results / f"{name}.svg"
    path.write_text(svg.replace("<title>", f"{style}<title>", 1) + "\n", encoding="utf-8")
    return path


def effort(laboratory: Laboratory, training: Training) -> str:
    """Return what a training took, in words for a table: crops and minutes."""
    _, crops, minutes = training.told(laboratory)
    return f"{crops:,} in {minutes:.0f} min"


def publish(
    laboratory: Laboratory, name: str, text: str, trainings: Sequence[Training] = (), measured: float = 0.0
) -> None:
    """Print a result with what it took, and write it to results/NAME.md in the work folder.

    Args:
        laboratory: Where.
        name: Of the experiment.
        text: The result.
        trainings: That it rests on.
        measured: Seconds that measuring took.
    """
    took = sum(training.told(laboratory)[2] for training in trainings)
    learned = f"{len(trainings)} trainings, {took:.0f} minutes in all, one thread each; " if trainings else ""
    text += f"\n\nSeed {SEED}; {learned}{measured / 60:.0f} minutes to measure.\n"
    (laboratory.results / f"{name}.md").write_text(text, encoding="utf-8")
    print(text)
