# SPDX-License-Identifier: Apache-2.0
"""Choose how a network is decoded, on held-out training photographs: working size, temperature, factor on chroma.

    python scripts/choose_decoding.py --model gan --weights runs/gan/gan.safetensors --data PHOTOS --count 300

PHOTOS is what the network was trained on; the photographs that training held out (by the hash of their names) are the
ones looked at. Prints PSNR (8-bit RGB, mean over photographs), its gain over the gray photograph, and the ratio of mean
chroma to the truth's. Photographs that a network is reported on must not be used here.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

import bwcolor
from bwcolor.color import spaces
from bwcolor.color.merge import merge_rows
from bwcolor.colorizer import Colorizer
from bwcolor.photo.photo import Metadata, Photo, Source
from bwcolor.training.data import open_photos


def neutral(truth: np.ndarray) -> np.ndarray:
    """Return (h, w) uint16: the neutral gray that has the truth's L*."""
    linear = [spaces.linear_from_srgb(truth[..., c] / 255.0) for c in range(3)]
    gray = spaces.srgb_from_linear(spaces.luminance_from_linear(*linear))
    return np.rint(np.clip(gray, 0, 1) * 65535).astype(np.uint16)


def mean_chroma(rgb: np.ndarray) -> float:
    """Return the mean CIELAB chroma of (h, w, 3) uint8."""
    _, a, b = spaces.lab_from_srgb(*np.moveaxis(rgb / 255.0, -1, 0))
    return float(np.hypot(a, b).mean())


def psnr(ours: np.ndarray, truth: np.ndarray) -> float:
    """Return dB over all pixels and channels."""
    error = float(((ours.astype(np.float64) - truth) ** 2).mean())
    return 10 * np.log10(255.0**2 / max(error, 1e-3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="gan")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--held-out", type=int, default=1000)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--sizes", default="128,160,192,256")
    parser.add_argument("--temperatures", default="1,0.6,0.38")
    parser.add_argument("--chroma", default="0.85,1,1.15")
    parser.add_argument("--quality", default="auto")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    photos = open_photos((arguments.data,)).split(arguments.held_out)[1]
    sizes, temperatures, factors = (
        [float(v) for v in text.split(",")] for text in (arguments.sizes, arguments.temperatures, arguments.chroma)
    )
    print("size  temperature  chroma   PSNR   gain  chroma-ratio")
    for size, temperature in itertools.product(sizes, temperatures):
        colorizer = bwcolor.load(
            arguments.model,
            weights=arguments.weights,
            working_size=int(size),
            temperature=temperature,
            quality=arguments.quality,
        )
        for factor, (ours, gray, ratio) in measure(colorizer, photos, arguments.count, factors).items():
            print(
                f"{size:4.0f}  {temperature:11.2f}  {factor:6.2f}  {ours:5.2f}  {ours - gray:5.2f}  {ratio:12.3f}",
                flush=True,
            )


def measure(colorizer: Colorizer, photos, count: int, factors: list[float]) -> dict[float, tuple[float, float, float]]:
    """Return (PSNR, PSNR of gray, chroma ratio) by the factor on chroma."""
    sums = {factor: np.zeros(4) for factor in factors}
    for index in range(min(count, len(photos))):
        truth = photos[index]
        height, width = truth.shape[:2]
        gray = neutral(truth)
        source = Source(Path(), "array", 8, "gray", 0, "")
        photo = Photo(width, height, lambda y0, y1, gray=gray: gray[y0:y1], Metadata(), source)
        small = colorizer.prepare(photo)
        (prediction,) = colorizer.predict([small])
        flat = merge_rows(gray, np.zeros((height, width, 2), np.float32), 8)
        for factor in factors:
            colorizer.model = replace(colorizer.model, chroma=factor)
            ours = colorizer.finish(photo, small, prediction).rows(0, height)
            sums[factor] += (psnr(ours, truth), psnr(flat, truth), mean_chroma(ours), mean_chroma(truth))
    total = min(count, len(photos))
    return {f: (s[0] / total, s[1] / total, s[2] / s[3]) for f, s in sums.items()}


if __name__ == "__main__":
    main()
