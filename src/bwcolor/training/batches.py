# SPDX-License-Identifier: Apache-2.0
"""Batches of aged lightness and true color, made ahead of the network by threads."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bwcolor.color import spaces
from bwcolor.training.augment import film_lightness, with_border
from bwcolor.training.crops import Cut, random_crop
from bwcolor.training.data import Photos, sample_positions
from bwcolor.training.hints import simulate_hints
from bwcolor.training.options import TrainOptions

AHEAD = 2  # batches waiting for the network, besides those that are being made
_LINEAR = np.asarray(spaces.linear_from_srgb(spaces.gray_codes(256)), dtype=np.float32)


@dataclass(frozen=True)
class Batch:
    """What one step learns from.

    Attributes:
        lightness: ``(N, 1, c, c)`` float32, CIE L* 0..100, aged.
        ab: ``(N, 2, c, c)`` float32, the true color in Lab units.
        hints: ``(N, 3, c, c)`` float32: a, b, mask; None in a step without hints.
    """

    lightness: Tensor
    ab: Tensor
    hints: Tensor | None

    def __len__(self) -> int:
        return len(self.lightness)

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        hints = None if self.hints is None else self.hints.to(device, non_blocking=True)
        lightness = self.lightness.to(device, memory_format=torch.channels_last, non_blocking=True)
        return Batch(lightness, self.ab.to(device, non_blocking=True), hints)

    def pinned(self) -> Batch:
        """Return the batch in memory from which CUDA copies fast."""
        hints = None if self.hints is None else self.hints.pin_memory()
        return Batch(self.lightness.pin_memory(), self.ab.pin_memory(), hints)

    def split(self, parts: int) -> list[Batch]:
        """Cut into parts of about equal size, at most as many as there are samples."""
        rows = torch.arange(len(self)).tensor_split(min(parts, len(self)))
        return [
            Batch(self.lightness[r], self.ab[r], None if self.hints is None else self.hints[r])
            for r in (slice(int(chosen[0]), int(chosen[-1]) + 1) for chosen in rows)
        ]


def true_ab(photo: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return ``(2, h, w)`` float32 ab in Lab units of ``(h, w, 3)`` uint8 sRGB."""
    return _ab_of(_LINEAR[photo])


def _ab_of(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    _, a, b = spaces.lab_from_linear(linear[..., 0], linear[..., 1], linear[..., 2])
    return np.stack([a, b]).astype(np.float32)


def make_batch(photos: Photos, options: TrainOptions, step: int, seen: int, rank: int = 0, ranks: int = 1) -> Batch:
    """Make the batch of a step; the same arguments give the same batch.

    Args:
        photos: To draw from.
        options: Of the training.
        step: Which decides the crop size.
        seen: Samples drawn before, by all processes together.
        rank: Which of the processes it is for: together they draw what one would with a batch of all their sizes.
        ranks: How many processes there are.
    """
    side, count = options.crop_at(step)
    lightness = np.empty((count, 1, side, side), dtype=np.float32)
    ab = np.empty((count, 2, side, side), dtype=np.float32)
    hints = np.zeros((count, 3, side, side), dtype=np.float32)
    cut = Cut(options.smallest_cut, options.largest_cut, options.turn, options.shear)
    hinted = False
    for place, (epoch, index) in enumerate(sample_positions(options.seed, seen, count * ranks, len(photos))):
        # of its own, since every process must know whether any sample of the whole step is hinted
        chance = np.random.default_rng((options.seed, epoch, index, 1))
        shown = chance.random() < options.hint_share
        hinted = hinted or shown
        row = place - rank * count
        if not 0 <= row < count:
            continue
        generator = np.random.default_rng((options.seed, epoch, index))
        linear = with_border(_LINEAR[random_crop(photos[index], side, cut, generator)], options.film, generator)
        ab[row] = _ab_of(linear)
        lightness[row, 0] = film_lightness(linear, options.film, generator)
        if shown:
            hints[row] = simulate_hints(ab[row], chance, options.reveal_share)
    return Batch(torch.from_numpy(lightness), torch.from_numpy(ab), torch.from_numpy(hints) if hinted else None)


def batches(
    photos: Photos, options: TrainOptions, step: int, seen: int, rank: int = 0, ranks: int = 1
) -> Generator[Batch]:
    """Yield the batches of step ``step``, ``step + 1``, ... made ahead by threads that end with the iterator."""
    workers = options.workers or max((os.cpu_count() or 2) // 2, 1)
    waiting: deque[Future[Batch]] = deque()
    steps = iter(range(step, options.steps))
    with ThreadPoolExecutor(workers, thread_name_prefix="batches") as pool:
        try:
            while True:
                while len(waiting) < workers + AHEAD and (at := next(steps, None)) is not None:
                    waiting.append(pool.submit(make_batch, photos, options, at, seen, rank, ranks))
                    seen += options.crop_at(at)[1] * ranks
                if not waiting:
                    return
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
