# SPDX-License-Identifier: Apache-2.0
"""A folder of frames as one film: each frame's color is averaged with its neighbors' along the motion.

A frame's result depends on its own scan and on those of its neighbors, and on nothing else: not on what was colored
before, nor in which order. So a run that was interrupted goes on to the same films.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bwcolor.archive.album import FRAMES, Predict, folder_of
from bwcolor.archive.plan import Task
from bwcolor.archive.rows import Entry
from bwcolor.archive.settle import file_sha256
from bwcolor.color.frames import Frame, averaged
from bwcolor.errors import PhotoError

if TYPE_CHECKING:
    from bwcolor.archive.piece import Piece
    from bwcolor.models.inference import Prediction, Small

REACH = 4  # frames before and after that a frame is averaged with
KEPT = 64  # frames whose color is kept at hand; work goes on in the order of the frames

Prepare = Callable[[Task], "Small"]
Known = tuple["Small", "Prediction"]


class Film:
    """Averages frames with their neighbors; safe to use from several threads.

    Args:
        tasks: All frames; those of a folder in the order of their names, numbers by their value.
        known: The ledger's row of a frame; None where there is none.
        prepare: Reads a scan and makes it as small as the network sees it; None where nothing is colored.
    """

    travels = False  # neighbors are near one another only in one memory

    def __init__(
        self, tasks: Iterable[Task], known: Callable[[Task], Entry | None], prepare: Prepare | None = None
    ) -> None:
        self._folders: dict[tuple[str, str], list[Task]] = defaultdict(list)
        for task in tasks:
            self._folders[folder_of(task)].append(replace(task, hints=None, decision=None))
        self._places: dict[tuple[str, str, str], int] = {}
        for folder, frames in self._folders.items():
            frames.sort(key=lambda task: natural(task.name))
            self._places |= {(*folder, task.name): place for place, task in enumerate(frames)}
        self._prepare, self._known = prepare, known
        self._hashes: dict[tuple[str, str], str] = {}
        self._known_frames: OrderedDict[Task, Future[Known | None]] = OrderedDict()
        self._mutex = threading.Lock()

    def around(self, task: Task) -> list[Task]:
        """Return the neighbors of a frame, in order."""
        folder = folder_of(task)
        place, frames = self._places[(*folder, task.name)], self._folders[folder]
        return frames[max(place - REACH, 0) : place] + frames[place + 1 : place + 1 + REACH]

    def options(self, task: Task) -> dict[str, Any]:
        """Return one hash over the scans around."""
        told = "\n".join(self._sha256(other) for other in self.around(task))
        return {FRAMES: hashlib.sha256(told.encode()).hexdigest()}

    def firsts(self, pieces: list[Piece], predict: Predict) -> list[Prediction]:
        """Return what the network says of each frame by itself, its hints included."""
        return [self._first(piece, predict) for piece in pieces]

    def _first(self, piece: Piece, predict: Predict) -> Prediction:
        plain = replace(piece.task, hints=None, decision=None)
        known = self._one(plain, predict, piece.smalls[0]) if plain == piece.task else None
        return known[1] if known is not None else predict(piece.smalls[:1])[0]

    def shared(self, piece: Piece, predictions: list[Prediction], predict: Predict) -> list[Prediction]:
        """Return a frame's predictions, the first page averaged with its neighbors."""
        own = Frame(piece.smalls[0].lightness, predictions[0].ab)
        others = [self._one(task, predict) for task in self.around(piece.task)]
        ab = averaged(own, [Frame(small.lightness, said.ab) for small, said in filter(None, others)])
        return [replace(predictions[0], ab=ab), *predictions[1:]]

    def _one(self, task: Task, predict: Predict, small: Small | None = None) -> Known | None:
        """Return a frame by itself, computed once while it is at hand; None where its scan cannot be read."""
        with self._mutex:
            found = self._known_frames.get(task)
            if found is None:
                mine: Future[Known | None] = Future()
                self._known_frames[task] = mine
                while len(self._known_frames) > KEPT:
                    self._known_frames.popitem(last=False)
        if found is not None:
            return found.result()
        try:
            if small is None:
                if self._prepare is None:
                    raise RuntimeError("frames are to be colored, and there is no way to prepare them")
                small = self._prepare(task)
            mine.set_result((small, predict([small])[0]))
        except PhotoError:
            mine.set_result(None)
        except BaseException as error:
            mine.set_exception(error)
        return mine.result()

    def _sha256(self, task: Task) -> str:
        """Return the hash of a scan: the ledger's where the scan is what it was."""
        place = str(task.out), task.name
        if place not in self._hashes:
            entry = self._known(task)
            try:
                seen = task.source.stat()
            except OSError:
                return ""
            same = entry is not None and (seen.st_size, seen.st_mtime_ns) == (entry.size, entry.mtime_ns)
            self._hashes[place] = (
                entry.sha256 if entry is not None and same and entry.sha256 else file_sha256(task.source)
            )
        return self._hashes[place]


def natural(name: str) -> tuple[tuple[int, int | str], ...]:
    """Return what names are sorted by so that frame9 comes before frame10."""
    parts = re.split(r"([0-9]+)", name)  # every second one is a number
    return tuple((0, int(part)) if place % 2 else (1, part) for place, part in enumerate(parts) if part)
