# SPDX-License-Identifier: Apache-2.0
"""An output folder while a run works in it: writable, locked, with its ledger open."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bwcolor.archive.drawing import Shard
from bwcolor.archive.ledger import Ledger
from bwcolor.archive.lock import Lock
from bwcolor.archive.rows import Entry, Outcome
from bwcolor.archive.shards import Ledgers, absorb, is_newer, shard_folders, state_folder
from bwcolor.errors import OutputError
from bwcolor.photo.formats import TEMPORARY_SUFFIX

ENDED = (Outcome.DONE, Outcome.SKIPPED)
STALE_SECONDS = 3600.0  # a temporary file that nothing has written to for so long is nobody's


def check_writable(out: Path) -> None:
    """See before any work that the output folder can be written.

    Raises:
        OutputError: It cannot.
    """
    there = next(folder for folder in [out, *out.parents] if folder.exists())
    trial = there / f".bwcolor-{os.getpid()}.trial"
    try:
        if not there.is_dir():
            raise NotADirectoryError(0, f"{there} is a file")
        trial.write_bytes(b"")
        trial.unlink()
    except OSError as error:
        what = out if there == out else f"{out} (in {there})"
        raise OutputError(
            f"The output {what} cannot be written: {error.strerror}.", "Give another folder with --out."
        ) from error


@dataclass
class Desk:
    """An output folder while a run works in it.

    Attributes:
        out: The folder.
        lock: Held.
        ledger: Open for writing.
        others: Of a shard: the ledgers of the other shards, and of whole runs before.
        run: Number of the run's row in the ledger.
    """

    out: Path
    lock: Lock
    ledger: Ledger
    others: Ledgers | None = None
    run: int = 0

    @staticmethod
    @contextmanager
    def at(out: Path, shard: Shard | None = None) -> Iterator[Desk]:
        """Make the folder, lock it, open its ledger, and clear away what a killed run left half written.

        Args:
            out: The folder.
            shard: Of which machine's share; None for a run over everything, which takes the shards' rows over.

        Raises:
            UsageError: Another run works there.
            OutputError: It cannot be written.
        """
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"The output {out} cannot be made: {error.strerror}.", "Give another --out.") from error
        state = state_folder(out, shard)
        with ExitStack() as opened:
            lock = opened.enter_context(Lock(out, shared=shard is not None))
            if shard is not None:
                lock = opened.enter_context(Lock(out, state))
            ledger = Ledger(out, state, write=True)
            opened.callback(ledger.close)
            if shard is None:
                for other in shard_folders(out):
                    with Lock(out, other):
                        pass  # nobody works there, on this machine or another
                absorb(out, ledger)
            _sweep(out, ledger, 0.0 if shard is None else STALE_SECONDS)
            others = None if shard is None else Ledgers(out, but=state)
            if others is not None:
                opened.callback(others.close)
            yield Desk(out, lock, ledger, others)

    def entries_of(self, names: Iterable[str]) -> dict[str, Entry]:
        """Return the rows of some photos, by their names; names without a row are left out.

        A shard asks the other ledgers for what it has not done itself: shares change where the scans do.
        """
        wanted = list(names)
        found = self.ledger.entries_of(wanted)
        if self.others is not None:
            open_ones = [name for name in wanted if name not in found or found[name].outcome not in ENDED]
            for name, entry in self.others.entries_of(open_ones).items():
                if is_newer(entry, found.get(name)):
                    found[name] = replace(entry, run=0)  # runs are counted in each ledger apart
        return found

    def refresh(self, entry: Entry) -> None:
        """Write a row of a photo whose file was touched and is the same."""
        self.ledger.record(entry)


def _sweep(out: Path, ledger: Ledger, age: float) -> None:
    """Delete the half-written files of a run that was killed; the caller holds the lock.

    Args:
        out: The output folder.
        ledger: Of the run.
        age: Seconds for which nothing has written to them: others may be at work beside a shard.
    """
    # of a photo that failed, too: its worker may have died of it
    outcomes = (Outcome.BEGUN, Outcome.FAILED)
    targets = [target for outcome in outcomes for (target,) in ledger.values("target", outcome=outcome)]
    folders = {(out / target).parent for target in targets}
    for folder in folders:
        clear(folder, age)


def clear(folder: Path, age: float = 0.0) -> None:
    """Delete half-written files of a folder that nothing has written to for so many seconds."""
    for remains in folder.glob(f".*{TEMPORARY_SUFFIX}"):
        with suppress(OSError):
            if time.time() - remains.stat().st_mtime >= age:
                remains.unlink()
