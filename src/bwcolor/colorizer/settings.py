# SPDX-License-Identifier: Apache-2.0
"""`Settings`: what decides, beside a photo and a network's weights, how the photo is colored."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Everything besides the photo and the weights that decides what a photo's colors will be; all of it resolved.

    Attributes:
        model: Name of the network.
        device: "cpu", "cuda" or "cuda:N".
        precision: "fp32", "bf16" or "fp16".
        working_size: Short side in pixels at which the network sees the photo.
        temperature: Of the annealed mean; None for networks without color bins.
        saturation: Factor on ab.
        strength: 0 (gray) .. 1 (full color).
        upsample: "edge" or "bilinear".
        levels: "stretch" (the network sees a faded photo with its black and white points moved apart) or "scan".
        looks: Sizes at which the photo and its mirror image are seen and averaged, as shares of the working size;
            empty for a single look.
        sample: Seed of one plausible coloring among many; None for the mean.
        reference: Hash of the photograph whose colors are wanted; None for none.
        tile_size: Side in pixels of the tiles in which the network also sees the photo at its working size; None where
            it sees it as a whole only.
        tile_overlap: Pixels that neighbouring tiles share at least; None without tiles.
        as_published: Whether the network's authors' own pipeline runs, at ``working_size`` squared.
        backend: What computes the network: "torch" or "openvino".
    """

    model: str
    device: str
    precision: str
    working_size: int
    temperature: float | None
    saturation: float
    strength: float
    upsample: str
    levels: str
    looks: tuple[float, ...]
    sample: int | None = None
    reference: str | None = None
    tile_size: int | None = None
    tile_overlap: int | None = None
    as_published: bool = False
    backend: str = "torch"
