# SPDX-License-Identifier: Apache-2.0
"""What is done with one photo, stage by stage, from the scan's bytes to a color copy that was read back."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from bwcolor import __version__
from bwcolor.archive import certainty
from bwcolor.archive.album import ALONE, Album
from bwcolor.archive.batches import batch_of, network_of
from bwcolor.archive.decisions import without_hints
from bwcolor.archive.job import Access, IfColor, Job, as_json
from bwcolor.archive.measure import decoded_error
from bwcolor.archive.piece import Piece, Skipped, hints_of, relative, row_of, stamp_of
from bwcolor.archive.pipeline import Stage
from bwcolor.archive.plan import Task
from bwcolor.archive.rows import UNSAID, Entry, Outcome, key_of
from bwcolor.archive.targets import Targets
from bwcolor.color.merge import LightnessError, lightness_error
from bwcolor.colorizer import Colorizer, ColorPhoto
from bwcolor.errors import DamagedPhotoError, PhotoError
from bwcolor.models.inference import Small
from bwcolor.photo.access import AccessCopy
from bwcolor.photo.formats import FORMATS, output_format, output_name, probe
from bwcolor.photo.options import WriteOptions
from bwcolor.photo.photo import Photo, Rows, Written
from bwcolor.photo.provenance import Provenance, mark_of
from bwcolor.photo.reading import read_photo
from bwcolor.photo.writing import replacing, write_photo

ACCESS_SUFFIX = "-access"  # of the tree of access copies beside the output folder

Value = TypeVar("Value")


class Stages:
    """The stages, for one job and one colorizer; safe to use from several threads.

    Args:
        job: How scans are read and copies written.
        colorizer: Makes the colors.
        taken: Where the plan's color copies will lie: one that needs another format than planned must not fall on
            them.

    Attributes:
        taken: The same.
        shares: Whether photos share the device, so that they must go through one process.
        options: Every resolved option that decides a result, as plain values.
    """

    def __init__(self, job: Job, colorizer: Colorizer, taken: Targets) -> None:
        self._job = job
        self._colorizer = colorizer
        self.taken = taken
        self._batch = batch_of(job, colorizer)
        self._network = network_of(job, colorizer, self._batch)
        self._devices = len(job.color.devices)
        self.shares = self._batch > 1 or self._devices > 1 or colorizer.settings.device != "cpu"
        self.options = options_of(job, colorizer)
        self.weights_sha256, self.stride = colorizer.weights_sha256, colorizer.model.ab_stride
        self.album: Album = ALONE

    def options_for(self, task: Task) -> dict[str, Any]:
        """Return every resolved option that decides the result of one task, as plain values."""
        return self.options | task.options | self.album.options(task)

    def _write_options(self, task: Task) -> WriteOptions:
        """Return how a copy is written, its mark included."""
        if not self._job.provenance:
            return self._job.write
        mark = Provenance(
            model=self._colorizer.model.name,
            weights_sha256=self._colorizer.weights_sha256,
            options=as_json(without_hints(self.options_for(task))),
            source_type=self._job.source_type,
            stamp=self._job.stamp,
        )
        return replace(self._job.write, provenance=mark)

    def pipeline(self) -> tuple[Stage[Piece], ...]:
        """Return the stages in order."""
        return (
            Stage("read", one(self.read)),
            Stage("prepare", one(self.prepare)),
            Stage(
                "network",
                self.network,
                at_once=self._devices if self._batch > 1 or self._devices > 1 else None,
                most=self._batch,
                group=lambda piece: (piece.smalls[0].lightness.shape, piece.smalls[0].hints is None),
            ),
            Stage("write", one(self.write)),
            Stage("read back", one(self.read_back)),
        )

    def read(self, piece: Piece) -> None:
        """Read and decode the scan."""
        piece.begun = time.perf_counter()
        with piece.timing("read"):
            piece.stamp = stamp_of(piece.task.source)
            wanted, _ = output_format(*probe(piece.task.source), self._job.format)
            target = output_name(piece.target, wanted)
            if target != piece.target and (
                self.taken.has(target, piece.task.out) or (target.exists() and not _ours(piece, target))
            ):
                raise PhotoError(
                    f"{piece.task.name} must be written as {wanted.title}, and {target.name} is taken.",
                    "Add a --suffix, or color it into another --out.",
                )
            piece.target = target
            piece.photo = read_photo(piece.task.source, self._job.read)
            reason = _why_not(piece.photo)
            if reason and self._job.if_color is not IfColor.RECOLOR:
                copied = self._copy(piece) if self._job.if_color is IfColor.COPY else None
                raise Skipped(f"{reason}{', copied' if copied else ''}", copied)

    def _copy(self, piece: Piece) -> Written:
        """Copy a scan as it is, under its own name."""
        photo = _there(piece.photo)
        with (
            replacing(piece.target.with_name(piece.task.source.name)) as (file, name),
            piece.task.source.open("rb") as scan,
        ):
            shutil.copyfileobj(scan, file)
            shutil.copystat(piece.task.source, name)
        target = piece.target.with_name(piece.task.source.name)
        return Written(target, photo.source.format, photo.source.depth, photo.source.size, photo.source.sha256)

    def prepare(self, piece: Piece) -> None:
        """Make the photo, and its further pages, as small as the network wants them."""
        with piece.timing("prepare"):
            photo = _there(piece.photo)
            hints = hints_of(piece.task, photo)
            piece.hints_sha256 = hints.sha256 if hints else ""
            sample = piece.task.options.get("sample")
            piece.smalls = [self._colorizer.prepare(photo, hints, sample)]
            piece.smalls += [self._colorizer.prepare(page, sample=sample) for page in photo.pages]

    def prepared(self, task: Task) -> Small:
        """Return a photo by itself as the network sees it, without hints.

        Raises:
            PhotoError: It cannot be read.
        """
        return self._colorizer.prepare(read_photo(task.source, self._job.read), sample=task.options.get("sample"))

    def network(self, pieces: list[Piece]) -> None:
        """Decide the colors of photos of one working shape together; each is booked its share of the time."""
        begun = time.perf_counter()
        firsts = self.album.firsts(pieces, self._network.predict)
        share = (time.perf_counter() - begun) / len(pieces)
        for piece, first in zip(pieces, firsts, strict=True):
            piece.seconds["network"] = share
            with piece.timing("network"):
                predictions = [first, *(self._network.predict([small])[0] for small in piece.smalls[1:])]
                piece.predictions = self.album.shared(piece, predictions, self._network.predict)
            piece.notes = self._network.notes

    def write(self, piece: Piece) -> None:
        """Upsample, merge, encode and write, strip by strip; the merge's share of the time is booked apart."""
        photo = _there(piece.photo)
        colored = [
            self._colorizer.finish(page, small, prediction)
            for page, small, prediction in zip((photo, *photo.pages), piece.smalls, piece.predictions, strict=True)
        ]
        piece.certainty = colored[0].certainty
        piece.merged = LightnessError()
        rows, *pages = [self._measured(piece, color) for color in colored]
        with piece.timing("write"):
            wish = self._job.access
            small = AccessCopy(photo, wish.long_side) if wish else None
            rows = small.passing(rows) if small else rows
            options = self._write_options(piece.task)
            piece.written = write_photo(photo, rows, piece.target, options, pages)
            self._write_map(piece, colored[0])
            if small and wish:
                target = access_path(piece.task.out, piece.target, wish)
                options = replace(options, quality=wish.quality)
                piece.access = write_photo(small.photo, small.rows, target, options)
        for stage in ("merge", "measure"):
            piece.seconds["write"] -= piece.seconds[stage]
        piece.smalls, piece.predictions = [], []

    def _write_map(self, piece: Piece, color: ColorPhoto) -> None:
        """Write how sure the network is where, if that is asked for; a map of an earlier copy goes."""
        place = certainty.path_of(piece.target)
        if self._job.uncertainty and color.certainty_map is not None:
            if self.taken.has(place, piece.task.out):
                raise PhotoError(f"{place.name} is the name of another copy, too.", "Give a --suffix.")
            certainty.write(color.certainty_map, color.height, color.width, place)
        elif piece.previous and "uncertainty" in json.loads(piece.previous.options or "{}"):
            place.unlink(missing_ok=True)

    @staticmethod
    def _measured(piece: Piece, color: ColorPhoto) -> Rows:
        """Return a photo's rows, timed as "merge", and their lightness measured on the way."""

        def measured(y0: int, y1: int) -> Any:
            with piece.timing("merge"):
                rows = color.rows(y0, y1)
            with piece.timing("measure"):
                piece.merged = _there(piece.merged) + lightness_error(rows, color.photo.rows(y0, y1))
            return rows

        return measured

    def read_back(self, piece: Piece) -> None:
        """Decode what was written and measure its lightness against the scan's; see that the scan is what it was."""
        photo, written = _there(piece.photo), _there(piece.written)
        with piece.timing("read back"):
            piece.decoded = decoded_error(photo, written.path)
        if stamp_of(piece.task.source) != piece.stamp:
            written.path.unlink(missing_ok=True)
            certainty.path_of(written.path).unlink(missing_ok=True)
            raise DamagedPhotoError(
                f"{piece.task.name} changed while it was read.", "Run again when nothing writes to it any more."
            )

    def entry(self, piece: Piece, run: int) -> Entry:
        """Return the row of a finished photo."""
        photo, written = _there(piece.photo), _there(piece.written)
        merged, decoded = _there(piece.merged), _there(piece.decoded)
        weights, options = self._colorizer.weights_sha256, self.options_for(piece.task)
        return replace(
            row_of(piece, Outcome.DONE),
            sha256=photo.source.sha256,
            model=self._colorizer.model.name,
            weights_sha256=weights,
            options=as_json(options),
            version=__version__,
            hints_sha256=piece.hints_sha256,
            key=key_of(photo.source.sha256, piece.hints_sha256, weights, options, __version__),
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
            access=relative(piece.access.path, piece.task.out) if piece.access else "",
            access_sha256=piece.access.sha256 if piece.access else "",
            lost=as_json(list(written.lost)),
            notes=as_json([*photo.source.notes, *piece.notes]),
            seconds=time.perf_counter() - piece.begun,
            stages=as_json({name: round(seconds, 4) for name, seconds in piece.seconds.items()}),
            run=run,
        )

    def skipped(self, piece: Piece, told: Skipped, run: int) -> Entry:
        """Return the row of a photo that is left as it is."""
        photo, written = _there(piece.photo), told.written
        row = replace(
            row_of(piece, Outcome.SKIPPED),
            reason=str(told),
            sha256=photo.source.sha256,
            model=self._colorizer.model.name,
            weights_sha256=self._colorizer.weights_sha256,
            options=as_json(self.options_for(piece.task)),
            version=__version__,
            width=photo.width,
            height=photo.height,
            depth=photo.source.depth,
            format=photo.source.format,
            seconds=time.perf_counter() - piece.begun,
            run=run,
        )
        if written is None:
            return replace(row, target="")
        target = relative(written.path, piece.task.out)
        return replace(row, target=target, output_size=written.size, output_sha256=written.sha256)


def one(step: Callable[[Piece], None]) -> Callable[[list[Piece]], None]:
    """Return a stage's work for one photo at a time."""
    return lambda pieces: step(pieces[0])


def options_of(job: Job, colorizer: Colorizer) -> dict[str, Any]:
    """Return every resolved option that decides a result, as plain values; `UNSAID` ones only where they differ."""
    settings = asdict(colorizer.settings) | job.file_options() | {"batch": batch_of(job, colorizer)}
    resolved: dict[str, Any] = json.loads(as_json(settings))
    return {name: value for name, value in resolved.items() if name not in UNSAID or UNSAID[name] != value}


def access_path(out: Path, target: Path, access: Access) -> Path:
    """Return where the access copy of a color copy lies: in a tree of its own beside the output folder."""
    tree = out.with_name(out.name + ACCESS_SUFFIX)
    return tree / target.relative_to(out).with_suffix(FORMATS[access.format].suffixes[0])


def _why_not(photo: Photo) -> str:
    """Return why a photo needs no color; empty where it does."""
    mark = mark_of(photo.metadata.xmp)
    if mark is not None:
        return f"colored by bwcolor {mark.version} already ({mark.model})"
    return "in color already" if photo.tone == "color" else ""


def _ours(piece: Piece, target: Path) -> bool:
    """Say whether a file is this photo's earlier color copy."""
    return piece.previous is not None and relative(target, piece.task.out) == piece.previous.target


def _there(value: Value | None) -> Value:
    """Return what an earlier stage must have left."""
    if value is None:
        raise RuntimeError("a stage ran before the one that it needs")
    return value
