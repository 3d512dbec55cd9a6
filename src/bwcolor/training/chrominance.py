# SPDX-License-Identifier: Apache-2.0
"""Lessons of networks that decide U and V: by regression, by bins of each, or by bins of both together."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from bwcolor.models.residual_encoder import CLASS_STRIDE, nearest_bins
from bwcolor.models.yuv import ab_from_uv, uv_from_ab
from bwcolor.training import losses
from bwcolor.training.lessons import BinsLesson, Lesson, Seen, fit


class YuvBinsLesson(BinsLesson):
    """Cross-entropy over the most frequent bins of U and V (yuv-bins)."""

    def targets(self, network: Any, seen: Seen, lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Return the nearest bin of each cell, with a share of 1."""
        small = fit(lightness, seen.logits), fit(ab, seen.logits)
        index = network.quantize(*small)[..., None]
        return index, torch.ones_like(index, dtype=torch.float32)

    def colors(self, network: Any, lightness: Tensor, seen: Seen) -> Tensor:
        """Return the annealed mean of U and V as ab at the scan's lightness."""
        ab: Tensor = network.decode_bins(fit(lightness, seen.logits), seen.logits, self.options.temperature)
        return ab


class ChrominanceLesson(Lesson):
    """Distances of U and V (vgg-regression)."""

    terms = ("uv_distance",)
    reconstruction = "uv_distance"
    compiled = "chrominance"

    def look(self, network: Any, lightness: Tensor, hints: Tensor | None = None) -> Seen:
        """Run a network."""
        with self.autocast():
            return Seen(more=network.chrominance(lightness).float())

    def colors(self, network: Any, lightness: Tensor, seen: Seen) -> Tensor:
        """Return ab of the predicted U and V."""
        return ab_from_uv(lightness, seen.more)

    def reconstruct(self, network: Any, seen: Seen, lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Return the distance that the recipe names (see `Lesson.reconstruct`)."""
        options: Any = self.options
        distance = losses.blurred_distance if options.distance == "blurred" else losses.squared_distance
        loss = distance(seen.more, uv_from_ab(lightness, ab))
        return loss, loss.detach()


class MarginalsLesson(Lesson):
    """Cross-entropy over bins of U plus that over bins of V (vgg-classification)."""

    terms: ClassVar[tuple[str, ...]] = ("cross_entropy",)
    reconstruction = "cross_entropy"
    compiled = "marginals"

    def look(self, network: Any, lightness: Tensor, hints: Tensor | None = None) -> Seen:
        """Run a network."""
        with self.autocast():
            return Seen(more=network.marginals(lightness))

    def colors(self, network: Any, lightness: Tensor, seen: Seen) -> Tensor:
        """Return ab of the annealed means of U and of V."""
        means = [
            torch.einsum("nqhw,q->nhw", torch.softmax(logits.float() / self.options.temperature, dim=1), middles)
            for logits, middles in zip(seen.more, network.middles.unbind(dim=1), strict=True)
        ]
        return ab_from_uv(fit(lightness, seen.more[0]), torch.stack(means, dim=1))

    def reconstruct(self, network: Any, seen: Seen, lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Return the two cross-entropies' sum (see `Lesson.reconstruct`)."""
        uv = F.avg_pool2d(uv_from_ab(lightness, ab), CLASS_STRIDE)
        target = nearest_bins(uv)
        loss = sum(
            (F.cross_entropy(logits.float(), target[:, channel]) for channel, logits in enumerate(seen.more)),
            start=ab.new_zeros(()),
        )
        return loss, loss.detach()
