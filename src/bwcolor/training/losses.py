# SPDX-License-Identifier: Apache-2.0
"""What training makes small: distances between colors, between distributions, and the two sides of an adversary.

Colors are ``(N, 2, h, w)``: ab in Lab units, or U and V. All losses are scalars, computed in float32.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

REAL_LABEL = 0.9  # one-sided smoothing (Salimans et al. 2016): the discriminator's target for real photographs
EDGE_SHARPNESS = 0.1  # per Lab unit: a lightness edge of 10 units lets 1/e of a color edge count as a leak
# Dahl's blurs, as their published re-implementation has them
BLUR_3 = ((1, 2, 1), (2, 4, 2), (1, 2, 1))
BLUR_5 = ((1, 4, 7, 4, 1), (4, 16, 26, 16, 4), (7, 26, 41, 26, 7), (4, 16, 26, 16, 4), (1, 4, 7, 4, 1))
SOBEL = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))


def rebalanced_cross_entropy(
    logits: Tensor, index: Tensor, share: Tensor, weights: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Cross-entropy against (soft) bins whose gradient is weighted by the rarity of the true color.

    Zhang et al. 2016: the weight of the nearest bin multiplies the gradient of the pixel, and the sum is divided by the
    number of pixels, not by the sum of the weights.

    Args:
        logits: ``(N, Q, h, w)`` float.
        index: ``(N, h, w, K)`` int64, bins of the target, nearest first.
        share: ``(N, h, w, K)`` float, their shares, which sum to 1.
        weights: ``(Q,)`` float.
        mask: ``(N,)`` float, 0 for samples that count for nothing; None where all count.

    Returns:
        The loss to differentiate, and the unweighted cross-entropy to report (detached); scalars.
    """
    log_share = F.log_softmax(logits.float(), dim=1).movedim(1, -1)  # (N, h, w, Q)
    per_pixel = -(share * log_share.gather(-1, index)).sum(dim=-1)  # (N, h, w)
    weight = weights[index[..., 0]]
    if mask is not None:
        weight = weight * mask.view(-1, 1, 1)
    return (per_pixel * weight).mean(), per_pixel.detach().mean()


def colored(ab: Tensor, least: float = 5.0) -> Tensor:
    """Return 1 for samples in which some ``|a|`` or ``|b|`` exceeds ``least`` Lab units, else 0: ``(N,)`` float.

    The gray-image mask of Zhang et al. 2016: it is a whole picture's, not a pixel's.
    """
    return (ab.abs().amax(dim=(1, 2, 3)) > least).to(ab.dtype)


def squared_distance(prediction: Tensor, truth: Tensor) -> Tensor:
    """Squared distance summed over the two channels, averaged over pixels.

    Of U and V this is L_reg of the project's document 000, divided by the number of pixels, without which it would grow
    with the picture's size.
    """
    return (prediction - truth).square().sum(dim=1).mean()


def absolute_distance(prediction: Tensor, truth: Tensor) -> Tensor:
    """Mean absolute distance over channels and pixels (L1)."""
    return (prediction - truth).abs().mean()


def huber(prediction: Tensor, truth: Tensor, delta: float, weight: Tensor | None = None) -> Tensor:
    """Huber distance of ab, summed over a and b, averaged over pixels, in units of ``delta`` Lab units.

    Args:
        prediction: ``(N, 2, h, w)`` float, Lab units.
        truth: ``(N, 2, h, w)`` float, Lab units.
        delta: Where the square turns into the absolute value, Lab units.
        weight: ``(N, 1, h, w)`` float, how much each pixel counts; None for all the same.
    """
    distance = F.huber_loss(prediction / delta, truth / delta, reduction="none")
    return (distance if weight is None else distance * weight).sum(dim=1).mean()


def blurred_distance(prediction: Tensor, truth: Tensor) -> Tensor:
    """Squared distance of U and V seen sharp and through two blurs, averaged (Dahl 2016).

    The blurs act on each channel by itself; borders are continued by their own values.
    """
    error = prediction - truth  # blurring is linear: the difference of blurred pictures is the blurred difference
    total = error.square().sum(dim=1).mean()
    for kernel in (BLUR_3, BLUR_5):
        total = total + _convolve(error, kernel, sum(map(sum, kernel))).square().sum(dim=1).mean()
    return total / 3


def edge_distance(prediction: Tensor, truth: Tensor) -> Tensor:
    """Mean absolute distance between the Sobel edges of both channels, along rows and along columns.

    The wish of the project's document 002 (an edge network against leaking colors), with Sobel's filter as the network.
    """
    error = prediction - truth
    across = tuple(zip(*SOBEL, strict=True))
    return 0.5 * (_convolve(error, SOBEL, 8).abs().mean() + _convolve(error, across, 8).abs().mean())


def leak(prediction: Tensor, lightness: Tensor, sharpness: float = EDGE_SHARPNESS) -> Tensor:
    """How much color changes where lightness does not: mean of ``|grad ab| exp(-k |grad L|)``.

    Args:
        prediction: ``(N, 2, h, w)`` float, Lab units.
        lightness: ``(N, 1, h, w)`` float, CIE L* 0..100, on the same grid.
        sharpness: k, per Lab unit.
    """
    total = prediction.new_zeros(())
    for dim in (-1, -2):
        color = prediction.diff(dim=dim).square().sum(dim=1).clamp_min(1e-12).sqrt()
        total = total + (color * torch.exp(-sharpness * lightness.diff(dim=dim).abs()[:, 0])).mean()
    return total / 2


def teacher_distance(logits: Tensor, teacher: Tensor) -> Tensor:
    """Kullback-Leibler divergence from a teacher's distribution, averaged over samples and pixels.

    Args:
        logits: ``(N, Q)`` or ``(N, Q, h, w)`` float: over a picture's classes (ChromaGAN) or a pixel's bins.
        teacher: Logits of the same shape; no gradient flows into them.
    """
    mine, told = F.log_softmax(logits.float(), dim=1), F.log_softmax(teacher.detach().float(), dim=1)
    return (told.exp() * (told - mine)).sum(dim=1).mean()


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Vanilla GAN with one-sided label smoothing; arguments are logit maps of any shape (Goodfellow et al. 2014)."""
    real_loss = F.binary_cross_entropy_with_logits(real, torch.full_like(real, REAL_LABEL))
    return 0.5 * (real_loss + F.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake)))


def generator_loss(fake: Tensor) -> Tensor:
    """The non-saturating generator's loss on the discriminator's logit map of its pictures."""
    return F.binary_cross_entropy_with_logits(fake, torch.ones_like(fake))


def critic_loss(real: Tensor, fake: Tensor) -> Tensor:
    """The Wasserstein critic's loss without its penalty (Arjovsky et al. 2017); the generator's is ``-fake.mean()``."""
    return fake.mean() - real.mean()


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
    """Mean of ``(|gradient| - 1)^2`` at points between real and fake pictures (Gulrajani et al. 2017).

    Args:
        critic: Maps colors to scores.
        real: ``(N, C, h, w)`` float.
        fake: Of the same shape; no gradient flows into it.
    """
    mix = torch.rand(len(real), 1, 1, 1, device=real.device, dtype=real.dtype)  # anew for every sample
    between = torch.lerp(fake.detach(), real, mix).requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    penalty: Tensor = (slope.flatten(1).norm(dim=1) - 1).square().mean()
    return penalty


def _convolve(planes: Tensor, kernel: tuple[tuple[int, ...], ...], divisor: int) -> Tensor:
    """Filter each channel by itself, borders continued."""
    channels = planes.shape[1]
    weight = planes.new_tensor(kernel) / divisor
    margin = len(kernel) // 2
    padded = F.pad(planes, (margin, margin, margin, margin), mode="replicate")
    return F.conv2d(padded, weight.expand(channels, 1, *weight.shape), groups=channels)
