# SPDX-License-Identifier: Apache-2.0
"""Batches of aged lightness and true color, made ahead of the network by a thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bwcolor.color import spaces
from bwcolor.training.augment import film_lightness
from bwcolor.training.data import Photos, random_crop, sample_positions
from bwcolor.training.hints import simulate_hints
from bwcolor.training.recipes import TrainOptions

AHEAD = 3  # batches waiting for the network
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


def true_ab(photo: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return ``(2, h, w)`` float32 ab in Lab units of ``(h, w, 3)`` uint8 sRGB."""
    linear = _LINEAR[photo]
    _, a, b = spaces.lab_from_linear(linear[..., 0], linear[..., 1], linear[..., 2])
    return np.stack([a, b]).astype(np.float32)


def _sample(
    photo: NDArray[np.uint8], side: int, options: TrainOptions, generator: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    linear = _LINEAR[random_crop(photo, side, options.smallest_cut, generator)]
    _, a, b = spaces.lab_from_linear(linear[..., 0], linear[..., 1], linear[..., 2])
    return film_lightness(linear, options.film, generator), np.stack([a, b]).astype(np.float32)


def make_batch(photos: Photos, options: TrainOptions, step: int, seen: int) -> Batch:
    """Make the batch of a step; the same arguments give the same batch.

    Args:
        photos: To draw from.
        options: Of the training.
        step: Which decides the crop size, and whether hints are shown.
        seen: Samples drawn before.
    """
    side, count = options.crop_at(step)
    lightness = np.empty((count, 1, side, side), dtype=np.float32)
    ab = np.empty((count, 2, side, side), dtype=np.float32)
    hints = np.zeros((count, 3, side, side), dtype=np.float32)
    for row, (epoch, index) in enumerate(sample_positions(options.seed, seen, count, len(photos))):
        generator = np.random.default_rng((options.seed, epoch, index))
        lightness[row, 0], ab[row] = _sample(photos[index], side, options, generator)
        if generator.random() < options.hint_share:
            hints[row] = simulate_hints(ab[row], generator)
    shown = torch.from_numpy(hints) if hints[:, 2].any() else None
    return Batch(torch.from_numpy(lightness), torch.from_numpy(ab), shown)


def batches(photos: Photos, options: TrainOptions, step: int, seen: int) -> Iterator[Batch]:
    """Yield the batches of step ``step``, ``step + 1``, ... made ahead by a thread that ends with the iterator."""
    waiting: queue.Queue[Batch | BaseException] = queue.Queue(AHEAD)
    stop = threading.Event()

    def produce() -> None:
        drawn = seen
        try:
            for at in range(step, options.steps):
                batch = make_batch(photos, options, at, drawn)
                drawn += len(batch.lightness)
                while not stop.is_set():
                    try:
                        waiting.put(batch, timeout=0.5)
                        break
                    except queue.Full:
                        continue
                if stop.is_set():
                    return
        except BaseException as error:
            waiting.put(error)

    thread = threading.Thread(target=produce, name="batches", daemon=True)
    thread.start()
    try:
        for _ in range(step, options.steps):
            batch = waiting.get()
            if isinstance(batch, BaseException):
                raise batch
            yield batch
    finally:
        stop.set()
        thread.join()
