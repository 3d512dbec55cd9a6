# SPDX-License-Identifier: Apache-2.0
"""Choose how a network is decoded, on held-out training photographs: size, weights of rare colors, temperature, chroma.

    python scripts/choose_decoding.py --model gan --weights runs/gan/gan.safetensors --data PHOTOS --count 300

PHOTOS is what the network was trained on; the photographs that training held out (by the hash of their names) are the
ones looked at. Prints PSNR (8-bit RGB, mean over photographs), its gain over the gray photograph, and the ratio of mean
chroma to the truth's. ``--rebalancing`` multiplies the network's distribution by the weights of rare colors to a
power: 0 leaves it as it was learned, the negative of the power that it was learned with takes the weights away
(``--rebalancing=-0.4,0``). Photographs that a network is reported on must not be used here.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import bwcolor
from bwcolor.color import bins, spaces
from bwcolor.color.merge import merge_rows
from bwcolor.colorizer import Colorizer
from bwcolor.models.loading import load_network, weights_path
from bwcolor.models.table import find_model
from bwcolor.photo.photo import Metadata, Photo, Source
from bwcolor.training.configuration import recipe
from bwcolor.training.data import Photos, open_photos
from bwcolor.training.preparation import find_bins

sys.path.insert(0, str(Path(__file__).resolve().parent / "experiments"))
from laboratory import reweighted

BIAS = "bins_head.bias"  # of the trunk's logits


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
    parser.add_argument("--rebalancing", default="0")
    parser.add_argument("--temperatures", default="1,0.6,0.38")
    parser.add_argument("--chroma", default="0.85,1,1.15")
    parser.add_argument("--quality", default="auto")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    learned, photos = open_photos((arguments.data,)).split(arguments.held_out)
    texts = (arguments.sizes, arguments.rebalancing, arguments.temperatures, arguments.chroma)
    sizes, powers, temperatures, factors = ([float(v) for v in text.split(",")] for text in texts)
    print("size  rebalancing  temperature  chroma   PSNR   gain  chroma-ratio")
    with tempfile.TemporaryDirectory() as folder:
        weights = {
            power: laid_on(arguments.model, arguments.weights, learned, power, Path(folder))
            for power in powers
            if power
        } | {0.0: arguments.weights}
        compare(arguments, photos, weights, itertools.product(sizes, powers, temperatures), factors)


def laid_on(model: str, weights: Path | None, learned: Photos, power: float, folder: Path) -> Path:
    """Write weights whose distribution is multiplied by those of rare colors to a power."""
    options: Any = recipe(model)
    prior = find_bins(load_network(model, weights).network, learned.colorful(options.least_chroma), options)
    if prior is None:
        raise SystemExit(f"{model} has no bins of color")
    factors = bins.rebalancing_weights(prior.numpy(), options.rebalancing_mix) ** power
    return reweighted(
        weights or weights_path(find_model(model)), BIAS, factors, folder / f"{power:g}" / f"{model}.safetensors"
    )


def compare(
    arguments: argparse.Namespace,
    photos: Photos,
    weights: Mapping[float, Path | None],
    settings: Iterable[tuple[float, float, float]],
    factors: list[float],
) -> None:
    """Print a line for each setting."""
    for size, power, temperature in settings:
        colorizer = bwcolor.load(
            arguments.model,
            weights=weights[power],
            working_size=int(size),
            temperature=temperature,
            quality=arguments.quality,
        )
        for factor, (ours, gray, ratio) in measure(colorizer, photos, arguments.count, factors).items():
            setting = f"{size:4.0f}  {power:11.2f}  {temperature:11.2f}  {factor:6.2f}"
            print(f"{setting}  {ours:5.2f}  {ours - gray:5.2f}  {ratio:12.3f}", flush=True)


def measure(
    colorizer: Colorizer, photos: Photos, count: int, factors: list[float]
) -> dict[float, tuple[float, float, float]]:
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
