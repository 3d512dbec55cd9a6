# SPDX-License-Identifier: Apache-2.0
"""An output folder while a run works in it: writable, locked, with its ledger open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bwcolor.archive.ledger import Ledger
from bwcolor.archive.lock import Lock
from bwcolor.archive.rows import Outcome
from bwcolor.errors import OutputError
from bwcolor.photo.formats import TEMPORARY_SUFFIX


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
        run: Number of the run's row in it.
    """

    out: Path
    lock: Lock
    ledger: Ledger
    run: int = 0

    @staticmethod
    @contextmanager
    def at(out: Path) -> Iterator[Desk]:
        """Make the folder, lock it, open its ledger, and clear away what a killed run left half written.

        Raises:
            UsageError: Another run works there.
            OutputError: It cannot be written.
        """
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"The output {out} cannot be made: {error.strerror}.", "Give another --out.") from error
        with Lock(out) as lock:
            ledger = Ledger(out, write=True)
            _sweep(out, ledger)
            try:
                yield Desk(out, lock, ledger)
            finally:
                ledger.close()


def _sweep(out: Path, ledger: Ledger) -> None:
    """Delete the half-written files of a run that was killed; the caller holds the lock."""
    folders = {(out / entry.target).parent for entry in ledger.entries(Outcome.BEGUN)}
    for folder in folders:
        for remains in folder.glob(f".*{TEMPORARY_SUFFIX}"):
            with suppress(OSError):
                remains.unlink()
