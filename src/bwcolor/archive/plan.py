# SPDX-License-Identifier: Apache-2.0
"""What a run will do: which scans there are, and where the color copy of each will lie."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from bwcolor.archive.decisions import Decision, read_decisions
from bwcolor.archive.samples import folders_of, sampled_sidecars, sampled_tasks
from bwcolor.archive.targets import OUTPUT_SUFFIX, check_targets, outside
from bwcolor.archive.walk import Walked, is_output, selector, walk
from bwcolor.errors import NothingToDoError, UsageError
from bwcolor.photo import hints as hint_files

SIDECAR_SUFFIXES = frozenset({".xmp", ".txt", ".json"})  # of files that tell of the scans beside them


@dataclass(frozen=True)
class Request:
    """Which photos, and where to.

    Attributes:
        paths: Folders and single files.
        out: The output folder; None puts it beside each input folder.
        include: Glob patterns, of which a name must match one; none means all.
        exclude: Glob patterns, of which a name must match none.
        files_from: Names of a list, instead of all that the folders hold; None where there is no list.
        limit: At most so many photos; None means all.
        sample: So many photos, drawn evenly from all; None means all.
        seed: Of the photos drawn; samples of a photo are numbered on from it.
        samples: Plausible colorings of each photo, each in a folder of its own; None for the likeliest colors alone.
        suffix: Added to the stem of each color copy.
        hints: Known colors of the only photo; None for what lies beside each.
        decisions: What people have decided of earlier copies; None for nothing.
    """

    paths: tuple[Path, ...]
    out: Path | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    files_from: tuple[str, ...] | None = None
    limit: int | None = None
    sample: int | None = None
    seed: int = 0
    samples: int | None = None
    suffix: str = ""
    hints: Path | None = None
    decisions: Path | None = None


@dataclass(frozen=True)
class Task:
    """One scan and its color copy.

    Attributes:
        name: Path below the input folder, with forward slashes: the photo's name in the ledger.
        source: The scan.
        target: The color copy.
        out: The output folder that the copy lies in.
        hints: The file beside the scan that tells known colors; None where there is none.
        decision: What a person has decided of its color copy; None for nothing.
        sample: Number that one plausible coloring among many is drawn with; None for the likeliest colors.
    """

    name: str
    source: Path
    target: Path
    out: Path
    hints: Path | None = None
    sample: int | None = None
    decision: Decision | None = None

    @property
    def wanted(self) -> Decision | None:
        """The decision, where it wants another coloring than the run's own."""
        return self.decision if self.decision is not None and self.decision.recolors else None

    @property
    def options(self) -> dict[str, Any]:
        """What decides this photo's result beside the run's own options, as plain values."""
        return {"sample": self.sample} | (self.wanted.options if self.wanted is not None else {})


@dataclass(frozen=True)
class Plan:
    """What a run will do, before it is held against the ledger.

    Attributes:
        tasks: In the order of work.
        outs: The output folders, in order.
        left_alone: How many files are no photos, by their suffix.
        excluded: How many photos --include and --exclude left out.
        not_drawn: How many photos --limit and --sample left out.
        outputs: Folders left out because they are outputs of earlier runs.
        unreadable: Folders that could not be listed, and listed files that are missing, each with the reason.
        sidecars: Files that tell of the scans, each with the path of its copy.
    """

    tasks: tuple[Task, ...]
    outs: tuple[Path, ...]
    left_alone: Mapping[str, int] = field(default_factory=dict)
    excluded: int = 0
    not_drawn: int = 0
    outputs: tuple[Path, ...] = ()
    unreadable: tuple[tuple[Path, str], ...] = ()
    sidecars: tuple[tuple[Path, Path], ...] = ()


def make_plan(request: Request, suffixes: Mapping[str, str]) -> Plan:
    """Find the photos and name their color copies.

    Args:
        request: What was asked for.
        suffixes: For each suffix of a photo, in lower case, that of its color copy; "" keeps it as it is spelled.

    Returns:
        The plan. Nothing was written for it, and no photo opened.

    Raises:
        NothingToDoError: A path is missing, or there is no photo.
        UsageError: The output lies in the input, or two photos would be written to one file.
    """
    gathering = _Gathering(request, suffixes)
    roots = [root for root in request.paths if root.is_dir()]
    for root in request.paths:
        _check_root(root)
    if request.files_from is not None and len(roots) != len(request.paths):
        raise UsageError("A list of files goes with folders, not with single files.", "Name the folder alone.")
    listed = None if request.files_from is None else _listed(request.files_from, roots, gathering)
    if request.files_from is not None and not roots:
        listed = None
        paths = tuple(Path(name) for name in request.files_from)
        missing = [path for path in paths if not path.exists()]
        gathering.met.unreadable += [(path, "named in the list and missing") for path in missing]
        gathering.add([path for path in paths if path.exists()], None)
    else:
        gathering.add(request.paths, listed)
    return gathering.finish()


def _check_root(root: Path) -> None:
    if not root.exists():
        raise NothingToDoError(f"There is no {root}.", "Check the path; the working directory is " + str(Path.cwd()))
    if root.is_dir() and is_output(root):
        raise UsageError(f"{root} is the output of an earlier run.", "Name the folder of the scans.")


class _Gathering:
    """A plan while it grows."""

    def __init__(self, request: Request, suffixes: Mapping[str, str]) -> None:
        self.request = request
        self.suffixes = suffixes
        self.met = Walked()
        self.tasks: dict[Path, Task] = {}
        self.left_alone: Counter[str] = Counter()
        self.hints: set[Path] = set()
        self.sidecars: list[tuple[Path, Path, Path]] = []
        self.excluded = 0
        self.selected = selector(request.include, request.exclude)

    def add(self, paths: Iterable[Path], listed: set[Path] | None) -> None:
        """Add folders and files; of folders only what is listed, where there is a list."""
        paths = list(paths)
        folders = sum(path.is_dir() for path in paths)
        for path in paths:
            real = path.resolve()
            if not path.is_dir():
                out = self.request.out or real.parent.with_name(real.parent.name + OUTPUT_SUFFIX)
                self._take(path, path.name, self._checked(out, real.parent, strict=False))
                continue
            out = self.request.out or real.with_name((real.name or "root") + OUTPUT_SUFFIX)
            out = self._checked(out, real, strict=True)
            prefix = f"{real.name}/" if self.request.out and folders > 1 else ""
            for found in walk(real, self.met):
                if found.is_relative_to(out) or (listed is not None and found not in listed):
                    continue
                self._take(found, prefix + found.relative_to(real).as_posix(), out)

    def _checked(self, out: Path, root: Path, *, strict: bool) -> Path:
        """Return the output folder, absolute; each sample's own must lie outside the input, too."""
        out = outside(out, root, strict=strict)
        for each in folders_of(out, self.request).values():
            outside(each, root, strict=strict)
        return out

    def _take(self, source: Path, name: str, out: Path) -> None:
        suffix = source.suffix.lower()
        if source.name.endswith(hint_files.SUFFIXES):
            self.hints.add(source)
        elif suffix not in self.suffixes:
            self.left_alone[suffix or "(none)"] += 1
            if suffix in SIDECAR_SUFFIXES and not source.name.endswith(hint_files.SUFFIXES):
                self.sidecars.append((source, Path(*PurePosixPath(name).parts), out))
        elif not self.selected(name):
            self.excluded += 1
        elif source not in self.tasks:
            pure = PurePosixPath(name)
            last = f"{pure.stem}{self.request.suffix}{self.suffixes[suffix] or pure.suffix}"
            target = out / Path(*pure.parent.parts) / last
            self.tasks[source] = Task(name, source, target, out)

    def _hints(self, source: Path) -> Path | None:
        """Return the hints beside a scan: among those the walk met, or looked for where only the file was named."""
        if self.request.hints is not None:
            return self.request.hints
        if source in self.request.paths:
            return hint_files.find_hints(source)
        places = (
            source.with_name(stem + suffix) for stem in (source.name, source.stem) for suffix in hint_files.SUFFIXES
        )
        return next((place for place in places if place in self.hints), None)

    def finish(self) -> Plan:
        """Return the plan."""
        tasks = [replace(task, hints=self._hints(task.source)) for task in self.tasks.values()]
        drawn = _draw(tasks, self.request)
        if not tasks and not self.met.unreadable:
            raise self._nothing()
        if self.request.hints is not None:
            _check_hints(self.request.hints, drawn)
        if self.request.decisions is not None:
            drawn = _decided(drawn, self.request.decisions)
        wanted = sampled_tasks(drawn, self.request)
        check_targets(wanted)
        return Plan(
            tasks=tuple(wanted),
            outs=tuple(dict.fromkeys(task.out for task in wanted)),
            left_alone=dict(self.left_alone.most_common()),
            excluded=self.excluded,
            not_drawn=len(tasks) - len(drawn),
            outputs=tuple(self.met.outputs),
            unreadable=tuple(self.met.unreadable),
            sidecars=sampled_sidecars(self.sidecars, self.request),
        )

    def _nothing(self) -> NothingToDoError:
        where = ", ".join(str(path) for path in self.request.paths) or "the list"
        others = sum(self.left_alone.values())
        met = [f"{others} other files" * (others > 0), f"{self.excluded} photos left out" * (self.excluded > 0)]
        beside = " and ".join(part for part in met if part)
        known = " ".join(sorted(self.suffixes))
        return NothingToDoError(
            f"There are no photos to colorize in {where}" + (f" ({beside})." if beside else "."),
            f"Suffixes of photos: {known}.",
        )


def _listed(names: tuple[str, ...], roots: list[Path], gathering: _Gathering) -> set[Path]:
    """Return the real paths of a list's files: as named, or else below the one of the folders that holds them."""
    found = set()
    for name in names:
        places = [Path(name), *(root / name for root in roots)]
        existing = next((place for place in places if place.is_file()), None)
        if existing is None:
            gathering.met.unreadable.append((Path(name), "named in the list and missing"))
        else:
            found.add(existing.parent.resolve() / existing.name)
    return found


def _draw(tasks: list[Task], request: Request) -> list[Task]:
    """Return the sample and the first few that were asked for, in the order of work."""
    if request.sample is not None and request.sample < len(tasks):
        # by a hash of the name: the same photos on every machine, and mostly the same when the archive grows
        def lot(task: Task) -> bytes:
            return hashlib.blake2b(os.fsencode(task.name), key=str(request.seed).encode()).digest()

        drawn = set(sorted(tasks, key=lot)[: request.sample])
        tasks = [task for task in tasks if task in drawn]
    return tasks[: request.limit]


def _decided(tasks: list[Task], file: Path) -> list[Task]:
    """Return tasks with what was decided of each.

    Raises:
        UsageError: The file is no such file, or tells of no photo here.
    """
    decisions = read_decisions(file)
    decided = [replace(task, decision=decisions.get(task.name)) for task in tasks]
    if decisions and not any(task.decision for task in decided):
        raise UsageError(
            f"{file} tells of {next(iter(decisions))} and the like, and none of them is among these photos.",
            "Name the folder that was reviewed.",
        )
    return decided


def _check_hints(hints: Path, tasks: list[Task]) -> None:
    """See that a file of hints is there, and that it is for one photo.

    Raises:
        UsageError: It is not.
    """
    if not hints.is_file():
        raise UsageError(f"There is no file of hints {hints}.", "Check the path.")
    if len(tasks) != 1:
        raise UsageError(
            f"{hints} tells the colors of one photo, and {len(tasks)} are to be colored.",
            "Name one photo, or lay NAME.hints.json beside each.",
        )
