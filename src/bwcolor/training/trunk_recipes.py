# SPDX-License-Identifier: Apache-2.0
"""How the project's own trunk is trained, and what all networks with bins are told; numbers measured, not a paper's."""

from __future__ import annotations

from dataclasses import dataclass

from bwcolor.training.options import TrainOptions


@dataclass(frozen=True)
class BinsRecipe(TrainOptions):
    """A network that classifies color, after Zhang, Isola, Efros (ECCV 2016).

    Attributes:
        neighbours: Bins per soft target; 1 is a hard target.
        rebalancing_mix: lambda of the rebalancing (0 full inverse frequency, 1 none).
        rebalancing_power: Exponent on the inverse frequency; 0 is no rebalancing.
        prior_sigma: How far the measured prior is smoothed, Lab units.
        bins: File of ``bwcolor bins`` whose prior is taken instead of measuring one; None for measuring.
        point_labels: Whether the color of a cell is that of its first pixel (the authors' code) or its mean.
        gray_mask: Whether samples without any color count for nothing (the authors' code).
        teacher: Weights of a network with the same bins whose distribution is learned besides; None for none.
        teacher_weight: Weight of the distance to it (`losses.teacher_distance`).
    """

    neighbours: int = 5
    rebalancing_mix: float = 0.5
    rebalancing_power: float = 1.0
    prior_sigma: float = 5.0
    bins: str | None = None
    point_labels: bool = False
    gray_mask: bool = False
    teacher: str | None = None
    teacher_weight: float = 1.0


@dataclass(frozen=True)
class ClassifyRecipe(BinsRecipe):
    """The project's trunk as a classifier; its numbers are measured, not a paper's.

    Attributes:
        hints_only: Whether only the weights that speak where there are hints learn: without hints, the network stays
            what it was, its batch norms included.
        dropout: Share of the encoder's features at 1/32 and 1/16 that are silent in each sample, against learning
            photographs by heart.
    """

    model: str = "classify"
    neighbours: int = 1
    rebalancing_power: float = 0.1
    hint_share: float = 0.1
    hints_only: bool = False
    dropout: float = 0.0
    temperature: float = 1.0


@dataclass(frozen=True)
class GanRecipe(ClassifyRecipe):
    """The trunk with its adversarial ab head, after Nazeri et al. (2018) on top of the bins.

    Attributes:
        refine_from: Share of the steps after which the ab head and the discriminator join in.
        huber_weight: Weight of the ab head's Huber distance.
        huber_delta: Its bend, in Lab units.
        adversary: "vanilla" (one-sided smoothing) or "wgan-gp".
        adversarial_weight: Weight of the discriminator's verdict; 0 for none.
        discriminator_rate: Adam's rate for the discriminator.
        penalty_weight: Of the gradient penalty (wgan-gp).
    """

    model: str = "gan"
    refine_from: float = 0.7
    huber_weight: float = 0.2
    huber_delta: float = 5.0
    adversary: str = "vanilla"
    adversarial_weight: float = 0.05
    discriminator_rate: float = 2e-4
    penalty_weight: float = 10.0
