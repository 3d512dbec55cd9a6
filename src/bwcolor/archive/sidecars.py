# SPDX-License-Identifier: Apache-2.0
"""Files that lie beside scans and tell of them, copied along."""

from __future__ import annotations

import shutil
from pathlib import Path

from bwcolor.archive.plan import Plan
from bwcolor.archive.summary import Failure
from bwcolor.errors import OutputError
from bwcolor.photo.writing import replacing


def copy_sidecars(plan: Plan) -> list[Failure]:
    """Copy a plan's sidecars to where its color copies are; those that are there and no older stay.

    Args:
        plan: Names them.

    Returns:
        Those that could not be read.

    Raises:
        OutputError: One cannot be written.
    """
    failures = []
    for source, target in plan.sidecars:
        try:
            content = None if _is_copied(source, target) else source.read_bytes()
        except OSError as error:
            failures.append(
                Failure(str(source), f"The sidecar cannot be read: {error.strerror}.", type(error).__name__)
            )
            continue
        if content is None:
            continue
        with replacing(target) as (file, name):
            file.write(content)
            file.flush()
            shutil.copystat(source, name)
    return failures


def _is_copied(source: Path, target: Path) -> bool:
    """Say whether a copy of the same size and time is there.

    Raises:
        OutputError: Another file is in its place, which bwcolor did not put there.
    """
    seen = source.stat()
    if not target.exists():
        return False
    there = target.stat()
    if (there.st_size, there.st_mtime_ns) == (seen.st_size, seen.st_mtime_ns):
        return True
    if there.st_mtime_ns > seen.st_mtime_ns:
        raise OutputError(f"{target} is newer than the sidecar {source}.", "Move one of them away.")
    return False
