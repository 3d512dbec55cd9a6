# SPDX-License-Identifier: Apache-2.0
"""What metrics look at: a predicted color picture beside the true one, each with its planes computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bwcolor.color import spaces

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Plane = NDArray[np.float64]

_LINEAR = {
    np.dtype(np.uint8): np.asarray(spaces.linear_from_srgb(spaces.gray_codes(256))),
    np.dtype(np.uint16): np.asarray(spaces.linear_from_srgb(spaces.gray_codes(65536))),
}


EIGHT_BITS = np.dtype(np.uint8)


class Picture:
    """A color picture and what follows from it.

    Args:
        rgb: ``(H, W, 3)`` uint8 or uint16 sRGB. Arrays of floats are refused, and NaN with them.

    Raises:
        ValueError: Another shape or dtype, or no pixel at all.
    """

    def __init__(self, rgb: Pixels) -> None:
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype not in _LINEAR or rgb.size == 0:
            raise ValueError(
                f"a picture must be (H, W, 3) uint8 or uint16 with a pixel or more: {rgb.shape} {rgb.dtype}"
            )
        self.rgb = rgb

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.rgb.shape[0], self.rgb.shape[1]

    @cached_property
    def codes(self) -> NDArray[np.uint8]:
        """``(H, W, 3)`` uint8: the picture, rounded to 8 bits where it has more."""
        return as_depth(self.rgb, EIGHT_BITS)  # type: ignore[return-value]

    @cached_property
    def linear(self) -> Plane:
        """``(3, H, W)`` float64 linear RGB, 0..1."""
        return np.take(_LINEAR[self.rgb.dtype], np.moveaxis(self.rgb, -1, 0))

    @cached_property
    def lab(self) -> Plane:
        """``(3, H, W)`` float64 CIELAB (D65): L 0..100, a, b in Lab units."""
        lab: Plane = np.stack(spaces.lab_from_linear(*self.linear))
        return lab

    @cached_property
    def chroma(self) -> Plane:
        """``(H, W)`` float64, Lab units."""
        chroma: Plane = np.hypot(self.lab[1], self.lab[2])
        return chroma

    @cached_property
    def uv(self) -> Plane:
        """``(2, H, W)`` float64, U (+-0.436) and V (+-0.615) of the 8-bit picture (BT.601, analog)."""
        red, green, blue = np.moveaxis(self.codes, -1, 0) / 255.0
        return np.stack(spaces.yuv_from_srgb(red, green, blue)[1:])

    @cached_property
    def neutral(self) -> Plane:
        """``(H, W)`` float64, 0..1: the sRGB-encoded neutral gray that has the picture's lightness."""
        neutral: Plane = spaces.srgb_from_linear(spaces.luminance_from_linear(*self.linear))
        return neutral

    @cached_property
    def gray(self) -> NDArray[np.uint16]:
        """``(H, W)`` uint16: the neutral at 16 bits, what a colorizer is given."""
        return np.rint(np.clip(self.neutral, 0.0, 1.0) * 65535.0).astype(np.uint16)


@dataclass(frozen=True)
class Pair:
    """A prediction beside the truth.

    Attributes:
        prediction: The picture that is judged.
        truth: The true one, of the same size.
        previous: The pair before this one, in a sequence of frames.
    """

    prediction: Picture
    truth: Picture
    previous: Pair | None = None

    def __post_init__(self) -> None:
        if self.prediction.shape != self.truth.shape:
            raise ValueError(f"the prediction is {self.prediction.shape}, the truth {self.truth.shape}")

    @classmethod
    def of(cls, prediction: Pixels, truth: Pixels) -> Pair:
        """Return the pair of two arrays, ``(H, W, 3)`` uint8 or uint16 sRGB."""
        return cls(Picture(prediction), Picture(truth))

    @property
    def pixels(self) -> int:
        """Pixels of each picture."""
        return self.truth.shape[0] * self.truth.shape[1]


def as_depth(rgb: Pixels, dtype: np.dtype[np.uint8] | np.dtype[np.uint16]) -> Pixels:
    """Return pixels at another depth, rounded to the nearest code.

    Args:
        rgb: uint8 or uint16, any shape.
        dtype: uint8 or uint16.
    """
    if rgb.dtype == dtype:
        return rgb
    if dtype == np.uint16:
        return rgb.astype(np.uint16) * np.uint16(257)
    return ((rgb.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
