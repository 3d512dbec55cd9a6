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

REACH = 2  # cells that a block looks at in each direction beside the one it lies in
RANGE_SIGMA = 4.0  # L* units within which lightness counts as alike
SPACE_SIGMA = 1.0  # cells
BLOCK = 4  # pixels on a block's side where the grid is much coarser than the photo
_BLOCKS_PER_CELL = 4  # a block shrinks where fewer than these would lie along a cell
_TAIL = 4  # exponent of the rational bell that stands for a Gaussian
_CHUNK = 16384  # blocks worked on at once


@dataclass(frozen=True)
class _Axis:
    """Where positions of a fine axis fall on a coarse one.

    Attributes:
        nearest: ``(n,)`` intp, index of the coarse cell that holds the position.
        weights: ``(2 * REACH + 1, n)`` float32, nearness of the cells from ``nearest - REACH`` on; 0 outside the grid.
    """

    nearest: NDArray[np.intp]
    weights: _Float


def _axis(count: int, block: int, size: int, cells: int) -> _Axis:
    center = np.minimum((np.arange(count) + 0.5) * block, size) * (cells / size)
    nearest = np.minimum(center.astype(np.intp), cells - 1)
    cell = nearest + np.arange(-REACH, REACH + 1)[:, None]
    weights = np.exp(-((cell + 0.5 - center) ** 2) / (2.0 * SPACE_SIGMA**2)) * ((cell >= 0) & (cell < cells))
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
        self._ab, self._guide = ab, guide
        cells = min(shape[0] / ab.shape[0], shape[1] / ab.shape[1])
        self._block = min(BLOCK, max(1, int(cells / _BLOCKS_PER_CELL)))
        self._blocks = (-(-shape[0] // self._block), -(-shape[1] // self._block))
        self._down = _axis(self._blocks[0], self._block, shape[0], ab.shape[0])
        self._across = _axis(self._blocks[1], self._block, shape[1], ab.shape[1])

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
            cells, cells_across = self._guide.shape
            step = (cells / self.shape[0], cells_across / width)
            return _bilinear(self._ab, 0, cells, step, y0, y1, width)
        block, blocks = self._block, self._blocks[0]
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
            self._bilateral_rows(light[part], slice(first + part.start, first + part.stop), result[part])
        return result

    def _bilateral_rows(self, light: _Float, rows: slice, result: _Float) -> None:
        down, across = self._down, self._across
        cells_down, cells_across = self._guide.shape
        total = np.zeros_like(light)
        color = np.zeros((2, *light.shape), np.float32)
        scale = np.float32(1.0 / (2.0 * _TAIL * RANGE_SIGMA**2))
        for dx in range(2 * REACH + 1):
            columns = np.clip(across.nearest + (dx - REACH), 0, cells_across - 1)
            low = int(max(down.nearest[rows.start] - REACH, 0))
            high = int(min(down.nearest[rows.stop - 1] + REACH, cells_down - 1)) + 1
            guide = np.take(self._guide[low:high], columns, axis=1)
            planes = [np.take(self._ab[low:high, :, c], columns, axis=1) for c in (0, 1)]
            for dy in range(2 * REACH + 1):
                cell = np.clip(down.nearest[rows] + (dy - REACH), 0, cells_down - 1) - low
                weight = light - guide[cell]
                weight *= weight
                weight *= scale
                weight += 1
                weight *= weight
                weight *= weight
                np.divide(down.weights[dy, rows, None] * across.weights[dx], weight, out=weight)
                total += weight
                for c in (0, 1):
                    color[c] += weight * planes[c][cell]
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
    before, share = _between(0, width, step[1], grid.shape[1])
    left = np.take(grid, before, axis=1)
    right = np.take(grid, np.minimum(before + 1, grid.shape[1] - 1), axis=1)
    right -= left
    right *= share[:, None]
    left += right
    wide = left.reshape(len(grid), -1)
    above, weight = _between(y0, y1, step[0], cells)
    below = np.minimum(above + 1, cells - 1)
    result = np.empty((y1 - y0, wide.shape[1]), np.float32)
    cuts = [0, *(np.flatnonzero(np.diff(above)) + 1), y1 - y0]
    for start, stop in pairwise(cuts):
        top, bottom = wide[above[start] - first], wide[below[start] - first]
        np.multiply(bottom - top, weight[start:stop, None], out=result[start:stop])
        result[start:stop] += top
    return result.reshape(y1 - y0, width, 2)
