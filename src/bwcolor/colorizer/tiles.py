# SPDX-License-Identifier: Apache-2.0
"""A network sees a large photo twice: as a whole, which decides its colors, and in tiles, which add the detail.

Each tile's colors are moved until their low frequencies are those of the whole picture, so that neighbours agree on
everything wider than the strip that they share; what is finer fades over that strip from one to the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from bwcolor.color.downsample import working_shape
from bwcolor.models.inference import GRAIN, Prediction, Small

LEAST_TILE = 64  # pixels; a network sees nothing it knows in less
OVERLAP_SHARE = 4  # of a tile's side: the strip that neighbours share, unless told otherwise
LONGEST_SIDE = 16384  # pixels; of a photo in tiles, each of which is all that a network holds
LOCKED_SHARE = 0.5  # of the shared strip: standard deviation of the Gaussian that parts low frequencies from detail

_Float = NDArray[np.float32]


class Predicts(Protocol):
    """A network ready to be run."""

    def shown(self, small: Small) -> NDArray[np.float32]:
        """Return what the network is shown of a photo's lightness."""

    def predict(self, smalls: Sequence[Small]) -> list[Prediction]:
        """Return a prediction for each of some photos of one shape."""


@dataclass(frozen=True)
class Tiling:
    """How photos are cut.

    Attributes:
        side: Pixels of a tile's sides, at the working size.
        overlap: Pixels that neighbours share at least.
        whole: Short side in pixels at which the network sees the whole photo.
        stride: Pixels of a cell of the network's grid.
    """

    side: int
    overlap: int
    whole: int
    stride: int

    def cells(self, pixels: int) -> int:
        """Return how many cells of the grid some pixels are, rounded up."""
        return -(-pixels // self.stride)

    def windows(self, grid: tuple[int, int]) -> list[tuple[slice, slice]]:
        """Return the tiles of a grid of (height, width) cells, all of one shape, in rows from the top left."""
        grain = -(-self.side // GRAIN) * GRAIN  # a smaller one would be extended to this for the network
        down, across = (self._starts(cells, min(self.cells(grain), cells)) for cells in grid)
        return [(y, x) for y in down for x in across]

    def _starts(self, cells: int, tile: int) -> list[slice]:
        """Return the cuts along one axis, as even as whole cells allow."""
        shared = min(self.cells(self.overlap), tile - 1)
        count = 1 if tile == cells else -(-(cells - shared) // (tile - shared))
        starts = np.rint(np.linspace(0, cells - tile, count)).astype(int)
        return [slice(int(start), int(start) + tile) for start in starts]


def predict(network: Predicts, tiling: Tiling, smalls: Sequence[Small]) -> list[Prediction]:
    """Run a network on photos of one shape, each seen as a whole and in tiles.

    A photo that one tile holds is seen once, as it would be without tiles.

    Args:
        network: Sees as many photos at a time as there are, so that a result depends on that number only.
        tiling: How they are cut.
        smalls: All of the same shape.

    Returns:
        For each photo ab on the network's grid, and the certainty of the whole picture there.
    """
    height, width = smalls[0].lightness.shape
    grid = (height // tiling.stride, width // tiling.stride)
    windows = tiling.windows(grid)
    if len(windows) == 1:
        return network.predict(smalls)
    shape = working_shape(height, width, tiling.whole, tiling.stride)
    wholes = network.predict([_seen_from_afar(small, shape) for small in smalls])
    shown = [replace(small, shown=network.shown(small)) for small in smalls]
    guides = [_enlarged(whole.ab, grid) for whole in wholes]
    sums = [np.zeros((*grid, 3), np.float32) for _ in smalls]
    for window in windows:
        weight = _feather(window, grid, tiling.cells(tiling.overlap))
        tiles = network.predict([_cut(small, window, tiling.stride) for small in shown])
        for tile, guide, total in zip(tiles, guides, sums, strict=True):
            total[window][..., :2] += _locked(tile.ab, guide[window], tiling) * weight
            total[window][..., 2:] += weight
    certainties = (None if whole.certainty is None else _enlarged(whole.certainty, grid) for whole in wholes)
    return [
        Prediction(np.ascontiguousarray(total[..., :2] / total[..., 2:]), certainty)
        for total, certainty in zip(sums, certainties, strict=True)
    ]


def _seen_from_afar(small: Small, shape: tuple[int, int]) -> Small:
    """Return a photo made smaller: lightness averaged, hints averaged over what they cover."""
    lightness = _reduced(small.lightness, shape)
    hints = small.hints
    if hints is not None:
        cover = _reduced(hints[2], shape)
        known = (cover > 0).astype(np.float32)
        a, b = (_reduced(plane * hints[2], shape) / np.maximum(cover, 1e-6) for plane in hints[:2])
        hints = np.stack([a * known, b * known, known])
    return replace(small, lightness=lightness, hints=hints)


def _reduced(plane: _Float, shape: tuple[int, int]) -> _Float:
    return cv2.resize(plane, shape[::-1], interpolation=cv2.INTER_AREA).reshape(shape).astype(np.float32, copy=False)


def _enlarged(planes: _Float, grid: tuple[int, int]) -> _Float:
    large = cv2.resize(planes, grid[::-1], interpolation=cv2.INTER_LINEAR)
    return large.reshape(*grid, *planes.shape[2:]).astype(np.float32, copy=False)


def _cut(small: Small, window: tuple[slice, slice], stride: int) -> Small:
    """Return one tile of a photo, a window in cells of the grid."""
    rows, columns = (slice(part.start * stride, part.stop * stride) for part in window)
    height, width = small.lightness.shape

    def part(planes: _Float | None) -> _Float | None:
        return None if planes is None else np.ascontiguousarray(planes[..., rows, columns])

    return replace(
        small,
        lightness=np.ascontiguousarray(small.lightness[rows, columns]),
        hints=part(small.hints),
        shown=part(small.shown),
        window=(rows.start / height, columns.start / width, rows.stop / height, columns.stop / width),
    )


def _feather(window: tuple[slice, slice], grid: tuple[int, int], overlap: int) -> _Float:
    """Return ``(h, w, 1)`` weights that fall to nothing over the strips that a tile shares."""
    sides = []
    for part, cells in zip(window, grid, strict=True):
        place = np.arange(part.stop - part.start) + 0.5
        rise = np.ones_like(place)
        if part.start > 0:
            rise = np.minimum(rise, place / overlap)
        if part.stop < cells:
            rise = np.minimum(rise, place[::-1] / overlap)
        sides.append(rise)
    return np.multiply.outer(*sides)[..., None].astype(np.float32)


def _locked(ab: _Float, guide: _Float, tiling: Tiling) -> _Float:
    """Return a tile's ab with the low frequencies of the whole picture's."""
    sigma = max(tiling.cells(tiling.overlap) * LOCKED_SHARE, 0.5)
    return ab + cv2.GaussianBlur(guide - ab, (0, 0), sigma, borderType=cv2.BORDER_REFLECT).reshape(ab.shape)
