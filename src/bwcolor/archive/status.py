# SPDX-License-Identifier: Apache-2.0
"""How far an output folder has come, told from its ledger alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bwcolor.archive.ledger import Ledger
from bwcolor.archive.lock import is_held
from bwcolor.archive.rows import Outcome, Run
from bwcolor.archive.shards import opened
from bwcolor.archive.walk import STATE_FOLDER

UNSURE_SHOWN = 10  # photos that should be looked at first
UNSURE_KEPT = 1000  # ... of those that are held while counting


@dataclass(frozen=True)
class Reason:
    """Why photos failed.

    Attributes:
        error: Class of the error.
        count: Photos.
        example: The first one's name.
        reason: The first one's reason.
    """

    error: str
    count: int
    example: str
    reason: str


@dataclass(frozen=True)
class Part:
    """How far one ledger's last run has come.

    Attributes:
        shard: Of which share, "3/16"; empty for a run over everything.
        running: Whether it works now.
        ended: Photos that it has ended.
        left: Photos that it was to do and has not ended.
        seconds_left: Until it will have, at its own speed; None where it does not work, or none is done yet.
        outcome: How it ended (see `Run`); empty while it goes on, or if it was killed.
    """

    shard: str
    running: bool
    ended: int
    left: int
    seconds_left: float | None
    outcome: str


@dataclass(frozen=True)
class Status:
    """How far an output folder has come.

    Attributes:
        out: The folder.
        running: Whether a run works in it now.
        counts: Photos by outcome.
        megapixels: Of the photos done.
        bytes: Of the color copies.
        left: Photos that the last run, or the last run of each shard, was to do and has not ended.
        seconds_left: Until it will have, at its own speed; None where no run goes on or none is done yet.
        failures: Failed photos, by the kind of error.
        unsure: Names of the photos of which the network was least sure, with its certainty: look at these first.
        dl_max: The largest difference in lightness before encoding, in levels of 255.
        run: The last run.
        shards: How far each shard has come; empty where there are none.
    """

    out: str
    running: bool
    counts: dict[str, int]
    megapixels: float
    bytes: int
    left: int
    seconds_left: float | None
    failures: tuple[Reason, ...]
    unsure: tuple[tuple[str, float], ...]
    dl_max: float
    run: Run | None
    shards: tuple[Part, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return asdict(self)


def status_of(out: Path) -> Status:
    """Read the status of an output folder.

    Args:
        out: An output folder.

    Returns:
        Its status; what shards have done counts together.

    Raises:
        UsageError: It holds no ledger.
    """
    with opened(out) as ledgers:
        counts = _Counts()
        for row in ledgers.values(*_Counts.COLUMNS):
            counts.take(*row)
        runs, parts = (
            ledgers.runs(),
            [_part(state, ledger) for state, ledger in zip(ledgers.states, ledgers.each, strict=True)],
        )
    working = [part for part in parts if part.running]
    times = [part.seconds_left for part in working if part.seconds_left is not None]
    return Status(
        out=str(out),
        running=bool(working),
        counts=dict(counts.outcomes),
        megapixels=counts.pixels / 1e6,
        bytes=counts.bytes,
        left=sum(part.left for part in parts),
        seconds_left=max(times, default=None),
        failures=counts.reasons(),
        unsure=tuple((name, certainty) for certainty, name in counts.unsure()),
        dl_max=counts.dl_max,
        run=runs[-1] if runs else None,
        shards=tuple(part for part in parts if part.shard),
    )


def _part(state: Path, ledger: Ledger) -> Part:
    """Return how far the last run of one ledger has come."""
    runs, running = ledger.runs(), is_held(state)
    run = runs[-1] if runs else None
    ended = ledger.ended(run.id) if run else 0
    left = max(run.planned - ended, 0) if run else 0
    return Part(
        shard="" if state.name == STATE_FOLDER else state.name.replace("-of-", "/"),
        running=running,
        ended=ended,
        left=left,
        seconds_left=_elapsed(run) / ended * left if running and run and ended else None,
        outcome=run.outcome if run else "",
    )


class _Counts:
    """What is counted of the rows of a ledger, one after the other."""

    COLUMNS = ("outcome", "name", "error", "reason", "width", "height", "output_size", "certainty", "dl_max")

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.pixels = self.bytes = 0
        self.dl_max = 0.0
        self._errors: Counter[str] = Counter()
        self._first: dict[str, tuple[str, str]] = {}
        self._unsure: list[tuple[float, str]] = []

    def take(
        self,
        outcome: str,
        name: str,
        error: str,
        reason: str,
        width: int,
        height: int,
        size: int,
        certainty: float | None,
        dl_max: float | None,
    ) -> None:
        """Count a row."""
        self.outcomes[outcome] += 1
        if outcome == Outcome.FAILED:
            self._errors[error] += 1
            self._first.setdefault(error, (name, reason))
        elif outcome == Outcome.DONE:
            self.pixels += width * height
            self.bytes += size
            self.dl_max = max(self.dl_max, dl_max or 0.0)
            if certainty is not None:
                self._unsure.append((certainty, name))
                if len(self._unsure) >= UNSURE_KEPT:
                    self._unsure = sorted(self._unsure)[:UNSURE_SHOWN]

    def unsure(self) -> list[tuple[float, str]]:
        """Return the least certain photos, the least certain first."""
        return sorted(self._unsure)[:UNSURE_SHOWN]

    def reasons(self) -> tuple[Reason, ...]:
        """Return why photos failed, the most frequent first."""
        return tuple(Reason(error, count, *self._first[error]) for error, count in self._errors.most_common())


def _elapsed(run: Run) -> float:
    """Return the seconds since a run began."""
    return max((datetime.now(UTC) - datetime.fromisoformat(run.started)).total_seconds(), 0.0)
