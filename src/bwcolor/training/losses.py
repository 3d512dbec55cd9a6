# SPDX-License-Identifier: Apache-2.0
"""What training makes small."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

REAL_LABEL = 0.9  # one-sided smoothing (Salimans et al. 2016): the discriminator's target for real photographs


def rebalanced_cross_entropy(logits: Tensor, index: Tensor, share: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy against (soft) bins whose gradient is weighted by the rarity of the true color.

    Zhang et al. 2016: the weight of the nearest bin multiplies the gradient of the pixel, and the sum is divided by the
    number of pixels, not by the sum of the weights.

    Args:
        logits: ``(N, Q, h, w)`` float.
        index: ``(N, h, w, K)`` int64, bins of the target, nearest first.
        share: ``(N, h, w, K)`` float, their shares, which sum to 1.
        weights: ``(Q,)`` float.

    Returns:
        The loss to differentiate, and the unweighted cross-entropy to report (detached); scalars.
    """
    log_share = F.log_softmax(logits.float(), dim=1).movedim(1, -1)  # (N, h, w, Q)
    per_pixel = -(share * log_share.gather(-1, index)).sum(dim=-1)  # (N, h, w)
    return (per_pixel * weights[index[..., 0]]).mean(), per_pixel.detach().mean()


def huber(prediction: Tensor, truth: Tensor, delta: float, weight: Tensor) -> Tensor:
    """Huber distance of ab, summed over a and b, averaged over pixels, in units of ``delta`` Lab units.

    Args:
        prediction: ``(N, 2, h, w)`` float, Lab units.
        truth: ``(N, 2, h, w)`` float, Lab units.
        delta: Where the square turns into the absolute value, Lab units.
        weight: ``(N, 1, h, w)`` float, how much each pixel counts.
    """
    distance = F.huber_loss(prediction / delta, truth / delta, reduction="none")
    return (distance * weight).sum(dim=1).mean()


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Vanilla GAN with one-sided label smoothing; arguments are logit maps of any shape (Goodfellow et al. 2014)."""
    real_loss = F.binary_cross_entropy_with_logits(real, torch.full_like(real, REAL_LABEL))
    return 0.5 * (real_loss + F.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake)))


def generator_loss(fake: Tensor) -> Tensor:
    """The non-saturating generator's loss on the discriminator's logit map of its pictures."""
    return F.binary_cross_entropy_with_logits(fake, torch.ones_like(fake))
