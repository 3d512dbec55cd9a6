# SPDX-License-Identifier: Apache-2.0
"""Photographs to train on, decoded once into a uint8 cache and cropped by seed.

What a sample looks like depends on (seed, epoch, index) alone, so a resumed run sees what an uninterrupted one sees.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray
from tqdm import tqdm

from bwcolor.color import spaces
from bwcolor.errors import NothingToDoError
from bwcolor.training.options import TrainOptions
from bwcolor.training.sources import Item, find_photos

log = logging.getLogger("bwcolor.training")

SIDE = 160  # pixels; the short side of larger photographs is averaged down to it once
CACHE_LAYOUT = 2  # raise when the files of the cache change
CHROMA_PERCENTILE = 98.0  # a photo's colorfulness is what its most colorful fiftieth exceeds
CHROMA_STEP = 3  # every third row and column is looked at
BLOCK = 256  # photographs decoded before any is written


@dataclass(frozen=True)
class Photos:
    """Decoded color photographs.

    Attributes:
        keys: Their names.
        shapes: ``(n, 2)`` heights and widths in pixels.
        offsets: ``(n,)`` where each begins in ``pixels``.
        chroma: ``(n,)`` how colorful each is where it is most colorful, Lab units.
        pixels: Flat uint8, sRGB, rows of RGB, memory-mapped.
        unreadable: Names of the files that could not be decoded.
    """

    keys: tuple[str, ...]
    shapes: NDArray[np.int64]
    offsets: NDArray[np.int64]
    chroma: NDArray[np.float32]
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
        shapes, offsets, chroma = self.shapes[chosen], self.offsets[chosen], self.chroma[chosen]
        return Photos(keys, shapes, offsets, chroma, self.pixels, self.unreadable)

    def split(self, held_out: float) -> tuple[Photos, Photos]:
        """Hold out the photographs whose keys have the smallest hashes.

        Args:
            held_out: How many, or what share of them where it is below 1.

        Returns:
            The photographs to train on, and the held-out ones in the order of their hashes.
        """
        hashes = [hashlib.blake2b(key.encode("utf-8", "surrogateescape"), digest_size=8).digest() for key in self.keys]
        order = np.array(sorted(range(len(self)), key=hashes.__getitem__), dtype=np.int64)
        # a share goes by the value of the hash, so that photos that are added move no others
        below = sum(int.from_bytes(name) < held_out * 2**64 for name in hashes)
        count = below if held_out < 1 else int(held_out)
        return self.select(np.sort(order[count:])), self.select(order[:count])

    def colorful(self, least: float) -> Photos:
        """Leave out the photographs that are nowhere as colorful as ``least`` Lab units."""
        return self.select(np.flatnonzero(self.chroma >= least).astype(np.int64))


def open_photos(
    sources: tuple[Path, ...], cache_folder: Path | None = None, side: int = SIDE, classes: tuple[str, ...] = ()
) -> Photos:
    """Decode photographs into the cache, or open what was decoded before.

    Args:
        sources: Folders, tar shards, lists, patterns, CIFAR-10 batches and photographs.
        cache_folder: Where the cache lies; the platform's cache folder where None.
        side: Short side in pixels that they are averaged down to.
        classes: Only these (see `find_photos`).

    Returns:
        The decoded photographs.

    Raises:
        NothingToDoError: No photograph could be read.
    """
    items = find_photos(sources, classes)
    times = {path: path.stat().st_mtime_ns for path in {item.path for item in items}}
    listing = [(i.path.name, i.member, i.key, i.offset, i.size, times[i.path]) for i in items]
    fingerprint = json.dumps([CACHE_LAYOUT, side, listing], default=os.fsdecode)
    name = hashlib.blake2b(fingerprint.encode("utf-8", "surrogateescape"), digest_size=10).hexdigest()
    folder = (cache_folder or Path(platformdirs.user_cache_dir("bwcolor")) / "photos") / name
    if not (folder / "index.npz").exists():
        _fill(items, side, folder)
    index = np.load(folder / "index.npz")
    pixels = np.memmap(folder / "pixels.u8", dtype=np.uint8, mode="r")
    keys, unreadable = (tuple(str(k) for k in index[column]) for column in ("keys", "unreadable"))
    return Photos(keys, index["shapes"], index["offsets"], index["chroma"], pixels, unreadable)


def find_photographs(options: TrainOptions) -> tuple[Photos, Photos]:
    """Return the photographs to train on and the held-out ones, and log what was left out.

    Raises:
        NothingToDoError: Nothing is left.
    """
    photos = open_photos(options.data, side=options.photo_side, classes=options.classes)
    if options.val:
        learned, held_out = photos, open_photos(options.val, side=options.photo_side)
    else:
        most = len(photos) // 5
        learned, held_out = photos.split(options.held_out if options.held_out < 1 else min(options.held_out, most))
    for name in dict.fromkeys(photos.unreadable + held_out.unreadable):
        log.warning("left out, cannot be read: %s", name)
    kept, judged = learned.colorful(options.least_chroma), held_out.colorful(options.least_chroma)
    gray = len(learned) + len(held_out) - len(kept) - len(judged)
    if gray:
        log.warning("left out as gray: %d (nowhere more colorful than %g Lab units)", gray, options.least_chroma)
    if not len(kept):
        raise NothingToDoError("None of the photographs has any color.", "See least-chroma of the recipe.")
    log.info("%d photographs to train on, %d held out", len(kept), len(judged))
    return kept, judged


def colorfulness(photo: NDArray[np.uint8]) -> float:
    """Return the chroma that a fiftieth of ``(h, w, 3)`` uint8 sRGB exceeds, Lab units."""
    planes = [plane.astype(np.float32) / 255 for plane in np.moveaxis(photo[::CHROMA_STEP, ::CHROMA_STEP], -1, 0)]
    _, a, b = spaces.lab_from_srgb(*planes)
    return float(np.percentile(np.hypot(a, b), CHROMA_PERCENTILE))


def _fill(items: list[Item], side: int, folder: Path) -> None:
    """Decode all items into ``folder``; the index is written last, so a torn cache is never opened."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"pixels.{os.getpid()}.part"
    keys, shapes, offsets, chroma, unreadable = [], [], [], [], []
    position = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool, temporary.open("wb") as stream:
        progress = tqdm(total=len(items), desc="decoding", unit="photo", disable=None)
        for begin in range(0, len(items), BLOCK):
            block = items[begin : begin + BLOCK]
            for item, decoded in zip(block, pool.map(lambda item: _decoded(item, side), block), strict=True):
                if decoded is None:
                    unreadable.append(item.member or item.key)
                    continue
                pixels, colorful = decoded
                stream.write(np.ascontiguousarray(pixels).tobytes())
                keys.append(item.key)
                shapes.append(pixels.shape[:2])
                offsets.append(position)
                chroma.append(colorful)
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
        chroma=np.array(chroma, dtype=np.float32),
        unreadable=np.array(unreadable, dtype=str),
    )
    part.replace(folder / "index.npz")


def _decoded(item: Item, side: int) -> tuple[NDArray[np.uint8], float] | None:
    pixels = item.decode(side)
    return None if pixels is None else (pixels, colorfulness(pixels))


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
