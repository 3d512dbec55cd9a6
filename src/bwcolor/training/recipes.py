# SPDX-License-Identifier: Apache-2.0
"""What a training is told: one frozen dataclass, and the defaults of each network that can be trained."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bwcolor.errors import UsageError
from bwcolor.training.augment import FilmOptions


@dataclass(frozen=True)
class TrainOptions:
    """Everything that decides what a training makes of its photographs.

    Attributes:
        model: Name of the network in the MODELS table.
        data: Folders, tar shards and photographs.
        steps: Optimizer steps in all.
        batch: Crops per step at the first crop size; larger crops get a batch with as many pixels.
        crops: Pairs of (share of the steps after which it begins, side in pixels), small crops first.
        smallest_cut: Smallest side that is cut out, as a share of the photo's short side.
        rate: Peak learning rate of the decoder and the heads.
        encoder_rate: Peak learning rate of a pretrained encoder; one from scratch gets ``rate``.
        weight_decay: AdamW's, on weights of convolutions and linear layers only.
        warm_up: Steps over which the rate rises from 0.
        final_rate: Where the cosine ends, as a share of the peak.
        clip: Largest norm of the gradient.
        ema: Decay of the averaged weights that are evaluated and shipped.
        encoder: "imagenet", "scratch", or "auto": imagenet where its package is installed or other weights are given.
        init_from: Weights to start from; None for a fresh network.
        neighbours: Bins per soft target; 1 is a hard target.
        rebalancing_mix: lambda of the rebalancing (0 full inverse frequency, 1 none).
        rebalancing_power: Exponent on the inverse frequency; 0 is no rebalancing.
        hint_share: Share of the samples that are shown color hints.
        refine_from: Share of the steps after which the ab head and the discriminator join in (gan).
        temperature: Of the annealed mean on which the ab head rests (gan).
        huber_weight: Weight of the ab head's Huber distance (gan).
        huber_delta: Its bend, in Lab units (gan).
        adversarial_weight: Weight of the discriminator's verdict (gan).
        discriminator_rate: Adam's rate for the discriminator (gan).
        film: How lightness is aged before the network sees it.
        held_out: How many photographs, by the hash of their keys, are kept for evaluation.
        evaluate_every: Steps between evaluations.
        evaluation_photos: How many of the held-out photographs each evaluation looks at.
        working_size: Short side in pixels at which evaluations run the network.
        checkpoint_minutes: Minutes between checkpoints.
        seed: Of everything random.
        precision: "auto", "fp32" or "bf16".
        device: "auto", "cpu", "cuda" or "cuda:N".
    """

    model: str = "gan"
    data: tuple[Path, ...] = ()
    steps: int = 4000
    batch: int = 64
    crops: tuple[tuple[float, int], ...] = ((0.0, 96), (0.7, 128))
    smallest_cut: float = 0.65
    rate: float = 1.2e-3
    encoder_rate: float = 4e-4
    weight_decay: float = 0.02
    warm_up: int = 100
    final_rate: float = 0.02
    clip: float = 1.0
    ema: float = 0.999
    encoder: str = "auto"
    init_from: str | None = None
    neighbours: int = 1
    rebalancing_mix: float = 0.5
    rebalancing_power: float = 0.4
    hint_share: float = 0.1
    refine_from: float = 0.0
    temperature: float = 0.6
    huber_weight: float = 0.2
    huber_delta: float = 5.0
    adversarial_weight: float = 0.05
    discriminator_rate: float = 2e-4
    film: FilmOptions = field(default_factory=FilmOptions)
    held_out: int = 1000
    evaluate_every: int = 250
    evaluation_photos: int = 200
    working_size: int = 128
    checkpoint_minutes: float = 4.0
    seed: int = 0
    precision: str = "auto"
    device: str = "auto"

    def crop_at(self, step: int) -> tuple[int, int]:
        """Return (side in pixels, crops per batch) of a step; the pixels of a batch stay the same."""
        share = step / self.steps
        side = [size for begin, size in self.crops if share >= begin][-1]
        first = self.crops[0][1]
        return side, max(round(self.batch * first * first / (side * side)), 1)

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step as a share of the peak: linear warm-up, then a cosine."""
        if step < self.warm_up:
            return (step + 1) / self.warm_up
        progress = (step - self.warm_up) / max(self.steps - self.warm_up, 1)
        return self.final_rate + (1 - self.final_rate) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))


RECIPES = {
    "classify": TrainOptions(model="classify"),
    "gan": TrainOptions(model="gan", refine_from=0.7),
}
# A network that has learned already goes on at a gentler pace, with all its losses at once
CONTINUED = {"steps": 1500, "rate": 3e-4, "encoder_rate": 1e-4, "refine_from": 0.0}


def recipe(model: str, **changes: Any) -> TrainOptions:
    """Return the recipe of a network with some values changed.

    Args:
        model: Name of the network.
        **changes: Fields of `TrainOptions` and their values; None leaves the recipe's value.

    Returns:
        The resolved options.

    Raises:
        UsageError: The network cannot be trained, or a value makes no sense.
    """
    if model not in RECIPES:
        raise UsageError(f"{model!r} cannot be trained.", f"These can: {', '.join(sorted(RECIPES))}.")
    start = replace(RECIPES[model], **CONTINUED) if changes.get("init_from") else RECIPES[model]  # type: ignore[arg-type]
    options = replace(start, **{name: value for name, value in changes.items() if value is not None})
    for name in ("steps", "batch", "evaluate_every", "evaluation_photos"):
        if getattr(options, name) < 1:
            raise UsageError(f"{name.replace('_', ' ')} must be at least 1, not {getattr(options, name)}.")
    if any(side % 32 or side < 32 for _, side in options.crops):
        raise UsageError("Crop sizes must be multiples of 32.", "For example --crops 96,128.")
    return options


def options_to_json(options: TrainOptions, paths: bool = True) -> dict[str, Any]:
    """Return options as plain values that JSON can hold; ``paths=False`` leaves out where the data lie."""
    plain = asdict(options)
    plain["data"] = [str(p.resolve() if paths else p.name) for p in options.data]
    return plain


def options_from_json(plain: dict[str, Any]) -> TrainOptions:
    """Return the options that `options_to_json` wrote."""
    values = dict(plain)
    values["data"] = tuple(Path(p) for p in values["data"])
    values["crops"] = tuple((float(share), int(side)) for share, side in values["crops"])
    values["film"] = FilmOptions(**values["film"])
    return TrainOptions(**values)
