# SPDX-License-Identifier: Apache-2.0
"""What is done with one photo, stage by stage, from the scan's bytes to a color copy that was read back."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bwcolor import __version__
from bwcolor.archive.job import Job, as_json
from bwcolor.archive.ledger import Entry, Outcome, key_of
from bwcolor.archive.pipeline import Stage
from bwcolor.archive.plan import Task
from bwcolor.errors import DamagedPhotoError, OutputError, PhotoError, UsageError
from bwcolor.photo.hints import read_hints

if TYPE_CHECKING:
    from bwcolor.color.merge import LightnessError
    from bwcolor.colorizer import Colorizer
    from bwcolor.models.inference import Prediction, Small
    from bwcolor.photo.photo import Photo, Rows, Written

STRIP_PIXELS = 1 << 20  # read back at a time
# Bytes of memory per pixel that a photo in work takes at its peak (its plane, the copy being encoded, the copy read
# back), by the depth of its channels; measured with scripts/bench/throughput.py
ROOM_PER_PIXEL = {8: 12, 16: 24}
CUDA_BATCH = 16  # photos that share a pass through the network on CUDA
STREAMED_ROOM = 1 << 30  # bytes, at most, of a photo that is read and written by strips

Value = TypeVar("Value")


@dataclass(eq=False)
class Piece:
    """A photo in work; each stage adds what it made, and the last ones let go of the pixels.

    Attributes:
        task: The scan and its color copy.
        previous: Its row of the ledger before this run.
        target: Where the color copy goes; the plan's, unless the scan's header asks for another format.
        seconds: Of each stage.
    """

    task: Task
    previous: Entry | None
    target: Path
    seconds: dict[str, float] = field(default_factory=dict)
    begun: float = 0.0
    stamp: tuple[int, int] = (0, 0)
    photo: Photo | None = None
    hints_sha256: str = ""
    small: Small | None = None
    prediction: Prediction | None = None
    certainty: float | None = None
    merged: LightnessError | None = None
    written: Written | None = None
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
    from bwcolor.photo.formats import probe
    from bwcolor.photo.reading import HELD_PIXELS

    try:
        row, header = probe(piece.task.source)
    except PhotoError:
        return 0  # reading it will say what is wrong
    room = header.pixels * ROOM_PER_PIXEL[16 if header.bits > 8 else 8]
    return min(room, STREAMED_ROOM) if row.name == "tiff" and header.pixels > HELD_PIXELS else room


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


class Stages:
    """The stages, for one job and one colorizer; safe to use from several threads.

    Args:
        job: How scans are read and copies written.
        colorizer: Makes the colors.
        taken: Every target of the plan: a copy that needs another format than planned must not fall on one.
    """

    def __init__(self, job: Job, colorizer: Colorizer, taken: set[Path]) -> None:
        self._job = job
        self._colorizer = colorizer
        self._taken = taken
        self._batch = batch_of(job, colorizer)
        self.options = options_of(job, colorizer)

    def pipeline(self) -> tuple[Stage[Piece], ...]:
        """Return the stages in order."""
        return (
            Stage("read", one(self.read)),
            Stage("prepare", one(self.prepare)),
            Stage(
                "network",
                self.network,
                at_once=1 if self._batch > 1 else None,
                most=self._batch,
                group=lambda piece: _there(piece.small).lightness.shape,
            ),
            Stage("write", one(self.write)),
            Stage("read back", one(self.read_back)),
        )

    def read(self, piece: Piece) -> None:
        """Read and decode the scan."""
        from bwcolor.photo import read_photo
        from bwcolor.photo.formats import output_format, output_name, probe

        piece.begun = time.perf_counter()
        with piece.timing("read"):
            piece.stamp = stamp_of(piece.task.source)
            wanted, _ = output_format(*probe(piece.task.source), self._job.format)
            target = output_name(piece.target, wanted)
            if target != piece.target and (target in self._taken or (target.exists() and not _ours(piece, target))):
                raise PhotoError(
                    f"{piece.task.name} must be written as {wanted.title}, and {target.name} is taken.",
                    "Add a --suffix, or color it into another --out.",
                )
            piece.target = target
            piece.photo = read_photo(piece.task.source, self._job.read)

    def prepare(self, piece: Piece) -> None:
        """Make the photo as small as the network wants it."""
        with piece.timing("prepare"):
            photo, hints = _there(piece.photo), None
            if piece.task.hints is not None:
                hints = read_hints(piece.task.hints, photo.width, photo.height)
                piece.hints_sha256 = hints.sha256
            piece.small = self._colorizer.prepare(photo, hints)

    def network(self, pieces: list[Piece]) -> None:
        """Decide the colors of photos of one working shape together; each is booked its share of the time.

        A batch that is not full is filled up with its last photo: libraries choose their way of computing by the size
        of a batch, and a photo's result must not depend on how many others were at hand.
        """
        begun = time.perf_counter()
        smalls = [_there(piece.small) for piece in pieces]
        predictions = self._colorizer.predict(smalls + smalls[-1:] * (self._batch - len(smalls)))
        share = (time.perf_counter() - begun) / len(pieces)
        for piece, prediction in zip(pieces, predictions, strict=False):
            piece.prediction = prediction
            piece.seconds["network"] = share

    def write(self, piece: Piece) -> None:
        """Upsample, merge, encode and write, strip by strip; the merge's share of the time is booked apart."""
        from bwcolor.photo import write_photo

        photo = _there(piece.photo)
        color = self._colorizer.finish(photo, _there(piece.small), _there(piece.prediction))
        piece.certainty = color.certainty
        before = piece.seconds.get("merge", 0.0)
        with piece.timing("write"):
            _make_folder(piece.target.parent)
            try:
                piece.written = write_photo(photo, _measured(piece, color.rows), piece.target, self._job.write)
            except OSError as error:
                raise OutputError(
                    f"{piece.target} cannot be written: {error.strerror or error}.",
                    "Make room or give another --out, then run the same command again.",
                ) from error
        piece.seconds["write"] -= piece.seconds.get("merge", 0.0) - before
        piece.small = piece.prediction = None

    def read_back(self, piece: Piece) -> None:
        """Decode what was written and measure its lightness against the scan's; see that the scan is what it was."""
        photo, written = _there(piece.photo), _there(piece.written)
        with piece.timing("read back"):
            piece.decoded = decoded_error(photo, written)
        if stamp_of(piece.task.source) != piece.stamp:
            written.path.unlink(missing_ok=True)
            raise DamagedPhotoError(
                f"{piece.task.name} changed while it was read.", "Run again when nothing writes to it any more."
            )

    def entry(self, piece: Piece, run: int) -> Entry:
        """Return the row of a finished photo."""
        photo, written = _there(piece.photo), _there(piece.written)
        merged, decoded = _there(piece.merged), _there(piece.decoded)
        weights = self._colorizer.weights_sha256
        return replace(
            row_of(piece, Outcome.DONE),
            sha256=photo.source.sha256,
            model=self._colorizer.model.name,
            weights_sha256=weights,
            options=as_json(self.options),
            version=__version__,
            hints_sha256=piece.hints_sha256,
            key=key_of(photo.source.sha256, piece.hints_sha256, weights, self.options, __version__),
            width=photo.width,
            height=photo.height,
            depth=written.depth,
            format=written.format,
            certainty=piece.certainty,
            dl_max=merged.max,
            dl_mean=merged.mean,
            written_dl_max=decoded.max,
            written_dl_mean=decoded.mean,
            output_size=written.size,
            output_sha256=written.sha256,
            lost=as_json(list(written.lost)),
            notes=as_json(list(photo.source.notes)),
            seconds=time.perf_counter() - piece.begun,
            stages=as_json({name: round(seconds, 4) for name, seconds in piece.seconds.items()}),
            run=run,
        )


def one(step: Callable[[Piece], None]) -> Callable[[list[Piece]], None]:
    """Return a stage's work for one photo at a time."""
    return lambda pieces: step(pieces[0])


def batch_of(job: Job, colorizer: Colorizer) -> int:
    """Return how many photos share a pass through the network: on a CPU one alone is as good, and simpler.

    Raises:
        UsageError: --batch-size is neither auto nor a number.
    """
    if job.batch_size == "auto":
        return CUDA_BATCH if colorizer.settings.device.startswith("cuda") else 1
    if not job.batch_size.isdigit() or int(job.batch_size) < 1:
        raise UsageError(f"--batch-size {job.batch_size} is no number of photos.", "Take auto, or 1 and more.")
    return int(job.batch_size)


def options_of(job: Job, colorizer: Colorizer) -> dict[str, Any]:
    """Return every resolved option that decides a result, as plain values."""
    settings = asdict(colorizer.settings) | job.file_options() | {"batch": batch_of(job, colorizer)}
    resolved: dict[str, Any] = json.loads(as_json(settings))
    return resolved


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


def decoded_error(photo: Photo, written: Written) -> LightnessError:
    """Measure a written file's lightness against the photo's.

    Args:
        photo: The photo.
        written: Its color copy.

    Returns:
        The error over all pixels, in levels of 255.

    Raises:
        OutputError: The file does not come back.
    """
    from bwcolor.color.merge import LightnessError, lightness_error
    from bwcolor.photo.formats import FORMATS
    from bwcolor.photo.options import ReadOptions

    error = LightnessError()
    step = max(STRIP_PIXELS // photo.width, 1)
    with written.path.open("rb") as file:
        scan = FORMATS[written.format].codec.read(file, ReadOptions())
        for y0 in range(0, photo.height, step):
            y1 = min(y0 + step, photo.height)
            error += lightness_error(scan.samples(y0, y1), photo.rows(y0, y1))
    return error


def _measured(piece: Piece, rows: Rows) -> Rows:
    """Return the same rows, timed as "merge", and their lightness measured on the way."""
    from bwcolor.color.merge import LightnessError, lightness_error

    piece.merged = LightnessError()
    photo = _there(piece.photo)

    def measured(y0: int, y1: int) -> Any:
        with piece.timing("merge"):
            color = rows(y0, y1)
        with piece.timing("measure"):
            piece.merged = _there(piece.merged) + lightness_error(color, photo.rows(y0, y1))
        return color

    return measured


def _ours(piece: Piece, target: Path) -> bool:
    """Say whether a file is this photo's earlier color copy."""
    return piece.previous is not None and relative(target, piece.task.out) == piece.previous.target


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror}.", "Give another --out.") from error


def _there(value: Value | None) -> Value:
    """Return what an earlier stage must have left."""
    if value is None:
        raise RuntimeError("a stage ran before the one that it needs")
    return value
