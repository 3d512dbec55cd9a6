# SPDX-License-Identifier: Apache-2.0
"""Photos that share a pass through the network, and what to do when the device's memory does not hold them."""

from __future__ import annotations

import logging
import queue
import threading
from dataclasses import replace

import torch

from bwcolor.archive.job import Job, OnOom
from bwcolor.colorizer import Colorizer, load
from bwcolor.errors import PhotoError, UsageError
from bwcolor.models.inference import Prediction, Small

CUDA_BATCH = 16  # photos that share a pass through the network on CUDA

logger = logging.getLogger(__name__)


def batch_of(job: Job, colorizer: Colorizer) -> int:
    """Return how many photos share a pass through the network: on a CPU one alone is as good, and simpler.

    The frames of a film come one by one, as their neighbors ask for them.

    Raises:
        UsageError: --batch-size is neither auto nor a number.
    """
    if job.batch_size == "auto":
        return CUDA_BATCH if colorizer.settings.device.startswith("cuda") and not job.sequence else 1
    if not job.batch_size.isdigit() or int(job.batch_size) < 1:
        raise UsageError(f"--batch-size {job.batch_size} is no number of photos.", "Take auto, or 1 and more.")
    return int(job.batch_size)


class Batches:
    """Runs the network on photos of one shape, in batches of one size.

    A batch that is not full is filled up with its last photo: libraries choose their way of computing by the size of a
    batch, and a photo's result must not depend on how many others were at hand.

    Out of memory the batch is halved, once and for all; where one photo alone does not fit, it is seen in tiles, or in
    tiles half as large; where none is small enough, the CPU takes over if that is allowed. Each step is said once, and
    in the ledger of each photo that it concerns.

    Args:
        job: Whether the CPU may take over.
        colorizer: Runs the network.
        size: Of a batch.
    """

    def __init__(self, job: Job, colorizer: Colorizer, size: int) -> None:
        self._job = job
        self._colorizer = colorizer
        self._size = size
        self._mutex = threading.Lock()
        self.notes: tuple[str, ...] = ()

    def predict(self, smalls: list[Small]) -> list[Prediction]:
        """Run the network.

        Args:
            smalls: All of one shape, any number.

        Returns:
            The prediction of each.

        Raises:
            PhotoError: One photo alone does not fit into the device's memory.
        """
        done: list[Prediction] = []
        while len(done) < len(smalls):
            size, colorizer = self._size, self._colorizer
            part = smalls[len(done) : len(done) + size]
            try:
                done += colorizer.predict(part + part[-1:] * (size - len(part)))[: len(part)]
            except torch.OutOfMemoryError as error:
                with self._mutex:
                    if size == self._size and colorizer is self._colorizer:  # nobody else has seen to it meanwhile
                        self._give_way(error, part[0].lightness.shape)
        return done

    def _give_way(self, error: torch.OutOfMemoryError, shape: tuple[int, int]) -> None:
        """Ask for less memory from now on.

        Raises:
            PhotoError: There is nothing left to give.
        """
        device = self._colorizer.settings.device
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if self._size > 1:
            self._size //= 2
            self._say(f"{device} is out of memory: the network runs in batches of {self._size}")
        elif (smaller := self._colorizer.with_smaller_tiles(shape)) is not None:
            self._colorizer = smaller
            self._say(f"{device} is out of memory: the network sees tiles of {smaller.settings.tile_size} pixels")
        elif self._job.on_oom is OnOom.CPU and device != "cpu":
            options = replace(self._job.color, device="cpu", precision="auto")
            self._colorizer = load(**vars(options))
            self._say(f"{device} is out of memory: the network runs on the CPU")
        else:
            raise PhotoError(
                f"{device} has not enough memory for this photo.",
                "Take --on-oom cpu, a smaller --working-size, or another --device.",
            ) from error

    def _say(self, what: str) -> None:
        self.notes = (*self.notes, what)
        logger.warning("%s", what)


class Devices:
    """Several devices: each call goes to one that is free.

    Args:
        each: What runs the network on each of them.
    """

    def __init__(self, each: list[Batches]) -> None:
        self._each = each
        self._free: queue.SimpleQueue[Batches] = queue.SimpleQueue()
        for batches in each:
            self._free.put(batches)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the ledger should say of how the network was run."""
        return tuple(note for batches in self._each for note in batches.notes)

    def predict(self, smalls: list[Small]) -> list[Prediction]:
        """Run the network (see `Batches.predict`)."""
        batches = self._free.get()
        try:
            return batches.predict(smalls)
        finally:
            self._free.put(batches)


def network_of(job: Job, colorizer: Colorizer, size: int) -> Batches | Devices:
    """Return what runs the network on the devices that the job names.

    Args:
        job: Which devices.
        colorizer: On the first of them.
        size: Of a batch.
    """
    first, others = Batches(job, colorizer, size), job.color.devices[1:]
    if not others:
        return first
    return Devices([first, *(Batches(job, load(**job.color.arguments(device)), size) for device in others)])
