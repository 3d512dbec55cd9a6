# SPDX-License-Identifier: Apache-2.0
"""Beginning a study: drawing its photos, preparing its pictures; and going on with one that was begun."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from bwcolor import __version__
from bwcolor.errors import UsageError
from bwcolor.photo.folders import find_photographs, stem
from bwcolor.photo.toned import tone_of
from bwcolor.turing.pictures import Rgb, decoy, read_picture, to_one_size
from bwcolor.turing.plan import DECOY, PRACTICE, SIDE, TRUTH, VIGILANCE, Form, Kind, Settings, fit
from bwcolor.turing.store import NAME, Store, Study, create

MOST_BYTES = 10**9  # of pictures, which are served from memory

Progress = Callable[[Iterable[int]], Iterable[int]]


@dataclass(frozen=True)
class Request:
    """What a study is asked to be; None is left to the study, or to the usual value.

    Attributes:
        truth: Folder of the true photographs.
        predictions: Folders of fakes under the photographs' names, each by the name of who made them.
        form: What a trial shows.
        pairs: Photos to test.
        practice: Photos for practice.
        vigilance: Photos for vigilance trials.
        side: Most pixels of a picture's longer side.
        seed: Of the draw.
    """

    truth: Path | None = None
    predictions: tuple[tuple[str, Path], ...] = ()
    form: Form | None = None
    pairs: int | None = None
    practice: int | None = None
    vigilance: int | None = None
    side: int | None = None
    seed: int | None = None


def named(words: Sequence[str]) -> tuple[tuple[str, Path], ...]:
    """Return folders by name from NAME=DIR, or DIR alone, which is called as the folder is.

    Raises:
        UsageError: Two have one name, or a name that means something else here.
    """
    found: dict[str, Path] = {}
    for word in words:
        name, equals, folder = word.partition("=")
        path = Path(word) if not equals or Path(word).is_dir() else Path(folder)
        name = path.name or str(path) if path == Path(word) else name
        if name in found or name in (TRUTH, DECOY, ""):
            raise UsageError(
                f"--pred {word}: the name {name!r} is taken, or no name.", "Give each folder its own: NAME=DIR."
            )
        found[name] = path
    return tuple(found.items())


def begin(folder: Path, request: Request, progress: Progress = iter) -> Study:
    """Begin a study, or find the one that was begun in the folder.

    Args:
        folder: Of the study.
        request: What it is asked to be.
        progress: Wraps the photos as they are prepared.

    Returns:
        The study, whose pictures lie in its folder from now on.

    Raises:
        NothingToDoError: A folder is missing or holds no photographs.
        UsageError: There are too few photos, or too many for memory, or another study lies in the folder.
        PhotoError: A picture cannot be read, or has another shape than its photograph.
        OutputError: The folder cannot be written.
    """
    if (folder / NAME).is_file():
        return _found(folder, request)
    if request.truth is None or not request.predictions:
        raise UsageError(f"{folder} holds no study to go on with.", "Begin one with --truth DIR --pred DIR.")
    photos = find_photographs([request.truth])
    fakes = {name: _by_stem(path) for name, path in request.predictions}
    usable = [name for name in photos if all(stem(name) in files for files in fakes.values())]
    settings = fit(
        len(usable),
        request.form or Form.PAIRS,
        request.pairs,
        PRACTICE if request.practice is None else request.practice,
        VIGILANCE if request.vigilance is None else request.vigilance,
        request.side or SIDE,
        request.seed or 0,
    )
    drawn = random.Random(settings.seed).sample(usable, settings.photos)
    files = [{TRUTH: photos[name], **{system: found[stem(name)] for system, found in fakes.items()}} for name in drawn]
    notes: list[str] = []
    if len(usable) < len(photos):
        notes.append(f"{len(photos) - len(usable)} of {len(photos)} photographs lack a prediction and were left out.")
    pictures = list(_prepared(settings, files, progress, notes))
    study = Study(settings, tuple(fakes), tuple(drawn), __version__, tuple(notes))
    create(folder, study, pictures)
    return study


def _found(folder: Path, request: Request) -> Study:
    """Return the study of a folder, if it is the one that is asked for."""
    store = Store(folder)
    study = store.study()
    store.close()
    asked = {field.name: getattr(request, field.name) for field in fields(Settings)}
    other = [name for name, value in asked.items() if value is not None and value != getattr(study.settings, name)]
    other = ["single" if name == "form" else name for name in other]
    if request.predictions and sorted(name for name, _ in request.predictions) != sorted(study.systems):
        other.append("pred")
    if other:
        raise UsageError(
            f"{folder} holds a study with another --{other[0]}.", "Give another --study, or leave the option out."
        )
    return study


def _by_stem(folder: Path) -> dict[str, Path]:
    return {stem(name): path for name, path in find_photographs([folder]).items()}


def _prepared(
    settings: Settings, files: Sequence[dict[str, Path]], progress: Progress, notes: list[str]
) -> Iterator[tuple[int, str, Rgb]]:
    """Yield the pictures that the study shows: of vigilance photos the truth and a decoy, of others all."""
    odd = plain = size = 0
    for photo in progress(range(settings.photos)):
        vigilance = settings.kind(photo) == Kind.VIGILANCE
        wanted = {TRUTH: files[photo][TRUTH]} if vigilance else files[photo]
        read = [(path, read_picture(path)) for path in wanted.values()]
        odd += sum(rgb.shape != read[0][1].shape for _, rgb in read)
        pictures = to_one_size(read, settings.side)
        plain += tone_of(pictures[0]) != "color"
        for system, rgb in zip(wanted, pictures, strict=True):
            yield photo, system, rgb
        if vigilance:
            yield photo, DECOY, decoy(pictures[0], settings.seed + photo)
        size += sum(rgb.nbytes for rgb in pictures) + vigilance * pictures[0].nbytes
        if size > MOST_BYTES:
            raise UsageError(
                f"Pictures of {photo + 1} of {settings.photos} photos take over {MOST_BYTES / 1e9:g} GB of memory.",
                "Lower --pairs or --side.",
            )
    if plain:
        notes.append(
            f"{plain} photographs are in black and white, or nearly: beside a color copy they look like fakes."
        )
    if odd:
        notes.append(f"{odd} predictions are of another size than their photographs: resampling may tell them apart.")
