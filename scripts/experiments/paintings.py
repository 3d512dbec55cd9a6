# SPDX-License-Identifier: Apache-2.0
"""How a network that learned from photographs does on paintings, drawings and flat color, made of photographs.

    python scripts/experiments/paintings.py --photos PHOTOS --work RUNS

Student reports wished for paintings (document 003) and tried art and cartoons (document 001). OpenCV makes them of
photographs of PHOTOS/eval and, where scikit-image is installed, of its sample pictures: `stylization` (brush-like
edges, smooth areas), `pencilSketch` (colored strokes), and flat areas of twelve colors with dark outlines, as in
cartoons. So the same things are seen as a photograph and as a picture of another kind, and the truth of each is known.
Besides the table, results/ gets a sheet of some pictures: truth above, color by the network below.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from laboratory import Compared, Laboratory, colored, measure, publish
from PIL import Image

from bwcolor.evaluation.photographs import read_truth
from bwcolor.evaluation.report import cell_of
from bwcolor.evaluation.systems import GRAY, TINT
from bwcolor.photo.folders import find_photographs

MODELS = ("gan", "classify")
SAMPLES = ("astronaut", "cat", "coffee", "rocket")  # of scikit-image that need no download
EVERY = 2  # every second photograph of eval/
FLAT_COLORS = 12
OUTLINE = 60  # gradient of 8-bit lightness that is drawn as a dark line
SHEET = 6  # pictures
SIDE = 192  # pixels of a picture in the sheet
Rgb = np.ndarray  # (H, W, 3) uint8


def stylized(photo: Rgb) -> Rgb:
    """Return a painting of a photograph (Gastal, Oliveira 2011, as OpenCV has it)."""
    painted: Rgb = cv2.stylization(photo, sigma_s=60, sigma_r=0.45)
    return painted


def sketched(photo: Rgb) -> Rgb:
    """Return a drawing in colored pencil."""
    return cv2.pencilSketch(photo, sigma_s=60, sigma_r=0.07, shade_factor=0.05)[1]


def flat(photo: Rgb) -> Rgb:
    """Return areas of a few colors with dark outlines."""
    smooth = cv2.bilateralFilter(photo, 9, 60, 60)
    pixels = smooth.reshape(-1, 3).astype(np.float32)
    cv2.setRNGSeed(0)
    rule = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 1.0)
    _, nearest, colors = cv2.kmeans(pixels, FLAT_COLORS, None, rule, 1, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    areas = colors[nearest.ravel()].reshape(photo.shape)
    gray = cv2.cvtColor(smooth, cv2.COLOR_RGB2GRAY)
    slopes = [cv2.Sobel(gray, cv2.CV_32F, *order) / 4 for order in ((1, 0), (0, 1))]
    areas[np.hypot(*slopes) > OUTLINE] *= 0.2
    return np.rint(areas).astype(np.uint8)


KINDS: dict[str, Callable[[Rgb], Rgb]] = {
    "photograph": lambda photo: photo,
    "painting": stylized,
    "colored pencil": sketched,
    "flat color": flat,
}


def photographs(laboratory: Laboratory) -> Iterator[tuple[str, Rgb]]:
    """Yield names and photographs: every second one of eval/, and samples of scikit-image where it is installed."""
    for name, path in list(find_photographs([laboratory.photos / "eval"]).items())[::EVERY]:
        yield Path(name).stem, read_truth(path)
    try:
        data = importlib.import_module("skimage.data")
    except ModuleNotFoundError:
        return
    for name in SAMPLES:
        photo = getattr(data, name)()
        share = 256 / min(photo.shape[:2])
        yield name, cv2.resize(photo, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)


def lay_out(laboratory: Laboratory) -> dict[str, Path]:
    """Make the pictures, once, and return a folder for each kind."""
    folders = {kind: laboratory.work / "sets" / "paintings" / kind for kind in KINDS}
    if not all(folder.is_dir() for folder in folders.values()):
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        for name, photo in photographs(laboratory):
            for kind, make in KINDS.items():
                Image.fromarray(make(photo)).save(folders[kind] / f"{name}.png")
    return folders


def sheet(laboratory: Laboratory, folders: dict[str, Path]) -> Path:
    """Draw the first pictures of each kind, truth above and color below, and return the file."""
    system = Compared(MODELS[0], MODELS[0], options={"quality": "auto"}).system()
    rows = []
    for folder in folders.values():
        files = list(find_photographs([folder]).items())
        chosen = files[:: max(len(files) // SHEET, 1)][:SHEET]
        truths = [read_truth(path) for _, path in chosen]
        ours = [colored(system, name, truth) for (name, _), truth in zip(chosen, truths, strict=True)]
        for pictures in (truths, ours):
            rows.append(np.hstack([cv2.resize(p[:SIDE, :SIDE], (SIDE, SIDE)) for p in pictures]))
    path = laboratory.results / "paintings.png"
    Image.fromarray(np.vstack(rows)).save(path)
    return path


def main() -> None:
    laboratory, begun = Laboratory.from_arguments(__doc__), time.perf_counter()
    folders = lay_out(laboratory)
    rows = [Compared(model, model, options={"quality": "auto"}) for model in MODELS]
    lines = [
        "| kind | what | psnr, dB | gain over gray, dB | ciede2000 | chroma-ratio | hue-error, % |",
        f"|{' --- |' * 7}",
    ]
    words = {GRAY: "gray", TINT: "constant tint"}
    for kind, folder in folders.items():
        scores, (psnr, *others) = measure(folder, rows, "psnr,ciede2000,chroma-ratio,hue-error")
        for system in scores.systems:
            gain = scores.difference(system, GRAY, psnr)
            value, interval = cell_of(gain, 2, signed=True)
            cells = [f"{scores.estimate(system, psnr).value:.2f}", f"{value} ({interval})" if system != GRAY else "0"]
            cells += [f"{scores.estimate(system, metric).value:.2f}" for metric in others]
            lines.append(f"| {kind} | {words.get(system, system)} | {' | '.join(cells)} |")
    drawn = sheet(laboratory, folders)
    text = "\n".join(lines) + f"\n\n{len(scores.photos)} pictures of each kind; sheet: {drawn.name}"
    publish(laboratory, "paintings", text, measured=time.perf_counter() - begun)


if __name__ == "__main__":
    main()
