#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make photographs of a kind that no network has seen, to fine-tune on: python scripts/bench/tinted.py PHOTOS FOLDER.

PHOTOS are the training photographs, as ``bwcolor train --data`` takes them. Of those that training holds out (the 1,000
smallest hashes of their names) 200 go into FOLDER/mine and 200 others into FOLDER/others, all of them tinted as one
publisher of picture postcards might have: six dyes, laid on by the hue of what was there, over cream paper. Lightness
stays each photo's own, so that what a colorizer is shown is a photograph like any other; only its colors are of a kind.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bwcolor.color import spaces
from bwcolor.color.merge import merge_rows
from bwcolor.training.sources import find_photos

HELD_OUT = 1000  # photographs that training holds out
COUNT = 200  # of each folder
SIDE = 160  # pixels, to which short sides are averaged down
# ab of the dyes, Lab units: carmine, peach, ochre, olive, turquoise, violet
DYES = ((44.0, 14.0), (20.0, 22.0), (8.0, 36.0), (-16.0, 24.0), (-20.0, -12.0), (14.0, -20.0))
PAPER = (1.0, 8.0)  # ab of the paper where it is white
BLEED = 6.0  # how sharply one dye ends where the next one begins: the larger, the sharper
HALF_DYED = 12.0  # chroma, Lab units, of what gets half of the dye


def tinted(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return ``(h, w, 3)`` uint8 sRGB as the publisher prints it."""
    lightness, a, b = spaces.lab_from_srgb(*(plane.astype(np.float32) / 255 for plane in np.moveaxis(photo, -1, 0)))
    dyes = np.array(DYES, dtype=np.float32)
    toward = dyes / np.linalg.norm(dyes, axis=1, keepdims=True)
    chroma = np.hypot(a, b)
    hue = np.stack([a, b], axis=-1) / np.maximum(chroma, 1e-3)[..., None]  # (h, w, 2)
    share = np.exp(BLEED * (hue @ toward.T))  # (h, w, 6)
    share /= share.sum(axis=-1, keepdims=True)
    dye = (share @ dyes) * (chroma / (chroma + HALF_DYED))[..., None]
    ab = dye + np.array(PAPER) * (lightness / 100)[..., None]
    gray = (spaces.gray_from_lightness(lightness) * 255).round().astype(np.uint8)
    rgb: NDArray[np.uint8] = merge_rows(gray, ab.astype(np.float32), 8)
    return rgb


def main() -> None:
    """Write the two folders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    items = find_photos(tuple(arguments.photos))
    items.sort(key=lambda item: hashlib.blake2b(item.key.encode("utf-8", "surrogateescape"), digest_size=8).digest())
    for place, item in enumerate(items[: min(2 * COUNT, HELD_OUT)]):
        target = arguments.folder / ("mine" if place % 2 else "others") / f"{place:03d}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        decoded = item.decode(SIDE)
        if decoded is not None:
            Image.fromarray(tinted(decoded)).save(target)


if __name__ == "__main__":
    main()
