# SPDX-License-Identifier: Apache-2.0
"""The same job, again and again, for what arrives in its folders.

A file is left alone while somebody still writes to it: until its size and time have stood still for some seconds and it
decodes whole. What does not decode even after a minute of rest is damaged, and fails by name like any other.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from bwcolor.archive.job import Job
from bwcolor.archive.plan import make_plan
from bwcolor.archive.run import colorize
from bwcolor.archive.summary import Summary, Watch
from bwcolor.archive.walk import Walked, walk
from bwcolor.errors import ExitCode, MissingExtraError, NothingToDoError, PhotoError, UsageError, WeightsError
from bwcolor.interrupts import exit_code_of, on_interrupt
from bwcolor.photo.hints import SUFFIXES as HINT_SUFFIXES

SETTLE_SECONDS = 5.0  # that a file must have stood still before it is opened
PATIENCE_SECONDS = 60.0  # ... before it counts as damaged where it does not decode
LOOK_MS = 1000  # between two looks at files that are still being written, milliseconds

logger = logging.getLogger(__name__)


class Told(Protocol):
    """Who is told of each round of work."""

    def begin(self) -> Watch:
        """A round of work begins."""

    def end(self, summary: Summary) -> None:
        """It is over."""


@dataclass
class _Seen:
    """A file that is not colored yet: what it was like when it was last seen to change."""

    size: int
    mtime_ns: int
    since: float


class Arrivals:
    """Files that have come and are not whole yet.

    Args:
        job: How scans are read.
        seconds: That a file must have stood still.
    """

    def __init__(self, job: Job, seconds: float = SETTLE_SECONDS) -> None:
        self._job, self._seconds = job, seconds
        self._suffixes = frozenset(job.suffixes())
        self._seen: dict[Path, _Seen] = {}

    def add(self, paths: Iterable[Path]) -> None:
        """Take note of files, and of all files of folders, that have come or changed."""
        for path in paths:
            if path.is_dir():
                self.add(walk(path, Walked()))
            elif path.name.endswith(HINT_SUFFIXES):
                self.add(self._told_by(path))
            elif path.suffix.lower() in self._suffixes and not path.name.startswith("."):
                self._look(path)

    @staticmethod
    def _told_by(hints: Path) -> Iterator[Path]:
        """Return the scans that a file of hints may be for."""
        stem = next(hints.name.removesuffix(suffix) for suffix in HINT_SUFFIXES if hints.name.endswith(suffix))
        return (path for path in hints.parent.glob("*") if stem in (path.name, path.stem))

    def _look(self, path: Path) -> _Seen | None:
        """Return what is known of a file; None where it is gone."""
        try:
            now = path.stat()
        except OSError:
            self._seen.pop(path, None)
            return None
        seen = self._seen.get(path)
        if seen is None or (seen.size, seen.mtime_ns) != (now.st_size, now.st_mtime_ns):
            seen = self._seen[path] = _Seen(now.st_size, now.st_mtime_ns, time.monotonic())
        return seen

    def whole(self) -> list[Path]:
        """Return, and forget, the files that are whole now, or that will never be."""
        found = []
        for path in list(self._seen):
            seen = self._look(path)
            rest = 0.0 if seen is None else time.monotonic() - seen.since
            if rest >= self._seconds and (rest >= PATIENCE_SECONDS or self._decodes(path)):
                found.append(path)
                del self._seen[path]
        return sorted(found)

    def _decodes(self, path: Path) -> bool:
        from bwcolor.photo.reading import read_photo

        try:
            photo = read_photo(path, self._job.read)
            photo.rows(photo.height - 1, photo.height)
        except (PhotoError, OSError):
            return False
        return True

    @property
    def unfinished(self) -> frozenset[Path]:
        """The files that are not whole yet."""
        return frozenset(self._seen)


def watch(
    job: Job, told: Told, *, seconds: float = SETTLE_SECONDS, polling: bool = False, stop: threading.Event | None = None
) -> ExitCode:
    """Color what is there and not done yet, then whatever arrives, until the deadline or a signal.

    Args:
        job: What is asked for; its folders are watched.
        told: Is told of each round.
        seconds: That a file must have stood still.
        polling: Look at all files again and again: network shares do not tell what others write to them.
        stop: Ends it.

    Returns:
        What the shell is told.

    Raises:
        BwcolorError: As `bwcolor.archive.run.colorize` would for the first round, or what ended a later one.
    """
    try:
        import watchfiles
    except ImportError as error:
        raise MissingExtraError(
            "Watching a folder needs a package that is not installed.", "Install it with: pip install 'bwcolor[watch]'"
        ) from error
    roots = [path.resolve() for path in job.request.paths]
    if not roots or not all(root.is_dir() for root in roots) or job.request.files_from is not None:
        raise UsageError("Only folders can be watched.", "For example: bwcolor watch scans")
    stop = stop or threading.Event()
    changes = watchfiles.watch(
        *roots,
        watch_filter=None,
        rust_timeout=LOOK_MS,
        yield_on_timeout=True,
        force_polling=polling or None,
        stop_event=stop,
    )
    caught: list[int] = []

    def end(number: int) -> None:
        caught.append(number)
        stop.set()

    # while photos are in work, the run's own handlers are in place
    with on_interrupt(end), closing(changes):
        failed = _rounds(job, told, roots, Arrivals(job, seconds), changes)
    if caught:
        return exit_code_of(caught[0])
    return failed


def _rounds(
    job: Job, told: Told, roots: list[Path], arrivals: Arrivals, changes: Iterable[set[tuple[Any, str]]]
) -> ExitCode:
    """Do a round of work whenever there is some."""
    outs: tuple[Path, ...] = ()
    code = ExitCode.OK
    for number, found in enumerate(changes):
        arrivals.add(path for _, name in found if not _is_in(path := Path(name), outs))
        wanted = None
        if number == 0:  # from now on nothing that comes is missed
            outs = _outs(job)
            arrivals.add(_young(roots, outs))
            wanted = replace(job.request, unfinished=arrivals.unfinished)
        elif whole := arrivals.whole():
            wanted = replace(job.request, files_from=tuple(map(str, whole)))
        if wanted is not None:
            summary = _round(replace(job, request=wanted), told, first=number == 0)
            if summary is None:
                arrivals.add(map(Path, wanted.files_from or ()))
            elif summary.trouble is not None:
                raise summary.trouble
            else:
                code = max(code, summary.exit_code)
                if summary.signal or summary.stopped:
                    return summary.exit_code
        if job.deadline is not None and datetime.now(job.deadline.tzinfo) >= job.deadline:
            break
    return code


def _round(job: Job, told: Told, *, first: bool) -> Summary | None:
    """Color what is there now; None where another run is at work, or there is nothing yet."""
    try:
        summary = colorize(job, told.begin())
    except NothingToDoError as error:
        if isinstance(error, (MissingExtraError, WeightsError)) or not all(map(Path.exists, job.request.paths)):
            raise
        return None
    except UsageError as error:
        if first:
            raise
        logger.warning("%s", error)
        return None
    told.end(summary)
    return summary


def _outs(job: Job) -> tuple[Path, ...]:
    """Return the output folders, which may lie among the scans."""
    try:
        return make_plan(job.request, job.suffixes()).outs
    except NothingToDoError:
        return ()


def _young(roots: list[Path], outs: tuple[Path, ...]) -> Iterator[Path]:
    """Return the files that have changed so lately that somebody may still write to them."""
    now = time.time()
    for root in roots:
        for path in walk(root, Walked()):
            try:
                young = abs(now - path.stat().st_mtime) < PATIENCE_SECONDS
            except OSError:
                continue
            if young and not _is_in(path, outs):
                yield path


def _is_in(path: Path, outs: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(out) for out in outs)
