# SPDX-License-Identifier: Apache-2.0
"""Where color copies may lie: in no folder of scans, on no scan, and no two in one place."""

from __future__ import annotations

import hashlib
import os
import sys
import unicodedata
from array import array
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bwcolor.archive.walk import is_output
from bwcolor.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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


class Targets:
    """Where all color copies of a plan will lie, as hashes: eight bytes for each, however many there are.

    Args:
        tasks: The first ones.
    """

    def __init__(self, tasks: Iterable[Task] = ()) -> None:
        self._blind: dict[Path, bool] = {}
        self._sources, self._targets = array("q"), array("q")
        for task in tasks:
            self.add(task)

    def add(self, task: Task) -> None:
        """Take the place of one more color copy."""
        if task.out not in self._blind:
            self._blind[task.out] = _ignores_case(task.out)
        self._sources.append(self._hash(task.source, task.out))
        self._targets.append(self._hash(task.target, task.out))

    @property
    def outs(self) -> tuple[Path, ...]:
        """The output folders, in order."""
        return tuple(self._blind)

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The hashes of sources and of targets; nothing is added any more."""
        import numpy as np

        sources, targets = (np.sort(np.array(hashes, dtype=np.int64)) for hashes in (self._sources, self._targets))
        self._sources, self._targets = array("q"), array("q")
        return sources, targets

    def _key(self, target: Path, out: Path) -> str:
        """Return what two paths have in common that are one file."""
        written = str(target)
        return unicodedata.normalize("NFC", written).casefold() if self._blind[out] else written

    def _hash(self, path: Path, out: Path) -> int:
        # not Python's own, which differs from process to process: workers on other machines ask, too
        digest = hashlib.blake2b(os.fsencode(self._key(path, out)), digest_size=8).digest()
        return int.from_bytes(digest, "little", signed=True)

    def has(self, target: Path, out: Path) -> bool:
        """Say whether a color copy will lie there; once in a billion billions where none will."""
        import numpy as np

        value, (_, targets) = self._hash(target, out), self._sorted
        place = int(np.searchsorted(targets, value))
        return place < len(targets) and int(targets[place]) == value

    def check(self, tasks: Iterable[Task]) -> None:
        """Find color copies that would overwrite each other, or a scan.

        Args:
            tasks: The same tasks; they are only looked at where something may be wrong.

        Raises:
            UsageError: There are such.
        """
        import numpy as np

        sources, targets = self._sorted
        doubtful = set(targets[1:][targets[1:] == targets[:-1]].tolist())
        doubtful |= set(np.intersect1d(targets, sources).tolist())
        if not doubtful:
            return
        suspects = [task for task in tasks if self._is_in(task, doubtful)]
        scans = {task.source for task in suspects}
        at: dict[str, list[Task]] = {}
        for task in suspects:
            if task.target in scans:
                raise UsageError(
                    f"The color copy of {task.source} would overwrite the scan {task.target}.",
                    "Give another --out, or a --suffix such as _color.",
                )
            at.setdefault(self._key(task.target, task.out), []).append(task)
        collisions = [group for group in at.values() if len(group) > 1]
        if collisions:
            named = "; ".join(" and ".join(task.name for task in group) for group in collisions[:_NAMED])
            more = f"; and {len(collisions) - _NAMED} more" if len(collisions) > _NAMED else ""
            raise UsageError(
                f"These would be written to one file: {named}{more}.",
                "Leave one out with --exclude, or write each in its own format with --format keep.",
            )

    def _is_in(self, task: Task, doubtful: set[int]) -> bool:
        return any(self._hash(path, task.out) in doubtful for path in (task.source, task.target))


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
