# SPDX-License-Identifier: Apache-2.0
"""Where color copies may lie: in no folder of scans, on no scan, and no two in one place."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bwcolor.archive.walk import is_output
from bwcolor.errors import UsageError

if TYPE_CHECKING:
    from bwcolor.archive.plan import Task

OUTPUT_SUFFIX = "-color"  # scans -> scans-color
_NAMED = 3  # collisions named in a message


def outside(out: Path, root: Path, *, strict: bool) -> Path:
    """Return the output folder, absolute.

    Raises:
        UsageError: It lies in the input folder, and no earlier run made it.
    """
    out = Path(os.path.abspath(out))  # noqa: PTH100 - a link stays the link it is named by
    real = out.resolve()
    if strict and real.is_relative_to(root) and not (real != root and is_output(real)):
        where = "is the input folder itself" if real == root else f"lies inside the input {root}"
        raise UsageError(f"The output {out} {where}.", f"Give another --out, such as {root}{OUTPUT_SUFFIX}.")
    return out


def check_targets(tasks: list[Task]) -> None:
    """Find color copies that would overwrite each other, or a scan.

    Raises:
        UsageError: There are such.
    """
    sources = {task.source for task in tasks}
    at: dict[Any, list[Task]] = {}
    blind = {out: _ignores_case(out) for out in {task.out for task in tasks}}
    for task in tasks:
        if task.target in sources or task.target == task.source:
            raise UsageError(
                f"The color copy of {task.source} would overwrite the scan {task.target}.",
                "Give another --out, or a --suffix such as _color.",
            )
        written = str(task.target)
        key = unicodedata.normalize("NFC", written).casefold() if blind[task.out] else written
        at.setdefault(key, []).append(task)
    collisions = [group for group in at.values() if len(group) > 1]
    if collisions:
        named = "; ".join(" and ".join(task.name for task in group) for group in collisions[:_NAMED])
        more = f"; and {len(collisions) - _NAMED} more" if len(collisions) > _NAMED else ""
        raise UsageError(
            f"These would be written to one file: {named}{more}.",
            "Leave one out with --exclude, or write each in its own format with --format keep.",
        )


def _ignores_case(out: Path) -> bool:
    """Say whether the file system of an output folder takes a.jpg and A.jpg for one file."""
    there = next(folder for folder in [out, *out.parents] if folder.exists())
    swapped = there.with_name(there.name.swapcase())
    if swapped.name == there.name:
        return sys.platform in ("win32", "darwin")
    try:
        return swapped.exists() and swapped.samefile(there)
    except OSError:
        return False
