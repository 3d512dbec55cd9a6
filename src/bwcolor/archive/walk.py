# SPDX-License-Identifier: Apache-2.0
"""Finding the files of a folder, in one order, whatever the folder holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

# What marks a folder as the output of a run; its ledger and lock lie there
STATE_FOLDER = ".bwcolor"
LEDGER_NAME = "ledger.sqlite"
SHARDS_FOLDER = "shards"  # with a folder for each shard, that holds the same


def is_output(folder: Path) -> bool:
    """Say whether a folder is the output of an earlier run."""
    state = folder / STATE_FOLDER
    return (state / LEDGER_NAME).is_file() or (state / SHARDS_FOLDER).is_dir()


@dataclass
class Walked:
    """What a walk met beside the files it gave.

    Attributes:
        outputs: Folders left out because they are outputs of earlier runs.
        unreadable: Folders that could not be listed, each with the reason.
    """

    outputs: list[Path] = field(default_factory=list)
    unreadable: list[tuple[Path, str]] = field(default_factory=list)


def walk(root: Path, met: Walked) -> Iterator[Path]:
    """Yield every file below a folder, as `folders` finds them."""
    for folder, names in folders(root, met):
        yield from (folder / name for name in names)


def folders(root: Path, met: Walked) -> Iterator[tuple[Path, list[str]]]:
    """Yield a folder and every folder below it, each with the names of its files.

    Names come sorted, a folder before its subfolders. Hidden names are left out, and so are outputs of earlier runs.
    Links to folders are followed, but no folder is entered twice, so that loops end.

    Args:
        root: A folder.
        met: Takes what was left out on the way.
    """
    entered: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        files: list[str] = []
        below: list[str] = []
        try:
            seen = folder.stat()
            with os.scandir(folder) as listing:
                for entry in listing:
                    if not entry.name.startswith("."):
                        (below if _is_folder(entry) else files).append(entry.name)
        except OSError as error:
            met.unreadable.append((folder, error.strerror or type(error).__name__))
            continue
        identity = (seen.st_dev, seen.st_ino)
        if identity in entered:
            continue
        entered.add(identity)
        if files:
            yield folder, sorted(files, key=os.fsencode)
        deeper = [folder / name for name in sorted(below, key=os.fsencode)]
        outputs = [path for path in deeper if is_output(path)]
        met.outputs += outputs
        waiting += [path for path in reversed(deeper) if path not in outputs]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Say whether an entry is a folder; a link that leads nowhere is taken as a file, which then fails by name."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def selector(include: tuple[str, ...], exclude: tuple[str, ...]) -> Callable[[str], bool]:
    """Return a test of names by glob patterns.

    A pattern without a slash is held against the file's own name, one with a slash against the whole path below the
    input folder; ``*`` matches slashes too. Case counts.

    Args:
        include: A name must match one of these; none means all.
        exclude: A name must match none of these.

    Returns:
        ``selected(name) -> bool`` for paths below the input folder, with forward slashes.
    """

    def matches(name: str, patterns: tuple[str, ...]) -> bool:
        last = name.rpartition("/")[2]
        return any(fnmatchcase(name if "/" in pattern else last, pattern) for pattern in patterns)

    def selected(name: str) -> bool:
        return (not include or matches(name, include)) and not matches(name, exclude)

    return selected
