# SPDX-License-Identifier: Apache-2.0
"""How long a network takes for one photo on this machine, by a short measured run; its weights need not be here."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np
import torch

from bwcolor.color.downsample import working_shape
from bwcolor.models.devices import resolve_device, resolve_precision
from bwcolor.models.inference import Manner, Runner, Small
from bwcolor.models.network import build
from bwcolor.models.row import ModelRow
from bwcolor.models.table import find_model

PHOTO = (3000, 4000)  # height and width in pixels; a network sees 4:3 of it at its working size
LONG_ENOUGH = 1.0  # seconds over which runs are repeated
MOST_RUNS = 5


def runner(row: ModelRow) -> tuple[Runner, Small]:
    """Return a network with random weights, as colorizing runs it by default, and a small photo of noise.

    What the weights are does not change how long they take.

    Args:
        row: Of the MODELS table, or of a mixture.
    """
    torch.manual_seed(0)
    rows = [find_model(part) for part in row.parts]
    parts = [build(part, part.own_form()) for part in rows]
    network = build(row, networks=parts) if parts else build(row, row.own_form())
    device = resolve_device("auto")
    manner = Manner(device, resolve_precision("auto", device), row.temperature or 1.0, row.levels, row.looks)
    shape = working_shape(*PHOTO, row.working_size, row.ab_stride)
    lightness = np.random.default_rng(0).uniform(0, 100, shape).astype(np.float32)
    return Runner(network, row, manner), Small(lightness)


def seconds_per_photo(row: ModelRow, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the seconds that a network takes for one photo, all of its usual looks included.

    The median of a few runs after a first one, which does not count. Reading, enlarging and writing are not in it: they
    depend on the photo, not on the network.

    Args:
        row: Of the MODELS table, or of a mixture.
        clock: Tells seconds.
    """
    ready, small = runner(row)
    ready.predict([small])
    runs: list[float] = []
    while len(runs) < MOST_RUNS and sum(runs) < LONG_ENOUGH:
        begun = clock()
        ready.predict([small])  # gives numpy arrays, so a GPU has finished, too
        runs.append(clock() - begun)
    return median(runs)
