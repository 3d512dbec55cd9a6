# SPDX-License-Identifier: Apache-2.0
"""How a run went, and who is told while it goes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from bwcolor.archive.plan import Plan
from bwcolor.archive.rows import Entry
from bwcolor.archive.settle import Settled, State
from bwcolor.archive.spool import Spool
from bwcolor.errors import BwcolorError, ExitCode
from bwcolor.interrupts import exit_code_of


class Watch(Protocol):
    """Who is told how a run goes."""

    def begin(self, plan: Plan, settled: Settled) -> None:
        """The work begins."""

    def ended(self, entry: Entry) -> None:
        """A photo is done or has failed; called from several threads, one at a time."""

    def tick(self) -> None:
        """Time passes; called a few times per second from the main thread."""


class Silence:
    """A watch that tells nobody."""

    def begin(self, plan: Plan, settled: Settled) -> None:
        """Do nothing."""

    def ended(self, entry: Entry) -> None:
        """Do nothing."""

    def tick(self) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Failure:
    """A photo that is not in color, and why."""

    name: str
    reason: str
    error: str = ""


@dataclass
class Summary:
    """How a run went.

    Attributes:
        plan: What there was.
        settled: What was to do.
        done: Photos colored in this run.
        skipped: Photos left in black and white on purpose in this run.
        failures: Photos that failed, and places that could not be read.
        pixels: Of the photos colored.
        seconds: From the first photo's beginning to the last one's end.
        dl_max: The largest difference in lightness before encoding, in levels of 255.
        left: Photos that were to do and were not begun.
        stopped: Why the run ended early; empty where it did not.
        signal: Number of the signal that ended it; 0 for none.
        trouble: The error that ended it.
    """

    plan: Plan
    settled: Settled
    done: int = 0
    skipped: int = 0
    failures: Spool[Failure] = field(default_factory=Spool)
    pixels: int = 0
    seconds: float = 0.0
    dl_max: float = 0.0
    left: int = 0
    stopped: str = ""
    signal: int = 0
    trouble: BwcolorError | None = None

    @property
    def exit_code(self) -> ExitCode:
        """What the shell is told."""
        if self.trouble is not None:
            return self.trouble.exit_code
        if self.signal:
            return exit_code_of(self.signal)
        return ExitCode.PHOTOS_FAILED if self.failures else ExitCode.OK

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "done": self.done,
            "already_done": self.settled.count(State.DONE, State.SKIPPED),
            "accepted": self.settled.count(State.ACCEPTED),
            "skipped": self.skipped,
            "failed": len(self.failures),
            "outdated": self.settled.count(State.OUTDATED),
            "altered": self.settled.count(State.ALTERED),
            "left": self.left,
            "left_alone": dict(self.plan.left_alone),
            "outputs": [str(out) for out in self.plan.outs],
            "megapixels": round(self.pixels / 1e6, 3),
            "seconds": round(self.seconds, 3),
            "dl_max": round(self.dl_max, 4),
            "stopped": self.stopped,
            "failures": [asdict(failure) for failure in self.failures],
            "exit_code": int(self.exit_code),
        }
