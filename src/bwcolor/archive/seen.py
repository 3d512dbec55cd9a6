# SPDX-License-Identifier: Apache-2.0
"""Color copies looked at once: their colors in a few numbers, their caption and date; kept in the output folder.

What was measured of a copy is kept under the hash of its bytes (``.bwcolor/seen.json``), so that neither the review
page nor the outliers decode an archive twice.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bwcolor.archive import machine
from bwcolor.archive.pipeline import Pipeline, Stage
from bwcolor.archive.rows import Entry
from bwcolor.archive.walk import STATE_FOLDER
from bwcolor.color import spaces
from bwcolor.color.whites import white_point
from bwcolor.errors import BwcolorError, OutputError
from bwcolor.photo.writing import replacing

if TYPE_CHECKING:
    from bwcolor.archive.showing import Shown

FILE_NAME = "seen.json"
LAYOUT = 1  # of the file; others are made anew
DIGITS = 3  # that are kept of a color
MEASURED_SIDE = 256  # pixels of the longer side at which colors are measured


Told = Callable[[Entry], None]


def nobody(entry: Entry) -> None:
    """Tell nobody of a photo."""


@dataclass(frozen=True)
class Seen:
    """What was seen of a color copy.

    Attributes:
        white_a: Mean a of its lightest twentieth, Lab units.
        white_b: Mean b of the same.
        chroma: Mean chroma, Lab units.
        mean_a: Mean a over the picture: with b, the hue that it has as a whole.
        mean_b: Mean b over the picture.
        caption: What its metadata say that it shows.
        date: When it was taken, as they say.
    """

    white_a: float
    white_b: float
    chroma: float
    mean_a: float
    mean_b: float
    caption: str = ""
    date: str = ""


def measure(copy: Shown) -> Seen:
    """Measure the colors of a copy by its first picture, at most `MEASURED_SIDE` long."""
    channels = (copy.pictures[0][..., channel].astype(np.float64) / 255 for channel in range(3))
    lightness, a, b = spaces.lab_from_srgb(*channels)
    white_a, white_b = white_point(lightness, a, b)
    chroma, mean_a, mean_b = (round(float(plane.mean()), DIGITS) for plane in (np.hypot(a, b), a, b))
    return Seen(round(white_a, DIGITS), round(white_b, DIGITS), chroma, mean_a, mean_b, copy.caption, copy.date)


class Memory:
    """What was seen of the copies of an output folder, by the hash of their bytes.

    Args:
        out: The output folder.
    """

    def __init__(self, out: Path) -> None:
        self._path = out / STATE_FOLDER / FILE_NAME
        self._mutex = threading.Lock()
        self._found: dict[str, Seen] = {}
        try:
            told = json.loads(self._path.read_bytes())
            if told["layout"] == LAYOUT:
                self._found = {key: Seen(**values) for key, values in told["copies"].items()}
        except (OSError, ValueError, TypeError, KeyError):
            pass  # it is made anew

    def get(self, entry: Entry) -> Seen | None:
        """Return what was seen of a row's copy; None where it was not looked at."""
        return self._found.get(entry.output_sha256)

    def of(self, entries: Iterable[Entry]) -> dict[str, Seen]:
        """Return what was seen of each copy that was looked at, by the photo's name."""
        found = {entry.name: self.get(entry) for entry in entries}
        return {name: seen for name, seen in found.items() if seen is not None}

    def put(self, entry: Entry, seen: Seen) -> None:
        """Keep what was seen; safe to call from several threads."""
        with self._mutex:
            self._found[entry.output_sha256] = seen

    def save(self, entries: Iterable[Entry]) -> None:
        """Write what is known of these rows, and forget the rest.

        Raises:
            OutputError: It cannot be written.
        """
        there = {entry.output_sha256 for entry in entries}
        copies = {key: asdict(seen) for key, seen in sorted(self._found.items()) if key in there}
        with replacing(self._path) as (file, _):
            file.write(json.dumps({"layout": LAYOUT, "copies": copies}).encode())


def look_at(out: Path, entries: list[Entry], told: Told = nobody, jobs: int | None = None) -> dict[str, Seen]:
    """Look at the color copies that were not looked at before.

    Args:
        out: The output folder; what was seen is kept there if it can be written.
        entries: Rows of color copies that are done.
        told: Is called for each.
        jobs: Copies at once; None takes one for each core.

    Returns:
        What was seen, by the photo's name; copies that cannot be read are left out.
    """
    from bwcolor.archive.showing import copy_of

    memory = Memory(out)

    def look(entry: Entry) -> None:
        if memory.get(entry) is None:
            memory.put(entry, measure(copy_of(out, entry, MEASURED_SIDE)))

    with_each(entries, look, told, jobs)
    with suppress(OutputError):  # on a read-only disk it is measured again the next time
        memory.save(entries)
    return memory.of(entries)


def with_each(entries: list[Entry], work: Told, told: Told = nobody, jobs: int | None = None) -> None:
    """Do something with each of many photos, several at once; those whose files cannot be read are passed over."""

    def ended(entry: Entry, error: BaseException | None) -> None:
        if error is not None and (isinstance(error, OutputError) or not isinstance(error, (BwcolorError, OSError))):
            raise error
        told(entry)

    def look(batch: list[Entry]) -> None:
        work(batch[0])

    Pipeline((Stage("look", look),), ended, jobs=jobs or machine.cores()).run(entries)
