#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measure how damage and size change a network's colors.

python scripts/bench/robustness.py damage FOLDER [--model gan,classify]
python scripts/bench/robustness.py size FOLDER [--model gan,classify]

"damage": color photographs are made gray and spoilt on purpose, by a seed from their names. The network sees the spoilt
gray; its colors are put on the whole one and compared with the truth, so that what is measured are the colors and not
the damage. Prints a Markdown table for each network.

"size": photographs, color or not, are averaged down to several long sides and colorized. Colors are compared with those
of the largest size on the smaller one's grid: mean movement of (a, b) in Lab units, the mean over photographs and the
worst photograph. Photographs smaller than the largest size are left out and counted.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bwcolor.color.merge import merge_rows
from bwcolor.colorizer import Colorizer, load
from bwcolor.evaluation.photographs import read_truth
from bwcolor.evaluation.report import cell_of, heading
from bwcolor.evaluation.scoring import score
from bwcolor.evaluation.systems import Gray, System
from bwcolor.metrics.pair import Picture, Pixels
from bwcolor.metrics.table import find_metrics
from bwcolor.photo.folders import find_photographs
from bwcolor.photo.photo import Metadata, Photo, Source

FULL = 65535  # of what a colorizer is given
METRICS = "psnr,ciede2000,chroma-ratio,hue-error"
SIZES = (128, 192, 256, 384, 512, 768, 1024)  # long sides, pixels

Plane = NDArray[np.float32]
Damage = Callable[[Plane, np.random.Generator], Plane]


def whole(gray: Plane, draw: np.random.Generator) -> Plane:
    """Leave it alone."""
    return gray


def grain(gray: Plane, draw: np.random.Generator) -> Plane:
    """Film grain: sigma 0.06 of full scale in the midtones, a pixel wide."""
    noise = cv2.GaussianBlur(draw.standard_normal(gray.shape).astype(np.float32), (0, 0), 0.6)
    return gray + 0.06 * noise / noise.std() * 2 * np.sqrt(np.clip(gray * (1 - gray), 0, None))


def blur(gray: Plane, draw: np.random.Generator) -> Plane:
    """A soft lens: sigma 1 % of the short side."""
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), 0.01 * min(gray.shape)), dtype=np.float32)


def fading(gray: Plane, draw: np.random.Generator) -> Plane:
    """Blacks at 0.3, whites at 0.75 of full scale."""
    return np.float32(0.3) + np.float32(0.45) * gray


def scratches(gray: Plane, draw: np.random.Generator) -> Plane:
    """Twelve scratches and sixty specks, black or white."""
    height, width = gray.shape
    spoilt = gray.copy()
    for _ in range(12):
        x, y = draw.uniform(0, width), draw.uniform(0, height)
        angle, length = draw.normal(np.pi / 2, 0.3), draw.uniform(0.1, 0.6) * height
        end = (round(x + length * np.cos(angle)), round(y + length * np.sin(angle)))
        cv2.line(spoilt, (round(x), round(y)), end, float(draw.integers(0, 2)), int(draw.integers(1, 3)), cv2.LINE_AA)
    for _ in range(60):
        place = (int(draw.integers(0, width)), int(draw.integers(0, height)))
        cv2.circle(spoilt, place, int(draw.integers(1, 4)), float(draw.integers(0, 2)), -1, cv2.LINE_AA)
    return spoilt


def stains(gray: Plane, draw: np.random.Generator) -> Plane:
    """Brightness that varies across the print by up to a third."""
    field = cv2.resize(
        draw.uniform(0.67, 1.0, (4, 4)).astype(np.float32), gray.shape[::-1], interpolation=cv2.INTER_CUBIC
    )
    return gray * np.clip(field, 0.6, 1.0)


def compression(gray: Plane, draw: np.random.Generator) -> Plane:
    """JPEG of quality 15."""
    codes = np.rint(np.clip(gray, 0, 1) * 255).astype(np.uint8)
    _, coded = cv2.imencode(".jpg", codes, [cv2.IMWRITE_JPEG_QUALITY, 15])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE) / np.float32(255.0), dtype=np.float32)


def everything(gray: Plane, draw: np.random.Generator) -> Plane:
    """Blur, fading, grain and scratches at once."""
    for damage in (blur, fading, grain, scratches):
        gray = np.clip(damage(gray, draw), 0, 1).astype(np.float32)
    return gray


DAMAGES: dict[str, Damage] = {
    "none": whole,
    "grain": grain,
    "blur": blur,
    "fading": fading,
    "scratches": scratches,
    "stains": stains,
    "compression": compression,
    "blur, fading, grain, scratches": everything,
}


def colors(colorizer: Colorizer, gray: NDArray[np.uint16]) -> Plane:
    """Return ab ``(h, w, 2)`` in Lab units that a network gives ``(h, w)`` uint16 gray."""
    height, width = gray.shape
    photo = Photo(width, height, lambda y0, y1: gray[y0:y1], Metadata(), Source(Path(), "array", 16, "gray", 0, ""))
    (prediction,) = colorizer.predict([colorizer.prepare(photo)])
    ab = cv2.resize(prediction.ab, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(ab * colorizer.model.chroma, dtype=np.float32)


@dataclass
class Spoilt(System):
    """A network that is shown a spoilt photo and colors the whole one."""

    name: str
    colorizer: Colorizer
    damage: Damage

    summary = "a network shown spoilt photographs"

    def predict(self, name: str, truth: Picture) -> Pixels:
        """Return the whole photo in the colors of the spoilt one."""
        draw = np.random.default_rng(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big"))
        gray = truth.gray.astype(np.float32) / np.float32(FULL)
        spoilt = np.rint(np.clip(self.damage(gray, draw), 0, 1) * FULL).astype(np.uint16)
        return merge_rows(truth.gray, colors(self.colorizer, spoilt), 16)


def damage_table(folder: Path, model: str, limit: int) -> str:
    """Return a Markdown table: what is left of each metric under each damage."""
    found = list(find_photographs([folder]).items())
    photos = dict(found[:: max(len(found) // limit, 1)] if limit else found)
    colorizer = load(model)
    systems = [Spoilt(name, colorizer, damage) for name, damage in DAMAGES.items()]
    metrics, _ = find_metrics(METRICS)
    scores = score(photos, (Gray(), *systems), metrics, lambda names: tqdm(names, disable=None))
    psnr = metrics[0]
    lines = [
        f"| {model} | gain over gray, dB | {' | '.join(heading(metric) for metric in metrics)} |",
        f"| --- |{' ---: |' * (len(metrics) + 1)}",
    ]
    for name in scores.systems:
        value, interval = cell_of(scores.difference(name, "gray", psnr), 2, signed=True)
        cells = [cell_of(scores.estimate(name, metric), metric.decimals)[0] for metric in metrics]
        lines.append(f"| {name} | {'-' if name == 'gray' else f'{value} ({interval})'} | {' | '.join(cells)} |")
    return "\n".join(lines)


def size_table(folder: Path, models: Sequence[str]) -> str:
    """Return a Markdown table: how far colors are from those of the largest size."""
    pictures: list[NDArray[np.uint16]] = []
    small = 0
    for path in find_photographs([folder]).values():
        gray = Picture(read_truth(path)).gray
        if max(gray.shape) < max(SIZES):
            small += 1
        else:
            pictures.append(gray)
    lines = [f"| long side, pixels | {' | '.join(models)} |", f"| --- |{' ---: |' * len(models)}"]
    moved = np.zeros((len(models), len(SIZES), len(pictures)))
    for m, model in enumerate(models):
        colorizer = load(model)
        for p, picture in enumerate(tqdm(pictures, disable=None)):
            largest = colors(colorizer, resized(picture, max(SIZES)))
            for s, side in enumerate(SIZES):
                ours = colors(colorizer, resized(picture, side))
                theirs = cv2.resize(largest, ours.shape[1::-1], interpolation=cv2.INTER_AREA)
                moved[m, s, p] = np.hypot(*np.moveaxis(ours - theirs, -1, 0)).mean()
    for s, side in enumerate(SIZES):
        cells = [f"{row.mean():.2f}, at most {row.max():.2f}" for row in moved[:, s]]
        lines.append(f"| {side} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"{len(pictures)} photographs; {small} smaller ones left out."])


def resized(gray: NDArray[np.uint16], side: int) -> NDArray[np.uint16]:
    """Average a picture down to a long side."""
    share = side / max(gray.shape)
    size = tuple(max(round(length * share), 1) for length in gray.shape[::-1])
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), dtype=np.uint16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("damage", "size"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="gan,classify")
    parser.add_argument("--limit", type=int, default=0, help="of damage: about so many of the photographs")
    arguments = parser.parse_args()
    models = arguments.model.split(",")
    if arguments.what == "size":
        print(size_table(arguments.folder, models))
    else:
        print("\n\n".join(damage_table(arguments.folder, model, arguments.limit) for model in models))


if __name__ == "__main__":
    main()
