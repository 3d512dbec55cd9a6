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
from bwcolor.archive.rows import Entry, Outcome, Run

UNSURE_SHOWN = 10  # photos that should be looked at first


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
class Status:
    """How far an output folder has come.

    Attributes:
        out: The folder.
        running: Whether a run works in it now.
        counts: Photos by outcome.
        megapixels: Of the photos done.
        bytes: Of the color copies.
        left: Photos that the last run was to do and has not ended.
        seconds_left: Until it will have, at its own speed; None where no run goes on or none is done yet.
        failures: Failed photos, by the kind of error.
        unsure: Names of the photos of which the network was least sure, with its certainty: look at these first.
        dl_max: The largest difference in lightness before encoding, in levels of 255.
        run: The last run.
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

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return asdict(self)


def status_of(out: Path) -> Status:
    """Read the status of an output folder.

    Args:
        out: An output folder.

    Returns:
        Its status.

    Raises:
        UsageError: It holds no ledger.
    """
    ledger = Ledger(out)
    try:
        entries, runs = ledger.entries(), ledger.runs()
    finally:
        ledger.close()
    run = runs[-1] if runs else None
    running = is_held(out)
    done = [entry for entry in entries if entry.outcome == Outcome.DONE]
    ended = sum(run is not None and entry.run == run.id and entry.outcome != Outcome.BEGUN for entry in entries)
    left = max(run.planned - ended, 0) if run else 0
    seconds_left = _elapsed(run) / ended * left if running and run and ended else None
    sure = sorted((entry.certainty, entry.name) for entry in done if entry.certainty is not None)
    return Status(
        out=str(out),
        running=running,
        counts=dict(Counter(entry.outcome for entry in entries)),
        megapixels=sum(entry.width * entry.height for entry in done) / 1e6,
        bytes=sum(entry.output_size for entry in done),
        left=left,
        seconds_left=seconds_left,
        failures=_reasons(entries),
        unsure=tuple((name, certainty) for certainty, name in sure[:UNSURE_SHOWN]),
        dl_max=max((entry.dl_max or 0.0 for entry in done), default=0.0),
        run=run,
    )


def _reasons(entries: list[Entry]) -> tuple[Reason, ...]:
    failed = [entry for entry in entries if entry.outcome == Outcome.FAILED]
    counts = Counter(entry.error for entry in failed)
    first = {entry.error: entry for entry in reversed(failed)}
    return tuple(Reason(error, count, first[error].name, first[error].reason) for error, count in counts.most_common())


def _elapsed(run: Run) -> float:
    """Return the seconds since a run began."""
    return max((datetime.now(UTC) - datetime.fromisoformat(run.started)).total_seconds(), 0.0)
