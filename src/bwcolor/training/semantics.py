# SPDX-License-Identifier: Apache-2.0
"""Lessons of networks that know what a picture shows: koalarization, which is told, and chromagan, which learns it."""

from __future__ import annotations

from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor

from bwcolor.models.chromagan import AB_CENTER, AB_SCALE, Critic
from bwcolor.models.recognizers import Recognizer
from bwcolor.training import losses
from bwcolor.training.adversaries import both_sides
from bwcolor.training.batches import Batch
from bwcolor.training.lessons import Lesson, Losses, Seen


class CriticizedLesson(Lesson):
    """Mean square of ab, and a critic of patches where the recipe wants one (koalarization)."""

    terms: ClassVar[tuple[str, ...]] = ("squares", "discriminator", "generator")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        options: Any = self.options
        if options.adversarial_weight > 0:
            self.judge = Critic().to(self.device)

    def losses(self, batch: Batch, step: int) -> Losses:
        """Return what a batch costs."""
        return self.cost(batch, self.look(self.network, batch.lightness, batch.hints))

    def cost(self, batch: Batch, seen: Seen) -> Losses:
        """Return what a batch costs of which was seen this."""
        loss, told = self.reconstruct(self.network, seen, batch.lightness, batch.ab)
        total, terms = loss + self.edges(batch, seen), {"squares": told}
        if self.judge is not None:
            fooling, learned = self.criticize(batch, seen.ab)
            total, terms = total + fooling, terms | learned
        return Losses(total, terms)

    def criticize(self, batch: Batch, ab: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return what both sides of the critic cost, and its terms."""
        options: Any = self.options
        judge: Any = self.judge
        factor = batch.ab.shape[-1] // ab.shape[-1]
        lightness, true = F.avg_pool2d(batch.lightness, factor), F.avg_pool2d(batch.ab, factor)
        real, fake = ((planes + AB_CENTER) / AB_SCALE for planes in (true, ab))
        own, fooling = both_sides(
            judge, lambda share: judge(lightness, share * AB_SCALE - AB_CENTER), real, fake, options, True
        )
        terms = {"discriminator": own.detach(), "generator": fooling.detach()}
        return own + options.adversarial_weight * fooling, terms


class ChromaGanLesson(CriticizedLesson):
    """The same, and besides a teacher's word on what the picture shows (chromagan)."""

    terms: ClassVar[tuple[str, ...]] = ("squares", "discriminator", "generator", "classes")
    scale = AB_SCALE
    compiled = "both"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        options: Any = self.options
        self.teacher: Recognizer | None = None
        if options.class_weight > 0 and options.encoder != "scratch" and self.network.classes is not None:
            self.teacher = Recognizer(options.network.get("backbone", "vgg16")).to(self.device)
            self.teacher.load_imagenet()

    def look(self, network: Any, lightness: Tensor, hints: Tensor | None = None) -> Seen:
        """Run the network with both branches."""
        with self.autocast():
            ab, classes = network.both(lightness)
        return Seen(ab=ab.float(), more=classes)

    def losses(self, batch: Batch, step: int) -> Losses:
        """Return what a batch costs."""
        options: Any = self.options
        seen = self.look(self.network, batch.lightness, batch.hints)
        cost = self.cost(batch, seen)
        if self.teacher is None:
            return cost
        distance = losses.teacher_distance(seen.more, self.teacher(batch.lightness))
        return Losses(cost.total + options.class_weight * distance, cost.told | {"classes": distance.detach()})
