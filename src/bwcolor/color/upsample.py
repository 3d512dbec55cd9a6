# SPDX-License-Identifier: Apache-2.0
"""ab on the network's own grid becomes ab at full size, along the edges of lightness, by strips.

The edge method is joint bilateral upsampling (Kopf, Cohen, Lischinski, Uyttendaele, SIGGRAPH 2007): a pixel takes the
mean of the colors of the grid cells around it, weighted by how near a cell is and by how much its lightness resembles
the pixel's own. It is computed per block of pixels, and the blocks are joined bilinearly. The colors are never enlarged
before the lightness has had its say, so an edge of the scan stays the edge of its color.

Grid cell ``(i, j)`` covers the photo's rows ``i * H / h`` to ``(i + 1) * H / h`` and columns likewise. Everything per
pixel is made of correctly rounded operations, row by row, so the result does not depend on how the rows are cut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

_Float = NDArray[np.float32]
LightnessRows = Callable[[int, int], _Float]  # rows(y0, y1) -> (y1 - y0, W) float32, L* 0..100

METHODS = ("edge", "bilinear")

RANGE_SIGMA = 2.0  # L* units within which the lightness of a block counts as that of a cell
_TAIL = 4  # exponent of the rational bell that stands for a Gaussian
_SHARPNESS = np.float32((2.0 * _TAIL) ** -0.5 / RANGE_SIGMA)  # turns L* into the bell's unit
# What a cell of any lightness counts: where none is alike, the near ones decide, not one far cell that happens to be.
_FLOOR = np.float32(0.01)
_CHUNK = 16384  # blocks worked on at once


@dataclass(frozen=True)
class _Scale:
    """How a block looks for its cells.

    Attributes:
        block: Pixels on a block's side.
        reach: Cells looked at in each direction beside the one a block lies in.
        sigma: Width of the Gaussian of nearness, in cells.
    """

    block: int
    reach: int
    sigma: float


# By the least size of a cell in pixels. Large cells mean a network that saw a small copy and whose colors are off by a
# part of a cell: a wide reach finds the right ones. Where cells are small, sharpness in between is worth more.
SCALES = ((16.0, _Scale(4, 2, 0.7)), (3.0, _Scale(2, 1, 0.6)), (0.0, _Scale(1, 1, 0.6)))


@dataclass(frozen=True)
class _Axis:
    """Where the centers of blocks fall on the grid, along one axis.

    Attributes:
        nearest: ``(n,)`` intp, the cell that holds the center.
        weights: ``(2 * reach + 1, n)`` float32, nearness of the cells from ``nearest - reach`` on; 0 outside the grid.
    """

    nearest: NDArray[np.intp]
    weights: _Float


def _axis(count: int, size: int, cells: int, scale: _Scale) -> _Axis:
    center = np.minimum((np.arange(count) + 0.5) * scale.block, size) * (cells / size)
    nearest = np.minimum(center.astype(np.intp), cells - 1)
    cell = nearest + np.arange(-scale.reach, scale.reach + 1)[:, None]
    curve = -1.0 / (2.0 * scale.sigma**2)
    # lowered to reach 0 where the next cell takes over, so that the result has no steps
    weights = np.exp((cell + 0.5 - center) ** 2 * curve) - np.exp((scale.reach + 0.5) ** 2 * curve)
    weights = np.maximum(weights, 0.0) * ((cell >= 0) & (cell < cells))
    return _Axis(nearest, weights.astype(np.float32))


class AbUpsampler:
    """The ab of one photo at full size, strip by strip; threads may share it.

    Args:
        ab: ``(h, w, 2)`` float32 on the network's grid, Lab units.
        guide: ``(h, w)`` float32, the photo's L* (0..100) averaged to that very grid.
        shape: ``(H, W)`` of the photo; any aspect, also smaller than the grid.
        method: "edge" (joint bilateral) or "bilinear" (half-pixel centers).

    Raises:
        ValueError: A shape, dtype or method is not one of these, or ab or guide holds NaN or infinity.
    """

    def __init__(self, ab: _Float, guide: _Float, shape: tuple[int, int], method: str = "edge") -> None:
        if ab.ndim != 3 or ab.shape[2] != 2 or guide.shape != ab.shape[:2] or not ab.size or min(shape) < 1:
            raise ValueError(f"ab must be (h, w, 2) beside guide (h, w), not {ab.shape} and {guide.shape}, for {shape}")
        if method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
        if not (np.isfinite(ab).all() and np.isfinite(guide).all()):
            raise ValueError("ab or its guide holds NaN or infinity: the network that made it is at fault")
        self.shape = shape
        self.method = method
        fitted = (min(ab.shape[1], shape[1]), min(ab.shape[0], shape[0]))
        ab, guide = (_reduced(np.ascontiguousarray(plane, np.float32), fitted) for plane in (ab, guide))
        self._ab = ab
        self._cells = np.stack([guide * _SHARPNESS, ab[..., 0], ab[..., 1]])
        cell = min(shape[0] / ab.shape[0], shape[1] / ab.shape[1])
        self._scale = next(scale for least, scale in SCALES if cell >= least)
        self._blocks = (-(-shape[0] // self._scale.block), -(-shape[1] // self._scale.block))
        self._down, self._across = (
            _axis(*sizes, self._scale) for sizes in zip(self._blocks, shape, ab.shape[:2], strict=True)
        )

    def rows(self, lightness: LightnessRows, y0: int, y1: int) -> _Float:
        """Return ab of the photo's rows y0 to y1.

        Args:
            lightness: ``lightness(y0, y1) -> (y1 - y0, W)`` float32, the photo's L* (0..100); asked for up to two
                blocks more on either side of the strip, never outside the photo. Not asked by "bilinear".
            y0: First row.
            y1: Row after the last.

        Returns:
            ``(y1 - y0, W, 2)`` float32, Lab units; the same however the photo is cut.

        Raises:
            ValueError: The rows lie outside the photo.
        """
        if not 0 <= y0 < y1 <= self.shape[0]:
            raise ValueError(f"rows {y0} to {y1} do not lie in a photo of {self.shape[0]} rows")
        width = self.shape[1]
        if self.method == "bilinear":
            cells, cells_across = self._ab.shape[:2]
            step = (cells / self.shape[0], cells_across / width)
            return _bilinear(self._ab, 0, cells, step, y0, y1, width)
        block, blocks = self._scale.block, self._blocks[0]
        first = max(0, (y0 - block) // block)
        last = min(blocks, -(-(y1 + block) // block))
        light = lightness(first * block, min(last * block, self.shape[0]))
        fine = self._joint_bilateral(_block_means(light, block), first)
        return _bilinear(fine, first, blocks, (1 / block, 1 / block), y0, y1, width)

    def _joint_bilateral(self, light: _Float, first: int) -> _Float:
        """Return ab ``(n, blocks across, 2)`` of rows of blocks from ``first`` on, whose mean L* is ``light``."""
        result = np.empty((*light.shape, 2), np.float32)
        step = max(1, _CHUNK // light.shape[1])
        for start in range(0, light.shape[0], step):
            part = slice(start, min(start + step, light.shape[0]))
            self._bilateral_rows(light[part] * _SHARPNESS, slice(first + part.start, first + part.stop), result[part])
        return result

    def _bilateral_rows(self, light: _Float, rows: slice, result: _Float) -> None:
        nearest, nearness = self._down.nearest[rows], self._down.weights[:, rows, None]
        reach = self._scale.reach
        low = max(int(nearest[0]) - reach, 0)
        window = self._cells[:, low : int(nearest[-1]) + reach + 1]  # guide, a, b of the cells in reach
        bench = np.zeros((5, *light.shape), np.float32)
        weight, chroma, total, color = bench[0], bench[1], bench[2], bench[3:]
        for dx in range(2 * reach + 1):
            columns = np.take(window, self._across.nearest + (dx - reach), axis=2, mode="clip")
            for dy in range(2 * reach + 1):
                cell = nearest + (dy - reach - low)
                np.take(columns[0], cell, axis=0, out=weight, mode="clip")
                weight -= light
                weight *= weight
                weight += 1
                weight *= weight
                weight *= weight
                np.reciprocal(weight, out=weight)
                weight += _FLOOR
                weight *= np.multiply(nearness[dy], self._across.weights[dx], out=chroma)
                total += weight
                for plane, sums in zip(columns[1:], color, strict=True):
                    np.take(plane, cell, axis=0, out=chroma, mode="clip")
                    chroma *= weight
                    sums += chroma
        np.divide(color[0], total, out=result[..., 0])
        np.divide(color[1], total, out=result[..., 1])


def _reduced(plane: _Float, size: tuple[int, int]) -> _Float:
    """Return a plane averaged to ``(width, height)`` where it is larger."""
    if plane.shape[1::-1] == size:
        return plane
    reduced = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    return reduced.reshape(size[1], size[0], *plane.shape[2:]).astype(np.float32, copy=False)


def _block_means(light: _Float, block: int) -> _Float:
    """Return the means of square blocks; the last ones may be cut by the photo's edge."""
    if block == 1:
        return light
    below, right = -light.shape[0] % block, -light.shape[1] % block
    if below or right:
        light = np.pad(light, ((0, below), (0, right)), mode="edge")
    size = (light.shape[1] // block, light.shape[0] // block)
    return cv2.resize(light, size, interpolation=cv2.INTER_AREA).reshape(size[::-1])


def _between(start: int, stop: int, step: float, cells: int) -> tuple[NDArray[np.intp], _Float]:
    """Return the cell before each position and the share of the cell after it; positions beyond the centers clamp."""
    position = np.clip((np.arange(start, stop) + 0.5) * step - 0.5, 0.0, cells - 1.0)
    before = np.minimum(position.astype(np.intp), max(cells - 2, 0))
    return before, (position - before).astype(np.float32)


def _bilinear(grid: _Float, first: int, cells: int, step: tuple[float, float], y0: int, y1: int, width: int) -> _Float:
    """Enlarge a grid bilinearly with half-pixel centers.

    Args:
        grid: ``(n, w, 2)`` float32, the rows of the grid that the result needs.
        first: Index of the first of them in the whole grid.
        cells: Rows of the whole grid.
        step: Cells per pixel, down and across.
        y0: First row of the result.
        y1: Row after the last.
        width: Columns of the result.

    Returns:
        ``(y1 - y0, width, 2)`` float32.
    """
    above, weight = _between(y0, y1, step[0], cells)
    low, high = int(above[0]), min(int(above[-1]) + 2, cells)
    grid = grid[low - first : high - first]
    before, share = _between(0, width, step[1], grid.shape[1])
    left = np.take(grid, before, axis=1)
    right = np.take(grid, np.minimum(before + 1, grid.shape[1] - 1), axis=1)
    right -= left
    right *= share[:, None]
    left += right
    wide = left.reshape(len(grid), -1)
    result = np.empty((y1 - y0, wide.shape[1]), np.float32)
    cuts = [0, *(np.flatnonzero(np.diff(above)) + 1), y1 - y0]
    for start, stop in pairwise(cuts):
        row = int(above[start])
        top, bottom = wide[row - low], wide[min(row + 1, cells - 1) - low]
        np.multiply(bottom - top, weight[start:stop, None], out=result[start:stop])
        result[start:stop] += top
    return result.reshape(y1 - y0, width, 2)
