# SPDX-License-Identifier: Apache-2.0
"""One album, one look: the white points of a folder's photos, found by a first look at all of them.

What was found is kept in the output folder (``.bwcolor/whites.json``), so that a run that goes on, or has nothing to
do, does not look again at scans that are what they were.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bwcolor import __version__
from bwcolor.archive import machine
from bwcolor.archive.album import Alone, Predict, folder_of
from bwcolor.archive.job import Job, as_json
from bwcolor.archive.piece import Piece, room_of, stamp_of
from bwcolor.archive.pipeline import Pipeline
from bwcolor.archive.plan import Task
from bwcolor.archive.walk import STATE_FOLDER
from bwcolor.color.whites import White, common, drawn, white_point
from bwcolor.errors import BwcolorError, OutputError
from bwcolor.photo.writing import replacing

if TYPE_CHECKING:
    from bwcolor.archive.stages import Stages
    from bwcolor.models.inference import Prediction, Small

FILE_NAME = "whites.json"
OPTION = "white"  # under which a row's options tell the folder's white point

logger = logging.getLogger(__name__)


class OneWhite(Alone):
    """Draws the white of each photo to that of its folder.

    Args:
        whites: a and b of each folder's white point (Lab units), by `folder_of`.
        stride: How many times smaller the network's ab grid is than its input.
    """

    def __init__(self, whites: dict[tuple[str, str], White], stride: int) -> None:
        self._whites = whites
        self._stride = stride

    def options(self, task: Task) -> dict[str, Any]:
        """Return the folder's white point."""
        white = self._whites.get(folder_of(task))
        return {OPTION: None if white is None else list(white)}

    def shared(self, piece: Piece, predictions: list[Prediction], predict: Predict) -> list[Prediction]:
        """Return predictions with the folder's white point."""
        white = self._whites.get(folder_of(piece.task))
        if white is None:
            return predictions
        pairs = zip(piece.smalls, predictions, strict=True)
        return [replace(each, ab=drawn(each.ab, small.on_grid(self._stride), white)) for small, each in pairs]


def find_whites(tasks: Iterable[Task], stages: Stages, job: Job) -> dict[tuple[str, str], White]:
    """Return the white point of each folder: the median of its photos', whatever is done already.

    Args:
        tasks: All photos of the plan; those that cannot be read have no say.
        stages: How they are read and predicted.
        job: How many at once.
    """
    found: dict[tuple[str, str], dict[str, White]] = defaultdict(dict)
    caches: dict[Path, _Cache] = {}
    missing = []
    for task in tasks:
        # what people said of single photos does not move the folder
        plain = replace(task, hints=None, decision=None)
        if plain.out not in caches:
            caches[plain.out] = _Cache(plain.out, stages, job)
        white = caches[plain.out].get(plain)
        if white is None:
            missing.append(plain)
        else:
            found[folder_of(plain)][plain.name] = white
    if missing:
        logger.warning("a first look at %d photos, for the white of their folders", len(missing))
        for task, white in _look(missing, stages, job).items():
            caches[task.out].put(task, white)
            found[folder_of(task)][task.name] = white
        for cache in caches.values():
            cache.save()
    return {folder: common(list(whites.values())) for folder, whites in found.items()}


def _look(tasks: list[Task], stages: Stages, job: Job) -> dict[Task, White]:
    """Return the white point that the network gives each photo."""
    found: dict[Task, White] = {}

    def ended(piece: Piece, error: BaseException | None) -> None:
        if error is None:
            found[piece.task] = white_of(piece.smalls[0], piece.predictions[0], stages.stride)
        elif not isinstance(error, Exception):
            raise error  # whatever else is wrong with a photo, its row will say
        piece.photo = None

    Pipeline[Piece](
        stages.pipeline()[:3],
        ended,
        jobs=job.jobs or machine.cores() + 1,
        room_of=room_of,
        memory=job.max_memory or machine.memory() // 2,
        time_limit=job.time_limit,
    ).run(Piece(task, None, task.target) for task in tasks)
    return found


def white_of(small: Small, prediction: Prediction, stride: int) -> White:
    """Return the white point of a prediction, rounded so that it can be kept."""
    a, b = white_point(small.on_grid(stride), prediction.ab[..., 0], prediction.ab[..., 1])
    return round(a, 4), round(b, 4)


class _Cache:
    """White points that were found before, of scans that are what they were."""

    def __init__(self, out: Path, stages: Stages, job: Job) -> None:
        self._path = out / STATE_FOLDER / FILE_NAME
        told = as_json([stages.options, stages.weights_sha256, __version__])
        self._settings = hashlib.sha256(told.encode()).hexdigest()
        self._whites: dict[str, list[Any]] = {}
        with suppress(OSError, ValueError, TypeError, KeyError):
            found = json.loads(self._path.read_bytes())
            if found["settings"] == self._settings:
                self._whites = found["photos"]

    def get(self, task: Task) -> White | None:
        """Return a scan's white point; None where it is not known, or of another scan."""
        known = self._whites.get(task.name)
        try:
            if known is None or list(stamp_of(task.source)) != known[:2]:
                return None
        except BwcolorError:
            return None
        return known[2], known[3]

    def put(self, task: Task, white: White) -> None:
        """Keep a scan's white point."""
        with suppress(BwcolorError):
            self._whites[task.name] = [*stamp_of(task.source), *white]

    def save(self) -> None:
        """Write what is known, if it can be written."""
        with suppress(OutputError), replacing(self._path) as (file, _):
            told = {"settings": self._settings, "photos": dict(sorted(self._whites.items()))}
            file.write(json.dumps(told).encode())
