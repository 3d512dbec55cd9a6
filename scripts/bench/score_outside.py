#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Score colorized photographs by other people's libraries, and compare with what `bwcolor eval` says of the same files.

    python scripts/bench/score_outside.py FOLDER --model gan

colorizes the gray version of every photograph of FOLDER (the neutral with its L*, by scikit-image) into 8-bit PNG
files, scores them with scikit-image, torchmetrics and ten lines of numpy, and asks `bwcolor eval --pred` for the same
numbers. Ends with 1 where any of them differs by more than 0.001.

Measured by scikit-image: psnr, ssim (11 x 11 Gaussian window, borders cut), ciede2000. By torchmetrics: psnr again, and
ssim again with the windows that hang over the border cut off.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from skimage import color, metrics
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

TOLERANCE = 1e-3
BORDER = 5  # pixels that torchmetrics' windows hang over
SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"}


def read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def gray_version(truth: np.ndarray) -> np.ndarray:
    """Return (H, W) uint16: the neutral with the lightness of (H, W, 3) uint8."""
    lab = color.rgb2lab(truth)
    lab[..., 1:] = 0
    return np.rint(np.clip(color.lab2rgb(lab).mean(axis=2), 0, 1) * 65535).astype(np.uint16)


def colorize(photos: dict[str, Path], target: Path, arguments: argparse.Namespace) -> None:
    import bwcolor

    colorizer = bwcolor.load(arguments.model, weights=arguments.weights)
    for name, path in photos.items():
        rgb = colorizer.colorize_gray(gray_version(read(path)))
        Image.fromarray(((rgb.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)).save(target / name)


def colorfulness(rgb: np.ndarray) -> float:
    """Hasler and Suesstrunk 2003."""
    red, green, blue = np.moveaxis(rgb.astype(np.float64), -1, 0)
    first = red - green
    second = (red + green) / 2 - blue
    spread = np.sqrt(np.var(first) + np.var(second))
    offset = np.sqrt(np.mean(first) ** 2 + np.mean(second) ** 2)
    return float(spread + 0.3 * offset)


def scores_of(prediction: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    ours, true = (torch.from_numpy(np.moveaxis(each, -1, 0).astype(np.float64))[None] for each in (prediction, truth))
    window = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    _, everywhere = structural_similarity_index_measure(ours, true, sigma=1.5, data_range=255.0, return_full_image=True)
    difference = color.deltaE_ciede2000(color.rgb2lab(truth), color.rgb2lab(prediction))
    return {
        "psnr": metrics.peak_signal_noise_ratio(truth, prediction, data_range=255),
        "psnr (torchmetrics)": float(peak_signal_noise_ratio(ours, true, data_range=255.0)),
        "ssim": metrics.structural_similarity(truth, prediction, channel_axis=2, data_range=255, **window),
        "ssim (torchmetrics)": float(everywhere[..., BORDER:-BORDER, BORDER:-BORDER].mean()),
        "colorfulness": colorfulness(prediction),
        "ciede2000": float(difference.sum()),
        "pixels": difference.size,
    }


def outside(photos: dict[str, Path], predictions: Path) -> dict[str, float]:
    """Return the set's scores: means over photos, ciede2000 over pixels."""
    rows = [scores_of(read(predictions / name), read(path)) for name, path in photos.items()]
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    means["ciede2000"] /= means.pop("pixels")
    return means


def ours(truths: Path, predictions: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "bwcolor", "eval", "--truth", truths, "--pred", predictions, "--json",
               "--metrics", "psnr,ssim,ciede2000,colorfulness"]  # fmt: skip
    told = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return {name: found["value"] for name, found in told["systems"][-1]["metrics"].items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="gan")
    parser.add_argument("--weights", type=Path)
    arguments = parser.parse_args()
    files = sorted(path for path in arguments.folder.iterdir() if path.suffix.lower() in SUFFIXES)
    photos = {f"{path.stem}.png": path for path in files}
    with tempfile.TemporaryDirectory() as folder:
        colorize(photos, Path(folder), arguments)
        theirs, own = outside(photos, Path(folder)), ours(arguments.folder, Path(folder))
    print(f"{len(photos)} photographs colorized by {arguments.model}")
    print(f"{'metric':22} {'outside':>12} {'bwcolor eval':>12} {'difference':>12}")
    largest = 0.0
    for name, value in theirs.items():
        mine = own[name.partition(" ")[0]]
        largest = max(largest, abs(value - mine))
        print(f"{name:22} {value:12.6f} {mine:12.6f} {mine - value:12.2e}")
    print(f"largest difference: {largest:.1e} ({'within' if largest <= TOLERANCE else 'ABOVE'} {TOLERANCE:g})")
    return int(largest > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
