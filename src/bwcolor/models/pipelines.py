# SPDX-License-Identifier: Apache-2.0
"""What published colorizers do around their networks, step by step as their authors do it.

bwcolor makes photos small, enlarges ab and merges in ways of its own. These pipelines are there to compare with
published pictures and numbers: squashed squares, 8 bits, clipped RGB, and for DDColor ab in visible blocks. Each calls
the very libraries that the authors' code calls, so that rounding agrees too.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from bwcolor.color import spaces
from bwcolor.errors import UsageError
from bwcolor.models.row import ModelRow
from bwcolor.models.vgg import IMAGE_MEAN, IMAGE_STD

Picture = NDArray[np.uint8]  # (H, W, 3) sRGB
Planes = NDArray[np.float32]  # (channels, side, side)

FULL = 255.0
CUBE_SHARE = 200.0  # of b in the cube root of Z


class Pipeline(Protocol):
    """The steps around a network."""

    def prepare(self, rgb: Picture) -> Planes:
        """Return what the network is shown."""

    def run(self, network: nn.Module, shown: Tensor) -> Tensor:
        """Return what the network gives for ``(N, channels, side, side)``."""

    def merge(self, rgb: Picture, given: Planes) -> Picture:
        """Return the picture with the colors that the network gave."""


class Zhang:
    """eccv16 and siggraph17, by the authors' demo: bicubic square, ab bilinearly enlarged, skimage's Lab.

    Args:
        side: Of the square, pixels.
    """

    def __init__(self, side: int) -> None:
        self.side = side

    def prepare(self, rgb: Picture) -> Planes:
        """Return L, 0..100, of the square."""
        from PIL import Image

        square = np.asarray(Image.fromarray(rgb).resize((self.side, self.side), Image.Resampling.BICUBIC))
        return _lightness(square)[None].astype(np.float32)

    def run(self, network: nn.Module, shown: Tensor) -> Tensor:
        """Return ab."""
        ab: Tensor = getattr(network, "published", network)(shown)
        return ab

    def floats(self, rgb: Picture, ab: Planes) -> NDArray[np.float64]:
        """Return the merged picture before it is rounded, ``(H, W, 3)`` sRGB 0..1."""
        large = F.interpolate(torch.from_numpy(ab)[None], rgb.shape[:2], mode="bilinear", align_corners=False)[0]
        lightness = _lightness(rgb)
        a, b = large.double().numpy()
        b = np.minimum(b, CUBE_SHARE * (lightness + 16) / 116)  # beyond it Z is negative, and cut off by skimage
        picture: NDArray[np.float64] = np.stack(spaces.srgb_from_lab(lightness, a, b), axis=-1)
        return picture.clip(0, 1)

    def merge(self, rgb: Picture, given: Planes) -> Picture:
        """Return the picture as the demo saves it: matplotlib cuts codes off instead of rounding them."""
        return (self.floats(rgb, given) * FULL).astype(np.uint8)


class DdColor:
    """DDColor: a bilinear square, ab enlarged by nearest neighbours, OpenCV's Lab.

    Args:
        side: Of the square, pixels.
    """

    def __init__(self, side: int) -> None:
        self.side = side

    def prepare(self, rgb: Picture) -> Planes:
        """Return the gray square as RGB, 0..1."""
        import cv2

        square = cv2.resize(_fraction(rgb), (self.side, self.side))
        lab = cv2.cvtColor(square, cv2.COLOR_RGB2Lab)
        lab[..., 1:] = 0
        return np.ascontiguousarray(np.moveaxis(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), -1, 0), dtype=np.float32)

    def run(self, network: nn.Module, shown: Tensor) -> Tensor:
        """Return ab."""
        ab: Tensor = network.published(shown)  # type: ignore[operator]
        return ab

    def merge(self, rgb: Picture, given: Planes) -> Picture:
        """Return the picture."""
        import cv2

        large = F.interpolate(torch.from_numpy(given)[None], rgb.shape[:2], mode="nearest")[0]
        lab = cv2.cvtColor(_fraction(rgb), cv2.COLOR_RGB2Lab)
        lab[..., 1:] = large.movedim(0, -1).numpy()
        return (cv2.cvtColor(lab, cv2.COLOR_Lab2RGB) * FULL).round().astype(np.uint8)


class DeOldify:
    """DeOldify: a bilinear square turned gray by luma, painted, and of that U and V in 8 bits.

    Args:
        side: Of the square, pixels: 16 times the render factor.
    """

    def __init__(self, side: int) -> None:
        self.side = side

    def prepare(self, rgb: Picture) -> Planes:
        """Return the gray square in ImageNet's statistics."""
        from PIL import Image

        square = Image.fromarray(rgb).resize((self.side, self.side), Image.Resampling.BILINEAR)
        gray = np.asarray(square.convert("LA").convert("RGB"))
        return ((np.moveaxis(_fraction(gray), -1, 0) - _planes(IMAGE_MEAN)) / _planes(IMAGE_STD)).astype(np.float32)

    def run(self, network: nn.Module, shown: Tensor) -> Tensor:
        """Return the painted picture in ImageNet's statistics."""
        painted: Tensor = network.published(shown)  # type: ignore[operator]
        return painted

    def painted(self, rgb: Picture, given: Planes) -> Picture:
        """Return the network's picture at full size."""
        from PIL import Image

        codes = (given * _planes(IMAGE_STD) + _planes(IMAGE_MEAN)).clip(0, 1) * FULL
        small = Image.fromarray(np.moveaxis(codes, 0, -1).astype(np.uint8))
        height, width = rgb.shape[:2]
        return np.asarray(small.resize((width, height), Image.Resampling.BILINEAR))

    def merge(self, rgb: Picture, given: Planes) -> Picture:
        """Return the picture: luma of the original, U and V of the painted one."""
        import cv2

        yuv = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV)
        yuv[..., 1:] = cv2.cvtColor(self.painted(rgb, given), cv2.COLOR_RGB2YUV)[..., 1:]
        return cv2.cvtColor(yuv, cv2.COLOR_YUV2RGB).astype(np.uint8, copy=False)


# by a row's ``pipeline``: what it is, its authors' side of the square, and what the side must be a multiple of
PIPELINES: dict[str, tuple[Any, int, int]] = {
    "zhang": (Zhang, 256, 8),
    "ddcolor": (DdColor, 512, 32),
    "deoldify": (DeOldify, 35 * 16, 16),
}


def pipeline_of(row: ModelRow, side: int | None = None) -> tuple[Pipeline, int]:
    """Return a network's own pipeline, and the side of its square.

    Args:
        row: Of the MODELS table.
        side: Pixels; None takes the authors'.

    Raises:
        UsageError: The network has none, or the side does not fit.
    """
    if row.pipeline not in PIPELINES:
        raise UsageError(f"{row.name} has no published pipeline of its own.", "Leave --as-published away.")
    kind, usual, multiple = PIPELINES[row.pipeline]
    side = side or usual
    if side % multiple:
        raise UsageError(f"As published, {row.name} sees squares of multiples of {multiple}, not {side}.")
    return kind(side), side


def _fraction(rgb: Picture) -> NDArray[np.float32]:
    return rgb.astype(np.float32) / np.float32(FULL)


def _planes(values: tuple[float, ...]) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)[:, None, None]


def _lightness(rgb: Picture) -> NDArray[np.float64]:
    lightness: NDArray[np.float64] = spaces.lab_from_srgb(*np.moveaxis(rgb / FULL, -1, 0))[0]
    return lightness
