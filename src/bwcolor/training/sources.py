# SPDX-License-Identifier: Apache-2.0
"""Where photographs to train on lie: folders, tar shards, lists, patterns, CIFAR-10, classes by folder."""

from __future__ import annotations

import glob
import io
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from bwcolor.errors import NothingToDoError
from bwcolor.training import cifar

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}
LIST_SUFFIXES = {".txt", ".lst"}
LONGEST = 4.0  # times the short side; longer photographs are cropped to their middle
_RANGE = re.compile(r"(\d+)\.\.(\d+)")


@dataclass(frozen=True)
class Item:
    """One photograph before decoding: a file, a member of a tar shard, or a record of CIFAR-10.

    Attributes:
        path: The file or the shard.
        member: The member's name inside the shard; empty for a file.
        key: What names the photo, independent of where the data lie.
        offset: Where the bytes begin in the shard; the number of a record.
        size: Bytes.
        label: Its class: the folder it lies in, or CIFAR-10's word; empty where there is none.
    """

    path: Path
    member: str
    key: str
    offset: int
    size: int
    label: str = ""

    def decode(self, side: int) -> NDArray[np.uint8] | None:
        """Return ``(h, w, 3)`` sRGB, short side at most ``side`` pixels; None for a file that cannot be read."""
        if cifar.is_batch(self.path):
            return _shrink(cifar.read_batch(self.path).picture(self.offset), side)
        try:
            with self.path.open("rb") as stream:
                stream.seek(self.offset)
                data = stream.read(self.size)
            with Image.open(io.BytesIO(data)) as opened:
                opened.draft("RGB", (side * 2, side * 2))
                image = ImageOps.exif_transpose(opened).convert("RGB")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return None
        return _shrink(np.asarray(image), side)


def _shrink(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    short = min(height, width)
    if max(height, width) > LONGEST * short:
        keep = int(LONGEST * short)
        y, x = max(height - keep, 0) // 2, max(width - keep, 0) // 2
        pixels = pixels[y : y + keep, x : x + keep]
        height, width = pixels.shape[:2]
    if short <= side:
        return pixels
    size = (max(round(width * side / short), 1), max(round(height * side / short), 1))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def expand(source: Path) -> list[Path]:
    """Return what a pattern stands for: ``{a,b}`` and ``{0000..0007}`` first, then ``*``, ``?`` and ``[...]``.

    A path that exists under its very name stands for itself.

    Raises:
        NothingToDoError: Nothing is there.
    """
    if source.exists():
        return [source]
    found: list[Path] = []
    for text in _braces(str(source)):
        matches = sorted(glob.glob(text, recursive=True)) if glob.has_magic(text) else [text]  # noqa: PTH207
        found += [Path(match) for match in matches if Path(match).exists()]
        if not matches or not Path(matches[0]).exists():
            raise NothingToDoError(f"{text} does not exist.", "Give --data a folder of color photographs.")
    return found


def _braces(text: str) -> Iterator[str]:
    before, brace, rest = text.partition("{")
    inside, end, after = rest.partition("}")
    if not brace or not end:
        yield text
        return
    numbers = _RANGE.fullmatch(inside)
    if numbers:
        first, last = numbers.groups()
        options = [str(number).zfill(len(first)) for number in range(int(first), int(last) + 1)]
    else:
        options = inside.split(",")
    for option in options:
        yield from _braces(before + option + after)


def _shard_items(shard: Path) -> Iterator[Item]:
    with tarfile.open(shard, "r:") as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            if member.isfile() and name.suffix.lower() in SUFFIXES:
                yield Item(shard, member.name, name.stem, member.offset_data, member.size, name.parent.name)


def _cifar_items(batch: Path) -> Iterator[Item]:
    for number, label in enumerate(cifar.read_batch(batch).labels):
        key = f"{batch.name.removesuffix('.bin')}/{number:05d}"
        yield Item(batch, "", key, number, cifar.PIXEL_BYTES, cifar.CLASSES[int(label)])


def _listed(listing: Path) -> list[Path]:
    """Return the paths of a list file, one a line, relative to its folder."""
    lines = listing.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    return [listing.parent / line.strip() for line in lines if line.strip()]


def _file_items(path: Path, key: str) -> Iterable[Item]:
    if cifar.is_batch(path):
        return _cifar_items(path)
    if path.suffix.lower() == ".tar":
        return _shard_items(path)
    if path.suffix.lower() in SUFFIXES:
        return [Item(path, "", key, 0, path.stat().st_size, path.parent.name)]
    return []


def _items(source: Path) -> Iterator[Item]:
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            # the published test batch is for testing: it counts only where it is named itself
            if path.is_file() and not (cifar.is_batch(path) and cifar.is_test(path)):
                yield from _file_items(path, path.relative_to(source).as_posix())
    elif source.suffix.lower() in LIST_SUFFIXES:
        for listed in _listed(source):
            for path in expand(listed):
                yield from _items(path)
    else:
        yield from _file_items(source, source.name)


def find_photos(sources: tuple[Path, ...], classes: tuple[str, ...] = ()) -> list[Item]:
    """List the photographs of folders (recursively), shards, lists, patterns, CIFAR-10 and single files, sorted.

    Args:
        sources: Paths, or patterns of such.
        classes: Only these classes: names of the folders that photographs lie in, or CIFAR-10's; empty for all.

    Returns:
        The photographs in a fixed order.

    Raises:
        NothingToDoError: A source is missing, or there are no photographs in them.
    """
    items = [item for source in sources for path in expand(source) for item in _items(path)]
    names = ", ".join(str(source) for source in sources)
    if not items:
        raise NothingToDoError(f"There are no photographs in {names}.", "Give --data a folder or tar shards of them.")
    if not classes:
        return items
    kept = [item for item in items if item.label in classes]
    missing = [name for name in classes if all(item.label != name for item in kept)]
    if missing:
        there = sorted({item.label for item in items} - {""})
        shown = f"{', '.join(there[:12])}{' ...' if len(there) > 12 else ''}" or "none: classes are names of folders"
        raise NothingToDoError(f"There is no class {missing[0]!r} in {names}.", f"There are: {shown}.")
    return kept
