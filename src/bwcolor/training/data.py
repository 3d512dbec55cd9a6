# SPDX-License-Identifier: Apache-2.0
"""Photographs to train on: from folders and tar shards, decoded once into a uint8 cache, cropped by seed.

What a sample looks like depends on (seed, epoch, index) alone, so a resumed run sees what an uninterrupted one sees.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import platformdirs
from numpy.typing import NDArray
from PIL import Image, ImageOps
from tqdm import tqdm

from bwcolor.errors import NothingToDoError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}
CACHE_SHORT_SIDE = 160  # pixels; larger photographs are averaged down to it once
CACHE_LONGEST = 4.0  # times the short side; longer photographs are cropped to their middle
CACHE_LAYOUT = 1  # raise when the files of the cache change


@dataclass(frozen=True)
class Item:
    """One photograph before decoding: a file, or a member of a tar shard.

    Attributes:
        path: The file or the shard.
        member: The member's name inside the shard; empty for a file.
        key: What names the photo, independent of where the data lie.
        offset: Where the bytes begin in the shard.
        size: Bytes.
    """

    path: Path
    member: str
    key: str
    offset: int
    size: int

    def read(self) -> bytes:
        """Return the photo's bytes."""
        with self.path.open("rb") as stream:
            stream.seek(self.offset)
            return stream.read(self.size)


def _shard_items(shard: Path) -> Iterator[Item]:
    with tarfile.open(shard, "r:") as archive:
        for member in archive:
            if member.isfile() and Path(member.name).suffix.lower() in SUFFIXES:
                yield Item(shard, member.name, Path(member.name).stem, member.offset_data, member.size)


def find_photos(sources: tuple[Path, ...]) -> list[Item]:
    """List the photographs of folders (recursively), tar shards and single files, sorted.

    Args:
        sources: Folders, ``.tar`` shards and photographs.

    Returns:
        The photographs in a fixed order.

    Raises:
        NothingToDoError: A source is missing, or there are no photographs in them.
    """
    items: list[Item] = []
    for source in sources:
        if not source.exists():
            raise NothingToDoError(f"{source} does not exist.", "Give --data a folder of color photographs.")
        inside = sorted(p for p in source.rglob("*") if p.is_file()) if source.is_dir() else [source]
        for path in inside:
            if path.suffix.lower() == ".tar":
                items.extend(_shard_items(path))
            elif path.suffix.lower() in SUFFIXES:
                key = path.relative_to(source).as_posix() if source.is_dir() else path.name
                items.append(Item(path, "", key, 0, path.stat().st_size))
    if not items:
        names = ", ".join(str(s) for s in sources)
        raise NothingToDoError(f"There are no photographs in {names}.", "Give --data a folder or tar shards of them.")
    return items


def _decode(item: Item) -> NDArray[np.uint8] | None:
    """Return ``(h, w, 3)`` sRGB, short side at most CACHE_SHORT_SIDE; None for a file that cannot be read."""
    try:
        with Image.open(io.BytesIO(item.read())) as opened:
            opened.draft("RGB", (CACHE_SHORT_SIDE * 2, CACHE_SHORT_SIDE * 2))
            image = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    pixels = np.asarray(image)
    height, width = pixels.shape[:2]
    short = min(height, width)
    if max(height, width) > CACHE_LONGEST * short:
        keep = int(CACHE_LONGEST * short)
        y, x = max(height - keep, 0) // 2, max(width - keep, 0) // 2
        pixels = pixels[y : y + keep, x : x + keep]
        height, width = pixels.shape[:2]
    if short > CACHE_SHORT_SIDE:
        scale = CACHE_SHORT_SIDE / short
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return pixels


@dataclass(frozen=True)
class Photos:
    """Decoded color photographs.

    Attributes:
        keys: Their names.
        shapes: ``(n, 2)`` heights and widths in pixels.
        offsets: ``(n,)`` where each begins in ``pixels``.
        pixels: Flat uint8, sRGB, rows of RGB, memory-mapped.
        unreadable: Names of the files that could not be decoded.
    """

    keys: tuple[str, ...]
    shapes: NDArray[np.int64]
    offsets: NDArray[np.int64]
    pixels: NDArray[np.uint8]
    unreadable: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        """Return photo ``index`` as ``(h, w, 3)`` uint8 sRGB."""
        height, width = (int(v) for v in self.shapes[index])
        begin = int(self.offsets[index])
        return self.pixels[begin : begin + height * width * 3].reshape(height, width, 3)

    def select(self, chosen: NDArray[np.int64]) -> Photos:
        """Return the chosen photographs over the same pixels."""
        keys = tuple(self.keys[i] for i in chosen)
        return Photos(keys, self.shapes[chosen], self.offsets[chosen], self.pixels, self.unreadable)

    def split(self, held_out: int) -> tuple[Photos, Photos]:
        """Hold out the photographs whose keys have the smallest hashes.

        Args:
            held_out: How many.

        Returns:
            The photographs to train on, and the held-out ones in the order of their hashes.
        """
        hashes = [hashlib.blake2b(key.encode("utf-8", "surrogateescape"), digest_size=8).digest() for key in self.keys]
        order = np.array(sorted(range(len(self)), key=hashes.__getitem__), dtype=np.int64)
        return self.select(np.sort(order[held_out:])), self.select(order[:held_out])


def open_photos(sources: tuple[Path, ...], cache_folder: Path | None = None) -> Photos:
    """Decode photographs into the cache, or open what was decoded before.

    Args:
        sources: Folders, tar shards and photographs.
        cache_folder: Where the cache lies; the platform's cache folder where None.

    Returns:
        The decoded photographs.

    Raises:
        NothingToDoError: No photograph could be read.
    """
    items = find_photos(sources)
    listing = [(i.path.name, i.member, i.key, i.size, i.path.stat().st_mtime_ns) for i in items]
    fingerprint = json.dumps([CACHE_LAYOUT, CACHE_SHORT_SIDE, listing], default=os.fsdecode)
    name = hashlib.blake2b(fingerprint.encode("utf-8", "surrogateescape"), digest_size=10).hexdigest()
    folder = (cache_folder or Path(platformdirs.user_cache_dir("bwcolor")) / "photos") / name
    if not (folder / "index.npz").exists():
        _fill(items, folder)
    index = np.load(folder / "index.npz")
    pixels = np.memmap(folder / "pixels.u8", dtype=np.uint8, mode="r")
    keys = tuple(str(k) for k in index["keys"])
    return Photos(keys, index["shapes"], index["offsets"], pixels, tuple(str(k) for k in index["unreadable"]))


def _fill(items: list[Item], folder: Path) -> None:
    """Decode all items into ``folder``; the index is written last, so a torn cache is never opened."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"pixels.{os.getpid()}.part"
    keys, shapes, offsets, unreadable = [], [], [], []
    position = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool, temporary.open("wb") as stream:
        progress = tqdm(total=len(items), desc="decoding", unit="photo", disable=None)
        for begin in range(0, len(items), 256):
            block = items[begin : begin + 256]
            for item, pixels in zip(block, pool.map(_decode, block), strict=True):
                if pixels is None:
                    unreadable.append(item.member or item.key)
                    continue
                stream.write(np.ascontiguousarray(pixels).tobytes())
                keys.append(item.key)
                shapes.append(pixels.shape[:2])
                offsets.append(position)
                position += pixels.size
            progress.update(len(block))
        progress.close()
    if not keys:
        temporary.unlink()
        raise NothingToDoError("None of the photographs could be read.", f"The first one was {unreadable[0]}.")
    temporary.replace(folder / "pixels.u8")
    part = folder / f"index.{os.getpid()}.npz"
    np.savez(
        part,
        keys=np.array(keys),
        shapes=np.array(shapes, dtype=np.int64),
        offsets=np.array(offsets, dtype=np.int64),
        unreadable=np.array(unreadable, dtype=str),
    )
    part.replace(folder / "index.npz")


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    return np.random.default_rng((seed, epoch)).permutation(count)


def sample_positions(seed: int, seen: int, batch: int, count: int) -> list[tuple[int, int]]:
    """Return (epoch, index) of the next ``batch`` samples after ``seen``, each epoch in its own fixed order."""
    places = []
    for position in range(seen, seen + batch):
        epoch, place = divmod(position, count)
        places.append((epoch, int(_order(seed, epoch, count)[place])))
    return places


def random_crop(
    photo: NDArray[np.uint8], size: int, smallest: float, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Cut a random square, resize it, flip it half of the time.

    Args:
        photo: ``(h, w, 3)`` uint8.
        size: Side of the result in pixels.
        smallest: Smallest side of the cut as a share of the photo's short side, 0..1.
        generator: Source of chance.

    Returns:
        ``(size, size, 3)`` uint8.
    """
    height, width = photo.shape[:2]
    short = min(height, width)
    side = max(round(short * generator.uniform(smallest, 1.0)), 1)
    y = int(generator.integers(0, height - side + 1))
    x = int(generator.integers(0, width - side + 1))
    cut = photo[y : y + side, x : x + side]
    method = cv2.INTER_AREA if side >= size else cv2.INTER_LINEAR
    crop = cv2.resize(cut, (size, size), interpolation=method) if side != size else cut
    return np.ascontiguousarray(crop[:, ::-1] if generator.random() < 0.5 else crop).astype(np.uint8)
