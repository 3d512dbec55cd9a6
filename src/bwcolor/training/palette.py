# SPDX-License-Identifier: Apache-2.0
"""The colors of a set of photographs: how often each bin of ab, or of U and V, occurs, and what it weighs in training.

Zhang, Isola, Efros (ECCV 2016), section 2.2, for ab; Billaut, de Rochemonteix, Thibault (the project's document 004),
for the most frequent cells of U and V.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bwcolor.color import bins, spaces
from bwcolor.errors import NothingToDoError, OutputError, UsageError
from bwcolor.models.yuv_bins import U_RANGE, V_RANGE
from bwcolor.training.data import Photos

PHOTOS = 2000  # looked at where no number is given
SPACES = ("lab", "yuv")
SHOWN_LIGHTNESS = 50.0  # CIE L* at which bins of ab are shown
SHOWN_LUMA = 0.5  # and those of U and V (document 004)


@dataclass(frozen=True)
class PaletteOptions:
    """How a palette is measured.

    Attributes:
        space: "lab" (bins of ab) or "yuv" (bins of U and V).
        step: Lab units between bins; for yuv, into how many equal cells U and V are cut.
        keep: How many of the most frequent bins are kept, the others added to the nearest; 0 for all.
        mix: lambda of the weights: 0 full inverse frequency, 1 none.
        sigma: Smoothing of the frequencies, in bins of distance one; 0 for none.
        photos: How many photographs are looked at, drawn by the seed; 0 for all.
        seed: Of that draw.
        average: Pixels over which colors are averaged along each side before they are counted.
    """

    space: str = "lab"
    step: int = bins.GRID_STEP
    keep: int = 0
    mix: float = bins.REBALANCING_MIX
    sigma: float = 0.5
    photos: int = PHOTOS
    seed: int = 0
    average: int = 4


@dataclass(frozen=True)
class Palette:
    """Bins of color with their frequencies.

    Attributes:
        space: "lab" or "yuv".
        step: See `PaletteOptions`.
        cells: ``(Q, 2)`` int64, place in the grid: a / step and b / step, or the cells of U and of V.
        centers: ``(Q, 2)`` float32: mean color of what fell into each bin (yuv), or the grid's (lab).
        frequency: ``(Q,)`` float64, shares that sum to 1.
        prior: ``(Q,)`` float64, the frequencies smoothed.
        weights: ``(Q,)`` float64, what a pixel of the bin counts; ``sum(prior * weights) == 1``.
        photos: How many photographs were looked at.
    """

    space: str
    step: int
    cells: NDArray[np.int64]
    centers: NDArray[np.float32]
    frequency: NDArray[np.float64]
    prior: NDArray[np.float64]
    weights: NDArray[np.float64]
    photos: int

    def counts_at(self, centers: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the frequencies over other centers ``(K, 2)`` in the same space: each bin goes to the nearest one.

        Raises:
            UsageError: The palette is not one of ab.
        """
        if self.space != "lab":
            raise UsageError("These bins are of U and V, and the network's of ab.", "See: bwcolor bins --space lab")
        distance = ((self.centers[:, None].astype(np.float64) - centers[None]) ** 2).sum(axis=2)
        counts = np.bincount(distance.argmin(axis=1), weights=self.frequency, minlength=len(centers))
        return counts.astype(np.float64)

    def colors(self) -> NDArray[np.uint8]:
        """Return what the bins look like at middle lightness: ``(Q, 3)`` uint8 sRGB."""
        first, second = (self.centers[:, channel].astype(np.float64) for channel in (0, 1))
        if self.space == "lab":
            planes = spaces.srgb_from_lab(np.full_like(first, SHOWN_LIGHTNESS), first, second)
        else:
            planes = spaces.srgb_from_yuv(np.full_like(first, SHOWN_LUMA), first, second)
        shown: NDArray[np.uint8] = (np.stack(planes, axis=1).clip(0, 1) * 255).round().astype(np.uint8)
        return shown


def measure_palette(photos: Photos, options: PaletteOptions) -> Palette:
    """Count the colors of photographs; every photograph counts the same, whatever its size.

    Args:
        photos: Decoded ones.
        options: How.

    Raises:
        UsageError: The options make no sense.
    """
    if options.space not in SPACES or options.step < 1 or options.keep < 0:
        raise UsageError("Bins are of lab or yuv, with a step of at least 1.", "For example --space lab --step 10.")
    chosen = np.random.default_rng((options.seed, 1)).permutation(len(photos))[: options.photos or None]
    grid = _grid(options)
    count = np.zeros(len(grid))
    sums = np.zeros((len(grid), 2))
    for index in chosen:
        colors = _colors(photos[int(index)], options)  # (n, 2)
        found = _place(colors, grid, options)
        count += np.bincount(found, minlength=len(grid)) / len(found)
        for channel in (0, 1):
            sums[:, channel] += np.bincount(found, colors[:, channel], len(grid)) / len(found)
    kept = np.arange(len(grid))
    if options.keep:  # where the photographs have fewer colors, bins that stay empty, the nearest to gray first
        away = ((grid - (0 if options.space == "lab" else (options.step - 1) / 2)) ** 2).sum(axis=1)
        kept = np.lexsort((away, -count))[: options.keep]
    # what falls into no kept bin goes to the nearest one, by distance in bins
    nearest = ((grid[:, None] - grid[kept][None]) ** 2).sum(axis=2).argmin(axis=1)
    frequency = np.bincount(nearest, count, len(kept)) / count.sum()
    if options.space == "lab":
        centers = (grid[kept] * options.step).astype(np.float32)
    else:
        middles = (grid[kept] + 0.5) / options.step * 2 - 1
        mean = sums[kept] / np.maximum(count[kept], 1e-12)[:, None]
        centers = np.where(count[kept, None] > 0, mean, middles * (U_RANGE, V_RANGE)).astype(np.float32)
    prior = bins.empirical_prior(frequency, grid[kept].astype(np.float32), options.sigma)
    weights = bins.rebalancing_weights(prior, options.mix)
    return Palette(options.space, options.step, grid[kept], centers, frequency, prior, weights, len(chosen))


def _grid(options: PaletteOptions) -> NDArray[np.int64]:
    """Return the places of all bins: ``(Q, 2)`` int64."""
    if options.space == "lab":
        return np.rint(bins.srgb_centers(options.step) / options.step).astype(np.int64)
    return np.stack(np.divmod(np.arange(options.step**2), options.step), axis=1)


def _colors(photo: NDArray[np.uint8], options: PaletteOptions) -> NDArray[np.float32]:
    """Return the colors of cells of a photograph: ``(n, 2)`` float32, ab or U and V."""
    planes = [plane.astype(np.float32) / 255 for plane in np.moveaxis(photo, -1, 0)]
    convert = spaces.lab_from_srgb if options.space == "lab" else spaces.yuv_from_srgb
    pair = np.stack(convert(*planes)[1:], axis=-1)
    size = options.average
    height, width = (max(side // size, 1) for side in pair.shape[:2])
    if min(pair.shape[:2]) < size:
        return pair.reshape(-1, 2).astype(np.float32)
    cells = pair[: height * size, : width * size].reshape(height, size, width, size, 2)
    means: NDArray[np.float32] = cells.mean(axis=(1, 3)).reshape(-1, 2).astype(np.float32)
    return means


def _place(colors: NDArray[np.float32], grid: NDArray[np.int64], options: PaletteOptions) -> NDArray[np.int64]:
    """Return the index of the bin of every color."""
    if options.space == "yuv":
        share = (colors / np.array([U_RANGE, V_RANGE]) + 1) / 2
        cell = np.clip(np.floor(share * options.step), 0, options.step - 1).astype(np.int64)
        flat: NDArray[np.int64] = cell[:, 0] * options.step + cell[:, 1]
        return flat
    reach = int(np.abs(grid).max()) + 1
    table = _nearest_of_all(grid, reach)
    cell = np.clip(np.rint(colors / options.step), -reach, reach).astype(np.int64) + reach
    found: NDArray[np.int64] = table[cell[:, 0], cell[:, 1]]
    return found


def _nearest_of_all(grid: NDArray[np.int64], reach: int) -> NDArray[np.int64]:
    """Return the nearest bin of every place of the square grid."""
    axis = np.arange(-reach, reach + 1)
    every = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    nearest: NDArray[np.int64] = ((every[:, :, None] - grid) ** 2).sum(axis=3).argmin(axis=2)
    return nearest


def write_palette(palette: Palette, path: Path) -> Path:
    """Write a palette as JSON, or as npz where the name says so.

    Raises:
        OutputError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".npz":
            with path.open("wb") as stream:
                np.savez(stream, **asdict(palette))
        else:
            plain = {
                name: value.tolist() if isinstance(value, np.ndarray) else value
                for name, value in asdict(palette).items()
            }
            path.write_text(json.dumps(plain) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error}.") from error
    return path


def read_palette(path: Path) -> Palette:
    """Read what `write_palette` wrote.

    Raises:
        NothingToDoError: The file is missing or no palette.
    """
    kinds = {"cells": np.int64, "centers": np.float32, "frequency": np.float64, "prior": np.float64}
    kinds |= {"weights": np.float64}
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as opened:
                plain: dict[str, Any] = {name: opened[name] for name in opened.files}
        else:
            plain = json.loads(path.read_text(encoding="utf-8"))
        values = {field.name: plain[field.name] for field in fields(Palette)}
        values |= {name: np.asarray(values[name], dtype=kind) for name, kind in kinds.items()}
        return Palette(**values | {"space": str(plain["space"])} | {n: int(plain[n]) for n in ("step", "photos")})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NothingToDoError(f"{path} holds no bins: {error}.", "Make them with: bwcolor bins DIR.") from error
