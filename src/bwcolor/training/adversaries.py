# SPDX-License-Identifier: Apache-2.0
"""Lessons with a discriminator: the trunk's ab head (gan), and the GAN for pictures of 32x32 (gan-cifar).

Both sides' losses go into one sum: what the discriminator learns sees the colors detached, and what the generator
learns sees the discriminator with frozen weights, so that each gradient reaches its own side only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor.models.gan_cifar import AB_SCALE, KERNEL, LEAK, LIGHTNESS_CENTER
from bwcolor.models.patchgan import PatchGan
from bwcolor.training import losses
from bwcolor.training.batches import Batch
from bwcolor.training.lessons import BinsLesson, Lesson, Losses, Seen

CIFAR_WIDTHS = (64, 128, 256, 512)  # of the authors' discriminator; the last layer keeps its size


class CifarJudge(nn.Module):
    """The discriminator of Nazeri et al. 2018 for small pictures: gray and color in, a map of logits out.

    Args:
        normed: Whether batch norm follows all layers but the first; the gradient penalty does not go with it.
    """

    def __init__(self, normed: bool = True) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 4
        for index, width in enumerate(CIFAR_WIDTHS):
            last = index == len(CIFAR_WIDTHS) - 1
            layers += [nn.ZeroPad2d((1, 2, 1, 2) if last else 1), nn.Conv2d(inputs, width, KERNEL, 1 if last else 2)]
            layers += [nn.BatchNorm2d(width)] if normed and index else []
            layers.append(nn.LeakyReLU(LEAK))
            inputs = width
        self.layers = nn.Sequential(*layers, nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(inputs, 1, KERNEL))

    def forward(self, gray: Tensor, picture: Tensor) -> Tensor:
        """Judge ``(N, 1, h, w)`` gray and ``(N, 3, h, w)`` Lab, both scaled to +-1; ``(N, 1, h/8, w/8)`` logits."""
        y: Tensor = self.layers(torch.cat([gray, picture], dim=1))
        return y


def both_sides(
    judge: nn.Module, view: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, options: Any, learns: bool
) -> tuple[Tensor, Tensor]:
    """Return the discriminator's loss (0 where it does not learn in this step) and the generator's.

    Args:
        judge: The discriminator.
        view: Maps colors to its verdict.
        real: True colors.
        fake: The generator's.
        options: With ``adversary`` and ``penalty_weight``.
        learns: Whether the discriminator learns.
    """
    own = real.new_zeros(())
    if learns and options.adversary == "vanilla":
        own = losses.discriminator_loss(view(real), view(fake.detach()))
    elif learns:
        own = losses.critic_loss(view(real), view(fake.detach()))
        own = own + options.penalty_weight * losses.gradient_penalty(view, real, fake)
    judge.requires_grad_(False)
    verdict = view(fake)
    judge.requires_grad_(True)
    fooling = losses.generator_loss(verdict) if options.adversary == "vanilla" else -verdict.mean()
    return own, fooling


class GanLesson(BinsLesson):
    """The bins' cross-entropy, and from some step on the ab head's Huber distance and the discriminator (gan)."""

    terms = ("cross_entropy", "huber", "discriminator", "generator")
    compiled = "decode"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        options: Any = self.options
        if options.adversarial_weight > 0:
            self.judge = PatchGan().to(self.device)

    def look(self, network: Any, lightness: Tensor, hints: Tensor | None = None) -> Seen:
        """Run the trunk and its bins head; the ab head rests on what it gives (see `colors`)."""
        with self.autocast():
            features = network.decode(lightness, hints)
            return Seen(logits=network.bins_head(features), more=features)

    def colors(self, network: Any, lightness: Tensor, seen: Seen) -> Tensor:
        """Return ab of the decoded bins and the ab head; its gradient does not reach the bins' logits."""
        with self.autocast():
            ab: Tensor = network.refine(seen.more, seen.logits.detach(), self.options.temperature)
        return ab.float()

    def losses(self, batch: Batch, step: int) -> Losses:
        """Return what a batch costs."""
        options: Any = self.options
        seen = self.look(self.network, batch.lightness, batch.hints)
        loss, told = self.reconstruct(self.network, seen, batch.lightness, batch.ab)
        total, terms = loss + self.taught(batch, seen), {"cross_entropy": told}
        if step < options.refine_from * options.steps:
            return Losses(total, terms)
        fake = self.colors(self.network, batch.lightness, seen)
        real = F.avg_pool2d(batch.ab, batch.ab.shape[-1] // fake.shape[-1])
        index, _ = self.targets(self.network, seen, batch.lightness, batch.ab)
        distance = losses.huber(fake, real, options.huber_delta, self.weights[index[..., 0]][:, None])
        total = total + options.huber_weight * distance + self.edges(batch, seen)
        terms["huber"] = distance.detach()
        if self.judge is not None:
            judge = self.judge
            own, fooling = both_sides(judge, lambda ab: judge(batch.lightness, ab), real, fake, options, True)
            total = total + own + options.adversarial_weight * fooling
            terms |= {"discriminator": own.detach(), "generator": fooling.detach()}
        return Losses(total, terms)


class CifarLesson(Lesson):
    """L1 over the three channels of Lab, and a discriminator that learns in every second step (gan-cifar)."""

    terms = ("l1", "discriminator", "generator")
    reconstruction = "l1"
    compiled = "picture"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        options: Any = self.options
        if options.adversarial_weight > 0:
            self.judge = CifarJudge(normed=options.adversary == "vanilla").to(self.device)

    def look(self, network: Any, lightness: Tensor, hints: Tensor | None = None) -> Seen:
        """Run the generator."""
        with self.autocast():
            picture = network.picture(lightness).float()
        return Seen(ab=AB_SCALE * picture[:, 1:], more=picture)

    def reconstruct(self, network: Any, seen: Seen, lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Return L1 (see `Lesson.reconstruct`)."""
        loss = losses.absolute_distance(seen.more, _picture(lightness, ab))
        return loss, loss.detach()

    def losses(self, batch: Batch, step: int) -> Losses:
        """Return what a batch costs."""
        options: Any = self.options
        seen = self.look(self.network, batch.lightness, batch.hints)
        loss, told = self.reconstruct(self.network, seen, batch.lightness, batch.ab)
        total, terms = options.l1_weight * loss + self.edges(batch, seen), {"l1": told}
        if self.judge is not None:
            judge, gray = self.judge, batch.lightness / LIGHTNESS_CENTER - 1.0
            real = _picture(batch.lightness, batch.ab)
            learns = step % options.discriminator_every == 0
            own, fooling = both_sides(judge, lambda p: judge(gray, p), real, seen.more, options, learns)
            total = total + own + options.adversarial_weight * fooling
            terms |= {"discriminator": own.detach(), "generator": fooling.detach()}
        return Losses(total, terms)


def _picture(lightness: Tensor, ab: Tensor) -> Tensor:
    """Return Lab scaled to about +-1: ``(N, 3, h, w)``."""
    return torch.cat([lightness / LIGHTNESS_CENTER - 1.0, ab / AB_SCALE], dim=1)
