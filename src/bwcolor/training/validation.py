# SPDX-License-Identifier: Apache-2.0
"""How well a network colors the held-out photographs, during training."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from bwcolor.color import bins, spaces
from bwcolor.models.table import find_model
from bwcolor.training.data import Photos
from bwcolor.training.lessons import Lesson

SHEET_PHOTOS = 12
LEAST_ERROR = 1e-3  # mean squared code, so that a perfect photo has a finite PSNR
Triple = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]
COLUMNS = ("loss", "psnr", "psnr_gray", "chroma_ratio", "certainty")


def _codes(lightness: Tensor, ab: Tensor) -> NDArray[np.uint8]:
    """Return ``(h, w, 3)`` uint8 sRGB of one photo, clipped (a quick look; the merge keeps lightness)."""
    planes = spaces.srgb_from_lab(lightness[0, 0], ab[0, 0], ab[0, 1])
    rgb: NDArray[np.uint8] = (torch.stack(planes, -1).clamp(0, 1) * 255).round().byte().numpy()
    return rgb


def _small(planes: Tensor, working_size: int, stride: int) -> tuple[Tensor, tuple[int, int]]:
    """Resize planes of one photo to a working size and extend them to the stride; returns them and the size before."""
    height, width = planes.shape[-2:]
    scale = working_size / min(height, width)
    size = (max(round(height * scale), 1), max(round(width * scale), 1))
    small = F.interpolate(planes, size, mode="bilinear", antialias=True)
    down, right = (-size[0]) % stride, (-size[1]) % stride
    return F.pad(small, (0, right, 0, down), mode="reflect" if min(size) > stride else "replicate"), size


def look(lesson: Lesson, network: Any, lab: Tensor) -> tuple[Tensor, Tensor, float | None]:
    """Run a network on one photo of any size.

    Args:
        lesson: That it learns.
        network: In evaluation mode.
        lab: ``(1, 3, h, w)`` float, L and the true ab.

    Returns:
        ab ``(1, 2, h, w)`` float32 in Lab units, enlarged bilinearly, the reconstruction term, and the mean certainty;
        None for a network without bins.
    """
    options = lesson.options
    padded, size = _small(lab, options.working_size, find_model(options.model).stride)
    lightness, truth = padded[:, :1], padded[:, 1:]
    seen = lesson.look(network, lightness)
    _, term = lesson.reconstruct(network, seen, lightness, truth)
    ab = lesson.colors(network, lightness, seen).float()
    whole = F.interpolate(ab, padded.shape[-2:], mode="bilinear", align_corners=False)
    whole = F.interpolate(whole[..., : size[0], : size[1]], lab.shape[-2:], mode="bilinear", align_corners=False)
    sure = None if seen.logits is None else float(bins.certainty(seen.logits).mean())
    return whole, term, sure


@torch.no_grad()
def evaluate(lesson: Lesson, network: Any, photos: Photos, count: int) -> tuple[dict[str, float], list[Triple]]:
    """Color held-out photographs and compare.

    Args:
        lesson: That the network learns.
        network: In evaluation mode, on the lesson's device.
        photos: The held-out ones.
        count: How many are looked at.

    Returns:
        ``loss`` (the recipe's reconstruction term), ``psnr`` and ``psnr_gray`` (dB, mean over photos),
        ``chroma_ratio``, ``certainty`` (where the network has bins); and (gray, ours, truth) of the first photographs.
    """
    rows: list[dict[str, float]] = []
    triples: list[Triple] = []
    for index in range(min(count, len(photos))):
        truth = photos[index]
        linear = spaces.linear_from_srgb(torch.from_numpy(truth.copy()).float() / 255)
        lab = torch.stack(spaces.lab_from_linear(*linear.unbind(-1)))[None]
        ab, term, sure = look(lesson, network, lab.to(lesson.device))
        ab = ab.cpu()
        lightness, true_ab = lab[:, :1], lab[:, 1:]
        ours, gray = _codes(lightness, ab), _codes(lightness, torch.zeros_like(ab))
        row = {"loss": float(term), "psnr": _psnr(ours, truth), "psnr_gray": _psnr(gray, truth)}
        row |= {"chroma": float(ab.norm(dim=1).sum()), "true_chroma": float(true_ab.norm(dim=1).sum())}
        rows.append(row | ({} if sure is None else {"certainty": sure}))
        if index < SHEET_PHOTOS:
            triples.append((gray, ours, truth))
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    chroma, true_chroma = means.pop("chroma"), means.pop("true_chroma")
    return {**means, "chroma_ratio": chroma / max(true_chroma, 1e-6)}, triples


def _psnr(picture: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    error = float(((picture.astype(np.float64) - truth) ** 2).mean())
    return float(10 * np.log10(255.0**2 / max(error, LEAST_ERROR)))
