# SPDX-License-Identifier: Apache-2.0
"""What a network learns from a batch: for each recipe its losses, and what of them is its reconstruction term.

A lesson only says what is to be made small; `loop` does the steps. See `adversaries` for lessons with a discriminator.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor.color import bins
from bwcolor.models.eccv16 import AB_SCALE
from bwcolor.models.siggraph17 import CLASSES
from bwcolor.training import losses
from bwcolor.training.batches import Batch
from bwcolor.training.options import TrainOptions


@dataclass(frozen=True)
class Seen:
    """What a network gave for a batch.

    Attributes:
        ab: ``(N, 2, h/s, w/s)`` float32, Lab units; None until it is asked for (see `Lesson.colors`).
        logits: ``(N, Q, h/s, w/s)`` over bins; None for a network without any.
        more: What else the lesson needs of the pass.
    """

    ab: Any = None
    logits: Any = None
    more: Any = None


@dataclass(frozen=True)
class Losses:
    """What a batch costs.

    Attributes:
        total: Scalar to differentiate, of all weights that learn.
        told: The terms by name, detached scalars.
    """

    total: Tensor
    told: dict[str, Tensor] = field(default_factory=dict)


class Lesson:
    """A regression of ab, and what all lessons share.

    Args:
        options: The recipe.
        network: That learns.
        prior: ``(Q,)`` share of each bin; None for a recipe without bins.
        device: Where it learns.
        autocast: Makes the context in which the network runs.

    Attributes:
        terms: Names of what `losses` tells.
        reconstruction: Which of them held-out photographs are judged by; smaller is better.
        compiled: Name of the network's method that torch.compile takes.
        judge: The discriminator; None where there is none.
    """

    terms: ClassVar[tuple[str, ...]] = ("squares",)
    reconstruction: ClassVar[str] = "squares"
    compiled: ClassVar[str] = "forward"
    scale: ClassVar[float] = 128.0  # Lab units, so that squares are of the order of 1 (document 001)

    def __init__(
        self,
        options: TrainOptions,
        network: Any,
        prior: Tensor | None,
        device: torch.device,
        autocast: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self.options, self.network, self.prior = options, network, prior
        self.device, self.autocast = device, autocast
        self.judge: nn.Module | None = None

    def look(self, network: Any, lightness: Tensor, hints: Tensor | None = None) -> Seen:
        """Run a network (that learns, or its average)."""
        with self.autocast():
            return Seen(ab=network(lightness, hints).float())

    def colors(self, network: Any, lightness: Tensor, seen: Seen) -> Tensor:
        """Return ab ``(N, 2, h/s, w/s)`` float32 of what was seen."""
        return torch.as_tensor(seen.ab)

    def reconstruct(self, network: Any, seen: Seen, lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Return the reconstruction term to differentiate, and the one to report.

        Args:
            network: That has seen.
            seen: What it gave.
            lightness: ``(N, 1, h, w)`` float, CIE L* 0..100.
            ab: ``(N, 2, h, w)`` float, the truth in Lab units.
        """
        prediction = self.colors(network, lightness, seen)
        loss = losses.squared_distance(prediction / self.scale, fit(ab, prediction) / self.scale)
        return loss, loss.detach()

    def losses(self, batch: Batch, step: int) -> Losses:
        """Return what a batch costs; it lies on the device already."""
        seen = self.look(self.network, batch.lightness, batch.hints)
        loss, told = self.reconstruct(self.network, seen, batch.lightness, batch.ab)
        return Losses(loss + self.edges(batch, seen), {self.reconstruction: told})

    def edges(self, batch: Batch, seen: Seen) -> Tensor:
        """Return the weighted losses against leaking colors; 0 where the recipe asks for none."""
        options, total = self.options, batch.ab.new_zeros(())
        if not options.edge_weight and not options.leak_weight:
            return total
        prediction = self.colors(self.network, batch.lightness, seen)
        if options.edge_weight:
            total = total + options.edge_weight * losses.edge_distance(prediction, fit(batch.ab, prediction))
        if options.leak_weight:
            total = total + options.leak_weight * losses.leak(prediction, fit(batch.lightness, prediction))
        return total


class BinsLesson(Lesson):
    """Rebalanced cross-entropy over bins of ab (eccv16, the trunk's classifier)."""

    terms: ClassVar[tuple[str, ...]] = ("cross_entropy",)
    reconstruction = "cross_entropy"
    compiled = "distribution"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        options: Any = self.options
        prior: Any = self.prior
        shares = bins.rebalancing_weights(prior.numpy(), options.rebalancing_mix, options.rebalancing_power)
        self.weights = torch.from_numpy(shares).float().to(self.device)  # (Q,)
        self.teacher: Any = None

    def look(self, network: Any, lightness: Tensor, hints: Tensor | None = None) -> Seen:
        """Run a network."""
        with self.autocast():
            return Seen(logits=network.distribution(lightness, hints))

    def colors(self, network: Any, lightness: Tensor, seen: Seen) -> Tensor:
        """Return the annealed mean."""
        return bins.annealed_mean(seen.logits, network.centers, self.options.temperature)

    def targets(self, network: Any, seen: Seen, lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Return bins ``(N, h/s, w/s, K)``, nearest first, and their shares."""
        options: Any = self.options
        if options.point_labels:
            stride = ab.shape[-1] // seen.logits.shape[-1]
            small = ab[..., ::stride, ::stride]
        else:
            small = fit(ab, seen.logits)
        return bins.soft_encode(small.movedim(1, -1), network.centers, options.neighbours)

    def reconstruct(self, network: Any, seen: Seen, lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rebalanced and the plain cross-entropy (see `Lesson.reconstruct`)."""
        options: Any = self.options
        index, share = self.targets(network, seen, lightness, ab)
        mask = losses.colored(ab) if options.gray_mask else None
        return losses.rebalanced_cross_entropy(seen.logits, index, share, self.weights, mask)

    def losses(self, batch: Batch, step: int) -> Losses:
        """Return what a batch costs, the distance to a teacher included where there is one."""
        seen = self.look(self.network, batch.lightness, batch.hints)
        loss, told = self.reconstruct(self.network, seen, batch.lightness, batch.ab)
        return Losses(loss + self.edges(batch, seen) + self.taught(batch, seen), {self.reconstruction: told})

    def taught(self, batch: Batch, seen: Seen) -> Tensor:
        """Return the weighted distance to the teacher's distribution; 0 without a teacher."""
        options: Any = self.options
        if self.teacher is None:
            return batch.ab.new_zeros(())
        with torch.no_grad(), self.autocast():
            told = self.teacher.distribution(batch.lightness, batch.hints)
        return float(options.teacher_weight) * losses.teacher_distance(seen.logits, told)


class HintedLesson(Lesson):
    """Huber distance led by hints, and a class head that only looks on (siggraph17)."""

    terms = ("huber", "cross_entropy")
    reconstruction = "huber"
    compiled = "features"

    def look(self, network: Any, lightness: Tensor, hints: Tensor | None = None) -> Seen:
        """Run a network, its class head on detached features."""
        with self.autocast():
            whole, half, _, eighth = network.features(lightness, hints)
            x = network.model9(network.model9up(eighth) + network.model2short9(half))  # (N, 128, h/2, w/2)
            x = network.model10(network.model10up(x) + network.model1short10(whole))  # (N, 128, h, w)
            ab = AB_SCALE * network.model_out(x)
            logits = network.classes(eighth.detach())
        return Seen(ab=ab.float(), logits=logits)

    def reconstruct(self, network: Any, seen: Seen, lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Return the Huber distance (see `Lesson.reconstruct`)."""
        options: Any = self.options
        loss = losses.huber(seen.ab, ab, options.huber_delta)
        return loss, loss.detach()

    def losses(self, batch: Batch, step: int) -> Losses:
        """Return what a batch costs."""
        options: Any = self.options
        seen = self.look(self.network, batch.lightness, batch.hints)
        loss, told = self.reconstruct(self.network, seen, batch.lightness, batch.ab)
        entropy = F.cross_entropy(seen.logits.float(), grid_class(fit(batch.ab, seen.logits)))
        total = loss + options.class_weight * entropy + self.edges(batch, seen)
        return Losses(total, {"huber": told, "cross_entropy": entropy.detach()})


def grid_class(ab: Tensor) -> Tensor:
    """Return the class of colors among 23 x 23 bins of 10 Lab units: ``(N, 2, h, w)`` to ``(N, h, w)`` int64."""
    side = int(CLASSES**0.5)
    place = (ab / bins.GRID_STEP).round().long().clamp(-(side // 2), side // 2) + side // 2
    return place[:, 0] * side + place[:, 1]


def fit(planes: Tensor, like: Tensor) -> Tensor:
    """Average planes to the grid of others."""
    factor = planes.shape[-1] // like.shape[-1]
    return planes if factor == 1 else F.avg_pool2d(planes, factor)
