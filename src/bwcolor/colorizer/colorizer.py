# SPDX-License-Identifier: Apache-2.0
"""`Colorizer`: one photo through one network, from its rows to its rows in color.

Color is decided about the whole picture, made small; full size is a matter of carrying ab along the edges of the scan's
own lightness, strip by strip. So memory is bounded whatever the size, and lightness is never touched.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bwcolor.color.downsample import LONGEST_SIDE, lightness_rows, shrink, working_shape
from bwcolor.color.merge import merge_rows
from bwcolor.color.spread import spread
from bwcolor.color.transfer import match, statistics_of
from bwcolor.color.upsample import AbUpsampler
from bwcolor.colorizer import tiles
from bwcolor.colorizer.settings import Settings
from bwcolor.models.inference import Manner, Prediction, Runner, Small
from bwcolor.models.network import Guided
from bwcolor.models.row import ModelRow
from bwcolor.photo.hints import Hints
from bwcolor.photo.photo import Metadata, Photo, Rows, Source
from bwcolor.photo.reference import Reference


@dataclass(frozen=True)
class ColorPhoto:
    """A photo and its colors, full size, as a stream of rows.

    Attributes:
        photo: The photo it was made from.
        rows: ``rows(y0, y1) -> (y1 - y0, width, 3) uint8 | uint16`` sRGB at the scan's depth.
        certainty_map: ``(h, w)`` float32, how sure the network is, 0..1, on its own grid; None where it cannot say.
        seconds: Seconds of each stage so far: "prepare", "network".
    """

    photo: Photo
    rows: Rows
    certainty_map: NDArray[np.float32] | None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def certainty(self) -> float | None:
        """How sure the network is, 0..1, mean over the picture; None where it cannot say."""
        return None if self.certainty_map is None else float(self.certainty_map.mean())

    @property
    def width(self) -> int:
        """Pixels."""
        return self.photo.width

    @property
    def height(self) -> int:
        """Pixels."""
        return self.photo.height

    @property
    def depth(self) -> int:
        """Bits per channel: 8 or 16."""
        return self.photo.source.depth


class Colorizer:
    """A network, its weights and its settings, ready to colorize photos of any size.

    Args:
        network: Keeps the Network contract (see ``models/network.py``).
        row: Its row of the MODELS table.
        settings: All resolved.
        weights_sha256: Hash of the weights file; empty for a network without weights.
        reference: Colors that are wanted; None for none.
    """

    def __init__(
        self,
        network: nn.Module,
        row: ModelRow,
        settings: Settings,
        weights_sha256: str = "",
        reference: Reference | None = None,
    ) -> None:
        self.model = row
        self.settings = settings
        self.weights_sha256 = weights_sha256
        self._tiling = _tiling_of(settings, row)
        device = torch.device(settings.device)
        manner = Manner(device, settings.precision, settings.temperature or 1.0, settings.levels, settings.looks)
        overall, self._palette = None, None
        if reference is not None and isinstance(network, Guided):
            ab = torch.from_numpy(reference.ab).movedim(-1, 0)[None]
            overall = network.global_hints.told(ab, torch.tensor([reference.saturation]))
        elif reference is not None:
            self._palette = statistics_of(reference.ab)
        self._runner = Runner(network, row, manner, overall)
        if settings.sample is not None:
            self.check_samples()

    def check_samples(self) -> None:
        """See that the network has a distribution to draw samples from.

        Raises:
            UsageError: It has none.
        """
        self._runner.check_samples()

    def prepare(self, photo: Photo, hints: Hints | None = None, sample: int | None = None) -> Small:
        """Read a photo once and make it, and its hints, as small as the network wants them.

        Args:
            photo: Any size and aspect, 8 or 16 bits.
            hints: Its known colors.
            sample: Seed of one plausible coloring among many; None takes that of the settings.
        """
        sample = self.settings.sample if sample is None else sample
        longest = LONGEST_SIDE if self.settings.tile_size is None else tiles.LONGEST_SIDE
        shape = working_shape(photo.height, photo.width, self.settings.working_size, self.model.ab_stride, longest)
        lightness = shrink(photo.rows, photo.height, photo.width, shape)
        return Small(lightness, None if hints is None else hints.at(*shape), photo.source.sha256, sample)

    def predict(self, smalls: Sequence[Small]) -> list[Prediction]:
        """Run the network on photos of one working shape together, where a device gains by it.

        Args:
            smalls: From `prepare`, all of the same shape.

        Returns:
            For each photo ab on the network's own grid, before saturation, and the certainty there.
        """
        if self._tiling is None:
            return self._runner.predict(smalls)
        return tiles.predict(self._runner, self._tiling, smalls)

    def with_smaller_tiles(self, shape: tuple[int, int]) -> Colorizer | None:
        """Return the same with tiles half as large, for a device whose memory does not hold what it was to see.

        Args:
            shape: (height, width) of the photo's lightness as the network sees it.

        Returns:
            The other, which shares the network with this one; None where tiles cannot be smaller.
        """
        side = min(self.settings.tile_size or max(shape), max(shape)) // 2
        if side < tiles.LEAST_TILE:
            return None
        other = copy(self)
        other.settings = replace(self.settings, tile_size=side, tile_overlap=side // tiles.OVERLAP_SHARE)
        tiling = _tiling_of(other.settings, self.model)
        # the whole photo is seen no larger than a tile
        most = max(side * min(shape) // max(shape), self.model.stride)
        other._tiling = tiling and replace(tiling, whole=min(tiling.whole, most))
        return other

    def colorize(self, photo: Photo, hints: Hints | None = None) -> ColorPhoto:
        """Decide the colors of a photo.

        Args:
            photo: Any size and aspect, 8 or 16 bits.
            hints: Its known colors.

        Returns:
            The photo in color; its rows are made when they are asked for.
        """
        begun = time.perf_counter()
        small = self.prepare(photo, hints)
        prepared = time.perf_counter()
        (prediction,) = self.predict([small])
        done = time.perf_counter()
        seconds = {"prepare": prepared - begun, "network": done - prepared}
        return replace(self.finish(photo, small, prediction), seconds=seconds)

    def finish(self, photo: Photo, small: Small, prediction: Prediction) -> ColorPhoto:
        """Join predicted ab with a photo's own lightness, at full size.

        Args:
            photo: The photo.
            small: From `prepare`.
            prediction: From `predict`.
        """
        guide = small.on_grid(self.model.ab_stride)
        ab = prediction.ab * np.float32(self.model.chroma)
        if self._palette is not None:
            ab = match(ab, self._palette)
        if small.hints is not None:  # whatever the network made of them: where a color is known, it is that
            ab = spread(ab, small.hints, guide)
        gain = np.float32(self.settings.saturation * self.settings.strength)
        enlarge = AbUpsampler(ab * gain, guide, (photo.height, photo.width), method=self.settings.upsample)
        lightness = lightness_rows(photo.rows)
        depth = photo.source.depth

        def rows(y0: int, y1: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
            return merge_rows(photo.rows(y0, y1), enlarge.rows(lightness, y0, y1), depth)

        return ColorPhoto(photo, rows, prediction.certainty)

    def colorize_gray(self, gray: NDArray[Any]) -> NDArray[Any]:
        """Colorize a picture held in memory.

        Args:
            gray: ``(H, W)`` uint8 or uint16, sRGB-encoded neutral gray.

        Returns:
            ``(H, W, 3)`` sRGB of the same dtype.

        Raises:
            ValueError: The array has another shape or dtype.
        """
        if gray.ndim != 2 or gray.dtype not in (np.uint8, np.uint16) or gray.size == 0:
            raise ValueError(f"expected (H, W) uint8 or uint16, got {gray.shape} {gray.dtype}")
        height, width = gray.shape
        source = Source(Path(), "array", gray.dtype.itemsize * 8, "gray", gray.nbytes, "")
        photo = Photo(width, height, lambda y0, y1: gray[y0:y1], Metadata(), source)
        return self.colorize(photo).rows(0, height)


def _tiling_of(settings: Settings, row: ModelRow) -> tiles.Tiling | None:
    """Return how photos are cut; the whole is seen at the network's own size, or smaller where tiles are no larger."""
    if settings.tile_size is None or settings.tile_overlap is None:
        return None
    size = settings.working_size
    whole = row.working_size if size > row.working_size else size // 2
    return tiles.Tiling(settings.tile_size, settings.tile_overlap, max(whole, row.stride), row.ab_stride)
