# SPDX-License-Identifier: Apache-2.0
"""How a run goes, told on stderr: a bar on a terminal, else a plain line now and then; and a log of JSON lines."""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from bwcolor.archive.rows import Entry, Outcome
from bwcolor.cli.terminal import duration, shown
from bwcolor.errors import OutputError

if TYPE_CHECKING:
    from bwcolor.archive.plan import Plan
    from bwcolor.archive.settle import Settled

PLAIN_SECONDS = 30.0  # between two lines where stderr is no terminal


class Progress:
    """Watches a run.

    Args:
        quiet: Tell nothing on stderr.
        verbose: Tell of every photo.
        log: A file that gets a JSON line for each photo; None for none.

    Raises:
        OutputError: The log cannot be written.
    """

    def __init__(self, *, quiet: bool = False, verbose: int = 0, log: Path | None = None) -> None:
        self._quiet = quiet
        self._verbose = verbose
        self._bar: Any = None
        self._total = self._ended = self._failed = 0
        self._pixels = 0
        self._failures_told: set[str] = set()
        self._begun = self._told = time.monotonic()
        self._mutex = threading.Lock()
        self._log: IO[str] | None = None
        if log is not None:
            try:
                self._log = log.open("a", encoding="utf-8")
            except OSError as error:
                raise OutputError(f"{log} cannot be written: {error.strerror}.", "Give another --log-file.") from error

    def begin(self, plan: Plan, settled: Settled) -> None:
        """The work begins."""
        self._total = settled.left
        self._begun = self._told = time.monotonic()
        if self._total and not self._quiet and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=self._total, unit="photo", dynamic_ncols=True, file=sys.stderr)

    def ended(self, entry: Entry) -> None:
        """A photo is done or has failed."""
        with self._mutex:
            self._ended += 1
            if entry.outcome == Outcome.FAILED:
                self._failed += 1
                if not self._quiet:
                    self._failures_told.add(entry.name)
                self._say(f"failed: {shown(entry.name)}: {shown(entry.reason)}")
            else:
                self._pixels += entry.width * entry.height
                if self._verbose:
                    self._say(f"{entry.outcome}: {shown(entry.name)} ({entry.seconds:.2f} s)")
            if self._log is not None:
                self._log.write(json.dumps(asdict(entry)) + "\n")
                self._log.flush()
            if self._bar is not None:
                self._bar.set_postfix_str(f"{self._speed():.1f} MP/s, {self._failed} failed", refresh=False)
                self._bar.update()

    def tick(self) -> None:
        """Time passes."""
        now = time.monotonic()
        if self._bar is None and not self._quiet and now - self._told >= PLAIN_SECONDS:
            self._told = now
            left = (now - self._begun) / self._ended * (self._total - self._ended) if self._ended else None
            self._say(
                f"{self._ended} of {self._total} photos, {self._speed():.1f} MP/s, {self._failed} failed"
                + (f", {duration(left)} left" if left is not None else "")
            )

    def close(self) -> None:
        """The run is over."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        if self._log is not None:
            self._log.close()

    @property
    def on_screen(self) -> frozenset[str]:
        """Names of the failed photos that stand on the very screen to which stdout goes, too."""
        both = sys.stdout.isatty() and sys.stderr.isatty()
        return frozenset(self._failures_told if both else ())

    def _speed(self) -> float:
        """Return megapixels per second so far."""
        return self._pixels / 1e6 / max(time.monotonic() - self._begun, 1e-3)

    def _say(self, line: str) -> None:
        if self._quiet:
            return
        if self._bar is not None:
            self._bar.write(line, file=sys.stderr)
        else:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
