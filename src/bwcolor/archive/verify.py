# SPDX-License-Identifier: Apache-2.0
"""Verification: is every color copy still what the ledger says, and does it still hold the scan's lightness?"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from bwcolor.archive import machine
from bwcolor.archive.pipeline import Pipeline, Stage
from bwcolor.archive.rows import Entry, Outcome
from bwcolor.archive.settle import file_sha256
from bwcolor.archive.shards import Ledgers
from bwcolor.errors import BwcolorError, VerificationError

# Largest difference in lightness, in levels of 255, that a lossless copy may have, by its depth: 1 of 255, 4 of 65535
LOSSLESS_LIMITS = {8: 1.0, 16: 4 * 255 / 65535}
LOSSY = frozenset({"jpeg", "webp", "avif", "heif"})  # formats whose own loss the ledger has measured
ROUNDING = 0.01  # levels of 255 by which two measurements of the same files may differ


@dataclass(frozen=True)
class Finding:
    """A photo that is not what the ledger says.

    Attributes:
        name: Its name in the ledger.
        what: What is wrong.
    """

    name: str
    what: str


@dataclass
class Verified:
    """What a verification found.

    Attributes:
        checked: Color copies whose hash is right.
        measured: Color copies whose lightness was measured again.
        without_scan: Color copies whose scan is not where it was, so that only the hash was checked.
        findings: What is wrong.
    """

    checked: int = 0
    measured: int = 0
    without_scan: int = 0
    findings: list[Finding] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        findings = [vars(finding) for finding in self.findings]
        return {**vars(self), "findings": findings}


def verify(
    out: Path,
    *,
    hashes_only: bool = False,
    jobs: int | None = None,
    told: Callable[[Entry], None] = lambda entry: None,
) -> Verified:
    """Check every color copy of an output folder.

    Args:
        out: The output folder, where it was made or anywhere else.
        hashes_only: Do not measure lightness again.
        jobs: Photos at once; None takes one for each core.
        told: Is called for each photo when it was checked.

    Returns:
        What was found.

    Raises:
        UsageError: There is no ledger.
    """
    ledgers = Ledgers(out)
    result, mutex = Verified(), threading.Lock()

    def check(batch: list[Entry]) -> None:
        entry = batch[0]
        measured = _check(out, entry, hashes_only=hashes_only)
        with mutex:
            result.checked += 1
            result.measured += measured is True
            result.without_scan += measured is None

    def ended(entry: Entry, error: BaseException | None) -> None:
        with mutex:
            if isinstance(error, (BwcolorError, OSError)):
                what = error.message if isinstance(error, BwcolorError) else str(error)
                result.findings.append(Finding(entry.name, what))
            elif error is not None:
                raise error
            told(entry)

    with closing(ledgers):
        entries = ledgers.entries(Outcome.DONE)
        Pipeline((Stage("verify", check),), ended, jobs=jobs or machine.cores()).run(entries)
    result.findings.sort(key=lambda finding: finding.name)
    return result


def _check(out: Path, entry: Entry, *, hashes_only: bool) -> bool | None:
    """Check one copy; return whether it was measured, None where its scan is gone.

    Raises:
        VerificationError: It is not what the ledger says.
    """
    target = out / entry.target
    if not target.exists():
        raise VerificationError(f"The color copy {entry.target} is missing.")
    if file_sha256(target) != entry.output_sha256:
        raise VerificationError(f"The color copy {entry.target} was changed after it was written.")
    source = out / entry.source
    if hashes_only:
        return False
    if not source.exists():
        return None
    if file_sha256(source) != entry.sha256:
        raise VerificationError(f"The scan {entry.source} is not the one that was colored.")
    _measure(source, target, entry)
    return True


def _measure(source: Path, target: Path, entry: Entry) -> None:
    """Measure the lightness of a copy against its scan again.

    Raises:
        VerificationError: It differs more than it may.
    """
    from bwcolor.archive.measure import decoded_error
    from bwcolor.photo import ReadOptions, read_photo

    told = json.loads(entry.options)
    options = ReadOptions(**{each.name: told[each.name] for each in fields(ReadOptions) if each.name in told})
    photo = read_photo(source, options)
    error = decoded_error(photo, target)
    lossy = entry.format in LOSSY
    limit = (entry.written_dl_max or 0.0) + ROUNDING if lossy else LOSSLESS_LIMITS[entry.depth]
    if error.max > limit:
        raise VerificationError(
            f"The lightness of {entry.target} differs by up to {error.max:.3f} levels of 255; {limit:.3f} are allowed."
        )
