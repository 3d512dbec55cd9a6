# SPDX-License-Identifier: Apache-2.0
"""Error and speed of merging and of enlarging ab, on pictures whose colors are known.

    OMP_WAIT_POLICY=PASSIVE taskset -c 0 python scripts/bench/color.py [upsample|merge] [--side 2048] [--repeat 3]

Upsampling: regions with straight and curved borders, each of one lightness and one ab; L carries grain of standard
deviation 4. ab is averaged over 16 x 16 pixels, as it is ("aligned") or blurred by 0.7 and shifted by 0.5 cells, as a
network's is ("blurred"). Error: mean distance of ab 3 to 16 pixels from a border, the share of those pixels off by more
than 10, and the standard deviation of ab far from borders. Times are the processor time of one thread, the best of the
repeats.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import cv2
import numpy as np

from bwcolor.color.curves import lightness_of
from bwcolor.color.merge import lightness_error, merge_rows
from bwcolor.color.upsample import AbUpsampler

CELL = 16  # pixels per cell of the grid
GRAIN = 4.0  # L*, standard deviation
STRIP = 256  # rows
NEAR = (3.0, 16.0)  # pixels from a border
FAR = 40.0
OFF = 10.0  # ab units


def regions(side: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return L with grain ``(S, S)``, true ab ``(S, S, 2)`` and the distance to the nearest border ``(S, S)``."""
    rng = np.random.default_rng(seed)
    count = max(8, (side // 110) ** 2)
    points = rng.uniform(0, side, (count, 2)).astype(np.float32)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    wave = 12 * np.sin(x / 37 + 2 * np.sin(y / 61))
    seeds = np.full((side, side), 255, np.uint8)
    for px, py in points.astype(int):
        seeds[py, px] = 0
    _, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    labels = cv2.remap(
        labels.astype(np.float32), x + wave, y - wave, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
    )
    labels = labels.astype(int)
    number = labels.max() + 1
    light = rng.uniform(15, 90, number).astype(np.float32)[labels]
    ab = rng.normal(0, 18, (number, 2)).astype(np.float32)[labels]
    border = np.zeros((side, side), bool)
    border[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    border[1:] |= labels[1:] != labels[:-1]
    distance = cv2.distanceTransform((~border).astype(np.uint8), cv2.DIST_L2, 5)
    grain = rng.normal(0, GRAIN, (side, side)).astype(np.float32)
    return np.clip(light + grain, 0, 100), ab, distance


def score(result: np.ndarray, truth: np.ndarray, distance: np.ndarray) -> str:
    error = np.linalg.norm(result - truth, axis=2)
    near = error[(distance >= NEAR[0]) & (distance <= NEAR[1])]
    far = (result - truth)[distance > FAR]
    return f"{near.mean():6.2f} / {100 * (near > OFF).mean():4.1f} % / {far.std():4.2f}"


def resized(interpolation: int) -> Callable[..., np.ndarray]:
    def method(ab: np.ndarray, guide: np.ndarray, light: np.ndarray) -> np.ndarray:
        return cv2.resize(ab, light.shape[::-1], interpolation=interpolation)

    return method


def ours(method: str) -> Callable[..., np.ndarray]:
    def enlarge(ab: np.ndarray, guide: np.ndarray, light: np.ndarray) -> np.ndarray:
        upsampler = AbUpsampler(ab, guide, light.shape, method)
        result = np.empty((*light.shape, 2), np.float32)
        for y in range(0, light.shape[0], STRIP):
            end = min(y + STRIP, light.shape[0])
            result[y:end] = upsampler.rows(lambda y0, y1: light[y0:y1], y, end)
        return result

    return enlarge


def textbook(ab: np.ndarray, guide: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Joint bilateral upsampling at 1/4 with Gaussians over 5 x 5 cells, then bilinear: plain numpy, the yardstick."""
    quarter = cv2.resize(light, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    (h, w), (n, m) = guide.shape, quarter.shape
    y, x = (np.arange(n) + 0.5) * h / n - 0.5, (np.arange(m) + 0.5) * w / m - 0.5
    total, color = np.zeros((n, m, 1), np.float32), np.zeros((n, m, 2), np.float32)
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            i, j = np.rint(y).astype(int) + dy, np.rint(x).astype(int) + dx
            space = np.exp(-((i - y)[:, None] ** 2 + (j - x) ** 2) / 2)
            i, j = np.clip(i, 0, h - 1)[:, None], np.clip(j, 0, w - 1)
            weight = space * np.exp(-((quarter - guide[i, j]) ** 2) / (2 * 4.0**2)) + 1e-6 * space
            total[..., 0] += weight
            color += weight[..., None] * ab[i, j]
    return cv2.resize((color / total).astype(np.float32), light.shape[::-1], interpolation=cv2.INTER_LINEAR)


METHODS = {
    "bilinear (cv2)": resized(cv2.INTER_LINEAR),
    "bicubic (cv2)": resized(cv2.INTER_CUBIC),
    "joint bilateral, plain": textbook,
    "bwcolor bilinear": ours("bilinear"),
    "bwcolor edge": ours("edge"),
}


def best_time(work: Callable[[], object], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        start = time.thread_time()
        work()
        times.append(time.thread_time() - start)
    return min(times)


def upsampling(side: int, repeat: int, cell: int) -> None:
    light, truth, distance = regions(side)
    size = (side // cell, side // cell)
    guide = cv2.resize(light, size, interpolation=cv2.INTER_AREA)
    aligned = cv2.resize(truth, size, interpolation=cv2.INTER_AREA)
    moved = cv2.GaussianBlur(aligned, (0, 0), 0.7)
    moved = cv2.warpAffine(moved, np.float32([[1, 0, 0.5], [0, 1, 0.5]]), size, borderMode=cv2.BORDER_REPLICATE)
    print(f"upsampling {side} x {side} from 1/{cell}: mean error / over {OFF:g} / far from borders")
    for name, method in METHODS.items():
        seconds = best_time(lambda method=method: method(aligned, guide, light), repeat)
        row = [score(method(ab, guide, light), truth, distance) for ab in (aligned, moved)]
        print(f"{name:24s} aligned {row[0]}   blurred {row[1]}   {seconds * 1e9 / side**2:5.1f} ms/MP")


def merging(side: int, repeat: int) -> None:
    rng = np.random.default_rng(0)
    smooth = cv2.resize(rng.random((24, 24)), (side, side), interpolation=cv2.INTER_CUBIC) * 0.9 + 0.05
    photo = np.clip(smooth + rng.normal(0, 0.03, (side, side)), 0, 1)
    soft = cv2.resize(rng.normal(0, 15, (16, 16, 2)), (side, side), interpolation=cv2.INTER_CUBIC)
    noise = rng.random((side, side))
    pictures = {"grainy photo, smooth ab": (photo, soft)}
    for name, ab in {"12": rng.normal(0, 12, soft.shape), "30": rng.normal(0, 30, soft.shape)}.items():
        pictures[f"random L, ab sd {name}"] = (noise, ab)
    pictures["random L, ab +-110"] = (noise, rng.uniform(-110, 110, soft.shape))
    for name, (gray, ab) in pictures.items():
        for depth in (8, 16):
            codes = np.rint(gray * (2**depth - 1)).astype(np.uint8 if depth == 8 else np.uint16)
            color = ab.astype(np.float32)
            rgb = merge_rows(codes, color, depth)
            merge_time = best_time(
                lambda codes=codes, color=color, depth=depth: merge_rows(codes, color, depth), repeat
            )
            error_time = best_time(lambda rgb=rgb, codes=codes: lightness_error(rgb, codes), repeat)
            table_time = best_time(lambda codes=codes: lightness_of(codes), repeat)
            error = lightness_error(rgb, codes)
            print(
                f"{name:24s} {depth:2d} bit  merge {merge_time * 1e9 / side**2:5.1f}  read back"
                f" {error_time * 1e9 / side**2:4.1f}  L {table_time * 1e9 / side**2:4.1f} ms/MP"
                f"  |dL| mean {error.mean:.4f} max {error.max:.4f} of 255"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("upsample", "merge"), help="one part; both if left out")
    parser.add_argument("--side", type=int, default=2048)
    parser.add_argument("--cell", type=int, default=CELL)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if options.what != "merge":
        upsampling(options.side, options.repeat, options.cell)
    if options.what != "upsample":
        merging(options.side, options.repeat)


if __name__ == "__main__":
    main()
