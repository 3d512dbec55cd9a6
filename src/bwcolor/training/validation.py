# SPDX-License-Identifier: Apache-2.0
"""How well a network colors the held-out photographs, during training."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from bwcolor.color import bins, spaces
from bwcolor.models.trunk import Classify
from bwcolor.training.data import Photos
from bwcolor.training.losses import rebalanced_cross_entropy

STRIDE = 32  # pixels to which the lightness is padded
SHEET_PHOTOS = 12
Triple = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]


def _codes(lightness: Tensor, ab: Tensor) -> NDArray[np.uint8]:
    """Return ``(h, w, 3)`` uint8 sRGB of one photo, clipped (a quick look; the merge keeps lightness)."""
    planes = spaces.srgb_from_lab(lightness[0, 0], ab[0, 0], ab[0, 1])
    rgb: NDArray[np.uint8] = (torch.stack(planes, -1).clamp(0, 1) * 255).round().byte().numpy()
    return rgb


def see(network: Classify, lightness: Tensor, working_size: int, temperature: float) -> tuple[Tensor, Tensor]:
    """Run a network of bins on one photo of any size.

    Args:
        network: With `colors` of the Network contract.
        lightness: ``(1, 1, h, w)`` float, CIE L* 0..100.
        working_size: Short side in pixels at which it looks.
        temperature: Of the annealed mean.

    Returns:
        ab ``(1, 2, h, w)`` float32 in Lab units, enlarged bilinearly, and the logits of the padded grid, cropped.
    """
    height, width = lightness.shape[-2:]
    scale = working_size / min(height, width)
    size = (max(round(height * scale), 1), max(round(width * scale), 1))
    small = F.interpolate(lightness, size, mode="bilinear", antialias=True)
    down, right = (-size[0]) % STRIDE, (-size[1]) % STRIDE
    padded = F.pad(small, (0, right, 0, down), mode="reflect" if min(size) > STRIDE else "replicate")
    ab, logits = network.colors(padded, None, temperature)
    stride = padded.shape[-1] // ab.shape[-1]
    rows, columns = -(-size[0] // stride), -(-size[1] // stride)
    whole = F.interpolate(ab.float(), padded.shape[-2:], mode="bilinear", align_corners=False)
    whole = F.interpolate(whole[..., : size[0], : size[1]], (height, width), mode="bilinear", align_corners=False)
    return whole, logits[..., :rows, :columns].float()


@torch.no_grad()
def evaluate(
    network: Classify, photos: Photos, weights: Tensor, count: int, working_size: int, temperature: float
) -> tuple[dict[str, float], list[Triple]]:
    """Color held-out photographs and compare.

    Args:
        network: In evaluation mode.
        photos: The held-out ones.
        weights: ``(Q,)`` rebalancing weights.
        count: How many are looked at.
        working_size: Short side in pixels.
        temperature: Of the annealed mean.

    Returns:
        ``cross_entropy`` (nats per pixel of the grid), ``psnr`` and ``psnr_gray`` (dB, mean over photos),
        ``chroma_ratio``, ``certainty``; and (gray, ours, truth) of the first photographs.
    """
    sums = {"cross_entropy": 0.0, "psnr": 0.0, "psnr_gray": 0.0, "certainty": 0.0}
    chroma, true_chroma = 0.0, 0.0
    triples: list[Triple] = []
    count = min(count, len(photos))
    for index in range(count):
        truth = photos[index]
        linear = spaces.linear_from_srgb(torch.from_numpy(truth.copy()).float() / 255)
        lab = torch.stack(spaces.lab_from_linear(*linear.unbind(-1)))[None]
        lightness, true_ab = lab[:, :1], lab[:, 1:]
        ab, logits = see(network, lightness, working_size, temperature)
        ours, gray = _codes(lightness, ab), _codes(lightness, torch.zeros_like(ab))
        target = F.interpolate(true_ab, logits.shape[-2:], mode="bilinear", antialias=True)
        centers = network.centers
        found, share = bins.soft_encode(target.movedim(1, -1), centers, 1)
        sums["cross_entropy"] += float(rebalanced_cross_entropy(logits, found, share, weights)[1])
        sums["certainty"] += float(bins.certainty(logits).mean())
        for name, picture in (("psnr", ours), ("psnr_gray", gray)):
            error = float(((picture.astype(np.float64) - truth) ** 2).mean())
            sums[name] += 10 * np.log10(255.0**2 / max(error, 1e-3))
        chroma += float(ab.norm(dim=1).sum())
        true_chroma += float(true_ab.norm(dim=1).sum())
        if index < SHEET_PHOTOS:
            triples.append((gray, ours, truth))
    means = {name: value / count for name, value in sums.items()}
    return {**means, "chroma_ratio": chroma / max(true_chroma, 1e-6)}, triples
