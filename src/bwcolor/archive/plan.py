# SPDX-License-Identifier: Apache-2.0
"""What a run will do: which scans there are, and where the color copy of each will lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from bwcolor.archive.decisions import Decision, read_decisions
from bwcolor.archive.drawing import Shard, drawn_of, share_of
from bwcolor.archive.samples import folders_of, sampled_sidecars, sampled_tasks
from bwcolor.archive.spool import Spool
from bwcolor.archive.targets import OUTPUT_SUFFIX, Targets, outside
from bwcolor.archive.walk import Walked, folders, is_output, selector
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
        unfinished: Files that are left out since somebody still writes to them.
        shard: The share of all photos that is this machine's; None means all.
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
    unfinished: frozenset[Path] = frozenset()
    shard: Shard | None = None


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

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as text, which is faster and shorter than paths are."""
        hints = None if self.hints is None else str(self.hints)
        places = (str(self.source), str(self.target), str(self.out), hints)
        return _task, (self.name, *places, self.sample, self.decision)


def _task(
    name: str, source: str, target: str, out: str, hints: str | None, sample: int | None, decision: Decision | None
) -> Task:
    told = None if hints is None else Path(hints)
    return Task(name, Path(source), Path(target), Path(out), told, sample, decision)


@dataclass(frozen=True)
class Plan:
    """What a run will do, before it is held against the ledger.

    Attributes:
        tasks: In the order of work.
        targets: Where all the color copies will lie.
        outs: The output folders, in order.
        left_alone: How many files are no photos, by their suffix.
        excluded: How many photos --include and --exclude left out.
        not_drawn: How many photos --limit, --sample and --shard left out.
        outputs: Folders left out because they are outputs of earlier runs.
        unreadable: Folders that could not be listed, and listed files that are missing, each with the reason.
        sidecars: Files that tell of the scans, each with the path of its copy.
    """

    tasks: Sequence[Task]
    targets: Targets
    outs: tuple[Path, ...]
    left_alone: Mapping[str, int] = field(default_factory=dict)
    excluded: int = 0
    not_drawn: int = 0
    outputs: tuple[Path, ...] = ()
    unreadable: tuple[tuple[Path, str], ...] = ()
    sidecars: Sequence[tuple[Path, Path]] = ()


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
        self.tasks: Spool[Task] = Spool()
        self.sidecars: Spool[tuple[Path, Path, Path]] = Spool()
        self.targets = Targets()
        self.left_alone: Counter[str] = Counter()
        self.excluded = 0
        self.selected = selector(request.include, request.exclude)
        self.seen: set[int] = set()  # hashes of the scans that are in, where a scan can be met twice

    def add(self, paths: Iterable[Path], listed: set[Path] | None) -> None:
        """Add folders and files; of folders only what is listed, where there is a list."""
        paths = list(paths)
        count = sum(path.is_dir() for path in paths)
        for path in paths:
            real = path.resolve()
            if not path.is_dir():
                out = self.request.out or real.parent.with_name(real.parent.name + OUTPUT_SUFFIX)
                out = self._checked(out, real.parent, strict=False)
                self._take(path, path.name, out, hint_files.find_hints(path), several=len(paths) > 1)
                continue
            out = self.request.out or real.with_name((real.name or "root") + OUTPUT_SUFFIX)
            out = self._checked(out, real, strict=True)
            prefix = f"{real.name}/" if self.request.out and count > 1 else ""
            for folder, names in folders(real, self.met):
                if folder.is_relative_to(out):
                    continue
                below = "" if folder == real else folder.relative_to(real).as_posix() + "/"
                hints = {name for name in names if name.endswith(hint_files.SUFFIXES)}
                for source in (folder / name for name in names):
                    if listed is None or source in listed:
                        told = _hints_among(hints, source) if hints else None
                        self._take(source, prefix + below + source.name, out, told, several=len(paths) > 1)

    def _checked(self, out: Path, root: Path, *, strict: bool) -> Path:
        """Return the output folder, absolute; each sample's own must lie outside the input, too."""
        out = outside(out, root, strict=strict)
        for each in folders_of(out, self.request).values():
            outside(each, root, strict=strict)
        return out

    def _take(self, source: Path, name: str, out: Path, hints: Path | None, *, several: bool) -> None:
        """Take a file, if it is a photo that is wanted and not in already."""
        suffix = source.suffix.lower()
        if source.name.endswith(hint_files.SUFFIXES) or source in self.request.unfinished:
            return
        if suffix not in self.suffixes:
            self.left_alone[suffix or "(none)"] += 1
            if suffix in SIDECAR_SUFFIXES:
                self.sidecars.append((source, Path(*PurePosixPath(name).parts), out))
        elif not self.selected(name):
            self.excluded += 1
        elif not (several and hash(source) in self.seen):
            if several:
                self.seen.add(hash(source))
            last = f"{source.stem}{self.request.suffix}{self.suffixes[suffix] or source.suffix}"
            target = out / (name.rpartition("/")[0] + "/" + last).lstrip("/")
            task = Task(name, source, target, out, self.request.hints or hints)
            self.tasks.append(task)
            self.targets.add(task)

    def finish(self) -> Plan:
        """Return the plan."""
        if not self.tasks and not self.met.unreadable:
            raise self._nothing()
        drawn = drawn_of(self.tasks, self.request)
        wanted, targets = sampled_tasks(drawn, self.request), self.targets
        if wanted is not self.tasks:
            targets = Targets(wanted)
        targets.check(wanted)
        whole = len(wanted)
        if self.request.shard is not None:
            wanted = share_of(wanted, self.request.shard)
        if self.request.hints is not None:
            _check_hints(self.request.hints, drawn)
        if self.request.decisions is not None:
            wanted = _decided(wanted, self.request.decisions)
        return Plan(
            tasks=wanted,
            targets=targets,
            outs=targets.outs,
            left_alone=dict(self.left_alone.most_common()),
            excluded=self.excluded,
            not_drawn=len(self.tasks) - len(drawn) + whole - len(wanted),
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


def _hints_among(names: set[str], source: Path) -> Path | None:
    """Return the hints of a scan, among the names of those that lie beside it."""
    wanted = (stem + suffix for stem in (source.name, source.stem) for suffix in hint_files.SUFFIXES)
    found = next((name for name in wanted if name in names), None)
    return None if found is None else source.with_name(found)


def _decided(tasks: Sequence[Task], file: Path) -> Sequence[Task]:
    """Return tasks with what was decided of each.

    Raises:
        UsageError: The file is no such file, or tells of no photo here.
    """
    decisions = read_decisions(file)
    decided = Spool(replace(task, decision=decisions.get(task.name)) for task in tasks)
    if decisions and not any(task.decision for task in decided):
        raise UsageError(
            f"{file} tells of {next(iter(decisions))} and the like, and none of them is among these photos.",
            "Name the folder that was reviewed.",
        )
    return decided


def _check_hints(hints: Path, tasks: Sequence[Task]) -> None:
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
