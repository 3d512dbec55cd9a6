# SPDX-License-Identifier: Apache-2.0
"""`Piece`: one photo in work."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bwcolor.archive.plan import Task
from bwcolor.archive.rows import Entry, Outcome
from bwcolor.errors import PhotoError, UsageError
from bwcolor.photo.formats import probe
from bwcolor.photo.hints import EXAMPLE, Hints, parse_hints, read_hints

if TYPE_CHECKING:
    from bwcolor.color.merge import LightnessError
    from bwcolor.models.inference import Prediction, Small
    from bwcolor.photo.photo import Photo, Written

# Bytes of memory per pixel that a photo in work takes at its peak (its plane, the copy being encoded, the copy read
# back), by the depth of its channels. Measured as resident memory with 12-megapixel scans: JPEG 13.5, 16-bit TIFF 9.
ROOM_PER_PIXEL = {8: 14, 16: 20}
STREAMED_ROOM = 1 << 30  # bytes, at most, of a photo that is read and written by strips
STREAMED_PIXELS = 1 << 26  # from which on a TIFF is


class Skipped(Exception):
    """A photo is left as it is, on purpose.

    Args:
        reason: Why.
        written: The copy that was made of it; None for none.
    """

    def __init__(self, reason: str, written: Written | None = None) -> None:
        super().__init__(reason)
        self.written = written


@dataclass(eq=False)
class Piece:
    """A photo in work; each stage adds what it made, and the last ones let go of the pixels.

    Attributes:
        task: The scan and its color copy.
        previous: Its row of the ledger before this run.
        target: Where the color copy goes; the plan's, unless the scan's header asks for another format.
        seconds: Of each stage.
        begun: When reading began, by the clock of `time.perf_counter`.
        stamp: Size and time of the scan's file when it was read.
        photo: From "read".
        smalls: From "prepare": the photo, and its further pages, as the network sees them.
        hints_sha256: Hash of the hints; empty where there are none.
        predictions: From "network", for each of the smalls.
        notes: What the ledger should say of how the network was run.
        certainty: How sure the network was of the first page.
        merged: Lightness error before encoding.
        written: From "write".
        access: The access copy, from "write".
        decoded: Lightness error of what was read back.
    """

    task: Task
    previous: Entry | None
    target: Path
    seconds: dict[str, float] = field(default_factory=dict)
    begun: float = 0.0
    stamp: tuple[int, int] = (0, 0)
    photo: Photo | None = None
    smalls: list[Small] = field(default_factory=list)
    hints_sha256: str = ""
    predictions: list[Prediction] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    certainty: float | None = None
    merged: LightnessError | None = None
    written: Written | None = None
    access: Written | None = None
    decoded: LightnessError | None = None

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        """Add the seconds of the block to a stage."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - begun


def room_of(piece: Piece) -> int:
    """Return the bytes of memory that a photo takes while it is in work, by its header; 0 where that is unreadable."""
    try:
        row, header = probe(piece.task.source)
    except PhotoError:
        return 0  # reading it will say what is wrong
    room = header.pixels * ROOM_PER_PIXEL[16 if header.bits > 8 else 8]
    return min(room, STREAMED_ROOM) if row.name == "tiff" and header.pixels > STREAMED_PIXELS else room


def stamp_of(path: Path) -> tuple[int, int]:
    """Return (size in bytes, time of the last change in nanoseconds) of a file.

    Raises:
        PhotoError: It cannot be looked at.
    """
    try:
        seen = path.stat()
    except OSError as error:
        raise PhotoError(f"{path.name} cannot be read: {error.strerror}.", "Check that it is still there.") from error
    return seen.st_size, seen.st_mtime_ns


def hints_of(task: Task, photo: Photo) -> Hints | None:
    """Return the known colors of a photo: those that a person gave with a decision, or what lies beside the scan.

    Raises:
        UsageError: They tell something impossible.
    """
    wanted = task.wanted
    if wanted is None or not wanted.hints:
        return None if task.hints is None else read_hints(task.hints, photo.width, photo.height)
    try:
        told = parse_hints(json.loads(wanted.hints), photo.width, photo.height)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"The hints decided on cannot be used: {type(error).__name__} {error}.", EXAMPLE) from error
    return replace(told, sha256=wanted.hints_sha256)


def row_of(piece: Piece, outcome: Outcome) -> Entry:
    """Return a row that says no more than which photo it is and what became of it."""
    out = piece.task.out
    return Entry(
        name=piece.task.name,
        source=relative(piece.task.source, out),
        target=relative(piece.target, out),
        outcome=outcome,
        size=piece.stamp[0],
        mtime_ns=piece.stamp[1],
    )


def relative(path: Path, start: Path) -> str:
    """Return a path relative to a folder, with forward slashes; absolute where there is no way (another drive)."""
    try:
        return Path(os.path.relpath(path, start)).as_posix()
    except ValueError:
        return path.as_posix()
