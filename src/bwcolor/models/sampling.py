# SPDX-License-Identifier: Apache-2.0
"""One plausible coloring among many, drawn from a network's distribution over color bins.

Bins drawn for each place alone would give confetti, and noise that is merely smooth gives clouds that no thing in the
picture has asked for. Here a photo has a *mood*: some hues are liked and others disliked, nearly the same in the whole
picture. The mood moves the odds of the bins, so that what looks alike to the network moves together, what it is sure of
stays, and what could be red or blue becomes one of them. It picks among colors only: how colorful a place is stays the
network's own.
"""

from __future__ import annotations

import hashlib

import torch
import torch.nn.functional as F
from torch import Tensor

from bwcolor.color import bins

CELLS = 3  # the mood varies over a third of the picture
WHOLE = 0.85  # share of the mood's variance that the whole picture has in common
ALIKE = 15.0  # Lab units within which bins are liked or disliked together
REACH = 2.5  # standard deviation of the mood, as a logarithm of odds
PALE = 8.0  # Lab units of chroma at which a bin follows the mood half as much as a vivid one


def mood_of(seed: int, photo: str, centers: Tensor) -> Tensor:
    """Draw a photo's mood.

    Args:
        seed: Of the sample.
        photo: What tells this photo from others, such as its hash; equal seeds and photos give equal moods.
        centers: ``(Q, 2)`` float, the bins in Lab units.

    Returns:
        ``(1, Q, CELLS, CELLS)`` float32 on the CPU, of mean 0 and standard deviation `REACH`.
    """
    digest = hashlib.blake2b(f"{seed} {photo}".encode(), digest_size=7).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest, "big"))
    count = len(centers)
    whole = torch.randn(1, count, 1, 1, generator=generator)
    here = torch.randn(1, count, CELLS, CELLS, generator=generator)
    places = centers.detach().float().cpu()
    likeness = torch.exp(torch.cdist(places, places).square() / (-2 * ALIKE**2))
    likeness /= likeness.square().sum(dim=1, keepdim=True).sqrt()  # so that every bin's mood is as strong
    mixed = WHOLE**0.5 * whole + (1 - WHOLE) ** 0.5 * here
    return REACH * torch.einsum("pq,nqhw->nphw", likeness, mixed)


def part_of(mood: Tensor, window: tuple[float, float, float, float]) -> Tensor:
    """Return the mood of a part of a photo.

    Args:
        mood: ``(1, Q, CELLS, CELLS)`` float, of the whole photo.
        window: (top, left, bottom, right) of the part, as shares of the photo's sides.

    Returns:
        ``(1, Q, CELLS, CELLS)`` float.
    """
    centers = (torch.arange(CELLS) + 0.5) / CELLS
    top, left, bottom, right = window
    y, x = top + centers * (bottom - top), left + centers * (right - left)
    places = torch.stack([x.expand(CELLS, CELLS), y[:, None].expand(CELLS, CELLS)], dim=-1) * 2 - 1
    return F.grid_sample(mood, places[None].to(mood), mode="bicubic", padding_mode="border", align_corners=False)


def move(ab: Tensor, logits: Tensor, mood: Tensor, centers: Tensor, temperature: float) -> Tensor:
    """Move decoded colors as a mood moves the odds of their bins; what a network adds to its bins stays.

    Args:
        ab: ``(N, 2, h, w)`` float, Lab units, decoded at the temperature.
        logits: ``(N, Q, h, w)`` float.
        mood: ``(N, Q, CELLS, CELLS)`` float; zeros leave the colors as they are.
        centers: ``(Q, 2)`` float, Lab units.
        temperature: Of the annealed mean.

    Returns:
        ``(N, 2, h, w)`` float, Lab units.
    """
    scores = logits / temperature
    chroma = centers.to(scores).norm(dim=1)
    freedom = (chroma / (chroma + PALE))[None, :, None, None]  # a neutral bin has none
    liking = F.interpolate(mood.to(scores), scores.shape[-2:], mode="bicubic", align_corners=False)
    colored = scores + freedom.log()
    # what the colors gain or lose all together is taken back
    common = torch.logsumexp(colored + liking, 1, keepdim=True) - torch.logsumexp(colored, 1, keepdim=True)
    moved = scores + freedom * (liking - common)
    return ab + (bins.annealed_mean(moved, centers, 1.0) - bins.annealed_mean(scores, centers, 1.0))
