# SPDX-License-Identifier: Apache-2.0
"""How published networks are trained: the numbers of their papers and of their authors' code.

Where a paper gives no number, or asks for weeks of a computer, the docstring says what was taken instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from bwcolor.training.augment import FilmOptions
from bwcolor.training.options import TrainOptions
from bwcolor.training.trunk_recipes import BinsRecipe

# the papers made gray of modern photographs, and no more
MODERN = FilmOptions(*[0.0] * len(fields(FilmOptions)))


@dataclass(frozen=True)
class Eccv16Recipe(BinsRecipe):
    """Zhang, Isola, Efros (ECCV 2016), by the numbers of the authors' code: ten neighbours, lambda 1/2, Adam."""

    model: str = "eccv16"
    neighbours: int = 10
    point_labels: bool = True
    gray_mask: bool = True
    temperature: float = 0.38
    photo_side: int = 256
    crops: tuple[tuple[float, int], ...] = ((0.0, 176),)
    smallest_cut: float = 176 / 256
    largest_cut: float = 176 / 256
    batch: int = 40
    steps: int = 500_000
    optimizer: str = "adam"
    betas: tuple[float, float] = (0.9, 0.99)
    rate: float = 3e-5
    weight_decay: float = 1e-3
    schedule: str = "step"
    decay_every: int = 225_000
    final_rate: float = 0.0
    warm_up: int = 0
    clip: float = 0.0
    film: FilmOptions = MODERN
    working_size: int = 256
    evaluate_every: int = 5000


@dataclass(frozen=True)
class Siggraph17Recipe(TrainOptions):
    """Zhang et al. (SIGGRAPH 2017): Huber distance led by simulated hints, and a class head on detached features.

    Departure: the authors train the class head first and the colors after it, in four stages of epochs; here both learn
    from the start, since neither sends gradients into the other's path.

    Attributes:
        huber_delta: Bend of the Huber distance, Lab units.
        class_weight: Weight of the class head's cross-entropy.
    """

    model: str = "siggraph17"
    huber_delta: float = 1.0
    class_weight: float = 1.0
    hint_share: float = 1.0
    reveal_share: float = 0.01
    photo_side: int = 256
    crops: tuple[tuple[float, int], ...] = ((0.0, 176),)
    smallest_cut: float = 176 / 256
    largest_cut: float = 176 / 256
    batch: int = 25
    steps: int = 1_000_000
    optimizer: str = "adam"
    rate: float = 1e-4
    weight_decay: float = 0.0
    schedule: str = "step"
    decay_every: int = 750_000
    final_rate: float = 0.0
    warm_up: int = 0
    clip: float = 0.0
    film: FilmOptions = MODERN
    working_size: int = 256
    evaluate_every: int = 5000


@dataclass(frozen=True)
class VggRegressionRecipe(TrainOptions):
    """Dahl (2016): a frozen ImageNet backbone, Adam, batches of six; steps are ours (his run took three days).

    Attributes:
        distance: "blurred" (Dahl's, over U and V seen through three blurs) or "uv" (plain squares, document 000).
    """

    model: str = "vgg-regression"
    distance: str = "blurred"
    photo_side: int = 256
    crops: tuple[tuple[float, int], ...] = ((0.0, 224),)
    batch: int = 6
    steps: int = 300_000
    optimizer: str = "adam"
    rate: float = 1e-3
    encoder_rate: float = 0.0
    weight_decay: float = 0.0
    film: FilmOptions = MODERN
    working_size: int = 224
    evaluate_every: int = 2500


@dataclass(frozen=True)
class VggClassificationRecipe(VggRegressionRecipe):
    """Hwang & Zhou (2016): cross-entropy over 50 bins of U and over 50 of V, on the same trunk and schedule."""

    model: str = "vgg-classification"
    distance: str = "bins"
    temperature: float = 0.38


@dataclass(frozen=True)
class CnnRecipe(TrainOptions):
    """Document 001: mean square of ab / 128, RMSprop, batches of 50, 1000 epochs of 10 steps, turned and sheared."""

    model: str = "cnn"
    photo_side: int = 256
    crops: tuple[tuple[float, int], ...] = ((0.0, 256),)
    smallest_cut: float = 0.8
    turn: float = 20.0
    shear: float = 0.2
    batch: int = 50
    steps: int = 10_000
    optimizer: str = "rmsprop"
    rate: float = 1e-3
    weight_decay: float = 0.0
    schedule: str = "constant"
    warm_up: int = 0
    clip: float = 0.0
    ema: float = 0.0
    film: FilmOptions = MODERN
    working_size: int = 256


@dataclass(frozen=True)
class Cnn16Recipe(CnnRecipe):
    """The deeper variant of document 001, trained alike."""

    model: str = "cnn-16"


@dataclass(frozen=True)
class GanCifarRecipe(TrainOptions):
    """Nazeri, Ng, Ebrahimi (2018) on CIFAR-10, by the authors' code: L1 times 100, two generator steps per verdict.

    Attributes:
        l1_weight: lambda of the paper.
        adversarial_weight: Weight of the discriminator's verdict; 0 for none.
        discriminator_share: The discriminator's rate as a share of the generator's.
        discriminator_every: Generator's steps per step of the discriminator.
        adversary: "vanilla" (one-sided smoothing) or "wgan-gp".
        penalty_weight: Of the gradient penalty (wgan-gp).
    """

    model: str = "gan-cifar"
    l1_weight: float = 100.0
    adversarial_weight: float = 1.0
    discriminator_share: float = 0.1
    discriminator_every: int = 2
    adversary: str = "vanilla"
    penalty_weight: float = 10.0
    photo_side: int = 32
    crops: tuple[tuple[float, int], ...] = ((0.0, 32),)
    smallest_cut: float = 1.0
    batch: int = 128
    epochs: float = 200.0
    optimizer: str = "adam"
    betas: tuple[float, float] = (0.0, 0.999)
    rate: float = 3e-4
    weight_decay: float = 0.0
    schedule: str = "exponential"
    decay_every: int = 10_000
    final_rate: float = 1e-6 / 3e-4
    warm_up: int = 0
    clip: float = 0.0
    film: FilmOptions = MODERN
    working_size: int = 32
    evaluate_every: int = 500


@dataclass(frozen=True)
class YuvBinsRecipe(BinsRecipe):
    """Document 004: the 32 most frequent of equal cells of U and V, lambda 0.2 (the authors' code), hard targets."""

    model: str = "yuv-bins"
    neighbours: int = 1
    rebalancing_mix: float = 0.2
    prior_sigma: float = 0.0
    temperature: float = 0.38
    weight_decay: float = 0.0
    optimizer: str = "adam"


@dataclass(frozen=True)
class KoalarizationRecipe(TrainOptions):
    """Baldassarre et al. (2017): mean square of ab, Adam 1e-3, batches of 100; a critic if wanted (document 002).

    Attributes:
        adversarial_weight: Weight of the critic's verdict; 0, as published, for none.
        adversary: "vanilla" (one-sided smoothing) or "wgan-gp".
        penalty_weight: Of the gradient penalty (wgan-gp).
        discriminator_share: The critic's rate as a share of the network's.
    """

    model: str = "koalarization"
    adversarial_weight: float = 0.0
    adversary: str = "wgan-gp"
    penalty_weight: float = 10.0
    discriminator_share: float = 1.0
    photo_side: int = 256
    crops: tuple[tuple[float, int], ...] = ((0.0, 224),)
    batch: int = 100
    steps: int = 15_000
    optimizer: str = "adam"
    rate: float = 1e-3
    encoder_rate: float = 0.0
    weight_decay: float = 0.0
    schedule: str = "constant"
    warm_up: int = 0
    clip: float = 0.0
    film: FilmOptions = MODERN
    working_size: int = 224
    evaluate_every: int = 500


@dataclass(frozen=True)
class ChromaGanRecipe(TrainOptions):
    """Vitoria, Raad, Ballester (2020): mean square of ab, a critic's verdict, and a teacher's classes; Adam 2e-5.

    Attributes:
        adversarial_weight: Weight of the critic's verdict; 0 for none.
        class_weight: Weight of the distance to what the teacher says the picture shows; 0 for no teacher. One that has
            not learned from ImageNet (``encoder = "scratch"``) is not asked.
        adversary: "wgan-gp" or "vanilla" (one-sided smoothing).
        penalty_weight: Of the gradient penalty (wgan-gp).
        discriminator_share: The critic's rate as a share of the network's.
    """

    model: str = "chromagan"
    network: dict[str, Any] = field(default_factory=lambda: {"class_branch": "yes"})
    adversarial_weight: float = 0.1
    class_weight: float = 0.003
    adversary: str = "wgan-gp"
    penalty_weight: float = 10.0
    discriminator_share: float = 1.0
    photo_side: int = 256
    crops: tuple[tuple[float, int], ...] = ((0.0, 224),)
    batch: int = 10
    steps: int = 650_000
    optimizer: str = "adam"
    betas: tuple[float, float] = (0.5, 0.999)
    rate: float = 2e-5
    encoder_rate: float = 2e-5
    weight_decay: float = 0.0
    schedule: str = "constant"
    warm_up: int = 0
    clip: float = 0.0
    film: FilmOptions = MODERN
    working_size: int = 224
    evaluate_every: int = 5000
