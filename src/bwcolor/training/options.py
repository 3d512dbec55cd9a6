# SPDX-License-Identifier: Apache-2.0
"""What every training is told, whichever network learns: one frozen dataclass."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bwcolor.training import schedules
from bwcolor.training.augment import FilmOptions


@dataclass(frozen=True)
class TrainOptions:
    """Everything that decides what a training makes of its photographs.

    Attributes:
        model: Name of the network in the MODELS table.
        network: What the network is built with besides: "backbone", "width", ... as its class takes them.
        data: Folders, tar shards, lists, patterns, CIFAR-10 files and photographs.
        val: Held-out photographs of their own; where empty, ``held_out`` of ``data`` are.
        classes: Only photographs of these classes (names of folders, or of CIFAR-10's classes); empty for all.
        held_out: How many photographs (1 or more, never more than a fifth) or what share of them (below 1) are kept
            for evaluation, by the hash of their keys.
        least_chroma: Photographs that are nowhere more colorful than this are left out as gray, Lab units.
        photo_side: Short side in pixels to which photographs are averaged down when they are decoded.
        epochs: Passes over the photographs; 0 leaves ``steps`` to decide.
        steps: Optimizer steps in all.
        max_minutes: The run ends after so many minutes of learning; 0 for never.
        patience: The run ends after so many evaluations without a better one; 0 for never.
        batch: Crops per step at the first crop size, in each process; larger crops get a batch with as many pixels.
        parts: Pieces in which a batch goes through the network, their gradients summed up, to save memory.
        fit_memory: Whether a step that does not fit the memory is done again in twice as many parts.
        crops: Pairs of (share of the steps after which it begins, side in pixels), small crops first.
        smallest_cut: Smallest side that is cut out, as a share of the photo's short side.
        largest_cut: Largest side that is cut out.
        turn: Photographs are rotated by up to this many degrees.
        shear: ... and sheared by up to this much, pixels per pixel.
        optimizer: "adamw", "adam", "rmsprop" or "sgd" (with momentum).
        betas: Of Adam; the first is SGD's momentum.
        rate: Peak learning rate.
        encoder_rate: Peak learning rate of a pretrained encoder; one from scratch gets ``rate``. 0 keeps it as it is.
        weight_decay: On weights of convolutions and linear layers only.
        schedule: "cosine", "step", "exponential" or "constant".
        warm_up: Steps over which the rate rises from 0.
        final_rate: Below this share of the peak no schedule falls.
        decay: Factor of the "step" and "exponential" schedules.
        decay_every: Steps over which that factor is applied once.
        clip: Largest norm of the gradient; 0 leaves it as it is.
        ema: Decay of the averaged weights that are evaluated and shipped; 0 for the plain weights.
        encoder: "imagenet", "scratch", or "auto": imagenet where its package is installed or other weights are given.
        init_from: Weights to start from; None for a fresh network.
        hint_share: Share of the samples that are shown color hints.
        reveal_share: Share of those that are shown all colors.
        film: How lightness is aged before the network sees it.
        temperature: Of the annealed mean, for networks with bins.
        edge_weight: Weight of the distance between the edges of color and of the true color (`losses.edge_distance`).
        leak_weight: Weight of color edges where lightness has none (`losses.leak`).
        evaluate_every: Steps between evaluations.
        evaluation_photos: How many of the held-out photographs each evaluation looks at.
        working_size: Short side in pixels at which evaluations run the network.
        checkpoint_minutes: Minutes between checkpoints.
        seed: Of everything random.
        workers: Threads that make batches; 0 takes half of the cores. Batches do not depend on it.
        tensorboard: Whether TensorBoard's files are written too.
        compile: Whether the network goes through torch.compile.
        precision: "auto", "fp32", "bf16" or "fp16".
        device: "auto", "cpu", "cuda" or "cuda:N".
    """

    model: str = ""
    network: dict[str, Any] = field(default_factory=dict)
    data: tuple[Path, ...] = ()
    val: tuple[Path, ...] = ()
    classes: tuple[str, ...] = ()
    held_out: float = 1000.0
    least_chroma: float = 5.0
    photo_side: int = 160
    epochs: float = 0.0
    steps: int = 4000
    max_minutes: float = 0.0
    patience: int = 0
    batch: int = 64
    parts: int = 1
    fit_memory: bool = False
    crops: tuple[tuple[float, int], ...] = ((0.0, 96), (0.7, 128))
    smallest_cut: float = 0.65
    largest_cut: float = 1.0
    turn: float = 0.0
    shear: float = 0.0
    optimizer: str = "adamw"
    betas: tuple[float, float] = (0.9, 0.999)
    rate: float = 1.2e-3
    encoder_rate: float = 4e-4
    weight_decay: float = 0.02
    schedule: str = "cosine"
    warm_up: int = 100
    final_rate: float = 0.02
    decay: float = 0.1
    decay_every: int = 1000
    clip: float = 1.0
    ema: float = 0.999
    encoder: str = "auto"
    init_from: str | None = None
    hint_share: float = 0.0
    reveal_share: float = 0.0
    film: FilmOptions = field(default_factory=FilmOptions)
    temperature: float = 1.0
    edge_weight: float = 0.0
    leak_weight: float = 0.0
    evaluate_every: int = 250
    evaluation_photos: int = 200
    working_size: int = 128
    checkpoint_minutes: float = 4.0
    seed: int = 0
    workers: int = 0
    tensorboard: bool = False
    compile: bool = False
    precision: str = "auto"
    device: str = "auto"

    def crop_at(self, step: int) -> tuple[int, int]:
        """Return (side in pixels, crops per batch) of a step; the pixels of a batch stay the same."""
        share = step / self.steps
        side = [size for begin, size in self.crops if share >= begin][-1]
        return side, self.crops_of(side)

    def crops_of(self, side: int) -> int:
        """Return how many crops of a side have as many pixels as the first batch."""
        first = self.crops[0][1]
        return max(round(self.batch * first * first / (side * side)), 1)

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step as a share of the peak."""
        return schedules.rate_share(
            self.schedule, step, self.steps, self.warm_up, self.final_rate, self.decay, self.decay_every
        )

    def steps_for(self, photographs: int, processes: int = 1) -> int:
        """Return the steps that ``epochs`` passes take; ``steps`` where no epochs are asked for."""
        if not self.epochs:
            return self.steps
        ends = [begin for begin, _ in self.crops[1:]] + [1.0]
        per_step = sum((end - begin) * self.crops_of(side) for (begin, side), end in zip(self.crops, ends, strict=True))
        return max(math.ceil(self.epochs * photographs / (per_step * processes)), 1)
