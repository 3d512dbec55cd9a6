# SPDX-License-Identifier: Apache-2.0
"""The four maps of a palette, as in Figure 2 of the project's document 004: colors, frequency, its inverse, weights."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from bwcolor.errors import OutputError
from bwcolor.models.yuv_bins import U_RANGE, V_RANGE
from bwcolor.training.palette import Palette

SIDE = 460  # pixels of each map
LEFT, TOP, RIGHT, BOTTOM = 64, 46, 104, 52  # around it
BAR, BAR_GAP = 16, 14  # pixels: the scale beside a map, and its distance
TITLE, SMALL = 18, 14  # points
PAPER, INK, EMPTY, LINE = (255, 255, 255), (30, 30, 30), (238, 238, 236), (150, 150, 150)
LEAST = 1e-9  # a frequency below this is drawn as none
NAMES = {"lab": ("a", "b"), "yuv": ("U", "V")}


def draw_maps(palette: Palette, path: Path) -> Path:
    """Write the four maps as one PNG.

    Args:
        palette: Of either space.
        path: The file.

    Raises:
        OutputError: It cannot be written.
    """
    seen = palette.frequency > LEAST
    every = np.ones_like(seen)
    log_frequency = np.log10(np.where(seen, palette.frequency, 1.0))
    maps = [
        _panel(palette, f"(a) colors of {len(palette.centers)} bins", palette.colors(), None, every),
        _scaled(palette, "(b) frequency, log10", log_frequency, seen),
        _scaled(palette, "(c) inverse frequency, log10", -log_frequency, seen),
        _scaled(palette, "(d) weights, log10", np.log10(palette.weights), every),
    ]
    sheet = np.vstack([np.hstack(maps[:2]), np.hstack(maps[2:])])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(sheet).save(path, "PNG")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error}.") from error
    return path


def _scaled(palette: Palette, title: str, values: NDArray[np.float64], shown: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the map of numbers, with its scale."""
    low, high = float(values[shown].min()), float(values[shown].max())
    share = (values - low) / max(high - low, 1e-9)
    return _panel(palette, title, _ramp(share), (low, high), shown)


def _ramp(share: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return colors ``(n, 3)`` of shares 0..1."""
    codes = (share.clip(0, 1) * 255).round().astype(np.uint8)[:, None]
    return np.ascontiguousarray(cv2.applyColorMap(codes, cv2.COLORMAP_VIRIDIS)[:, 0, ::-1]).astype(np.uint8)


def _panel(
    palette: Palette,
    title: str,
    colors: NDArray[np.uint8],
    scale: tuple[float, float] | None,
    shown: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """Return one map ``(h, w, 3)`` uint8: a cell for each bin that is shown, axes, and the scale of its numbers."""
    low, high = _reach(palette)
    cell = SIDE / (high - low + 1)
    image = Image.new("RGB", (LEFT + SIDE + RIGHT, TOP + SIDE + BOTTOM), PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((LEFT, TOP, LEFT + SIDE, TOP + SIDE), fill=EMPTY, outline=LINE)
    for (first, second), color, visible in zip(palette.cells, colors, shown, strict=True):
        if visible:
            x, y = LEFT + (first - low) * cell, TOP + SIDE - (second - low + 1) * cell
            fill = (int(color[0]), int(color[1]), int(color[2]))
            draw.rectangle((round(x), round(y), round(x + cell) - 1, round(y + cell) - 1), fill=fill)
    heading, words = ImageFont.load_default(TITLE), ImageFont.load_default(SMALL)
    draw.text((LEFT, 14), title, INK, heading)
    across, upwards = NAMES[palette.space]
    for index in (low, (low + high) // 2 + (palette.space == "yuv"), high):
        place = (index - low + 0.5) * cell
        draw.text((LEFT + place, TOP + SIDE + 6), _tick(palette, 0, index), INK, words, anchor="mt")
        draw.text((LEFT - 6, TOP + SIDE - place), _tick(palette, 1, index), INK, words, anchor="rm")
    draw.text((LEFT + SIDE / 2, TOP + SIDE + 26), across, INK, heading, anchor="mt")
    draw.text((14, TOP + SIDE / 2), upwards, INK, heading, anchor="lm")
    if scale is not None:
        _draw_scale(draw, scale, words)
    return np.asarray(image)


def _reach(palette: Palette) -> tuple[int, int]:
    """Return the first and last place of a bin along either axis."""
    if palette.space == "yuv":
        return 0, palette.step - 1
    furthest = int(np.abs(palette.cells).max())
    return -furthest, furthest


def _tick(palette: Palette, channel: int, index: int) -> str:
    """Return the value in the middle of a cell, as words."""
    if palette.space == "lab":
        return f"{index * palette.step}"
    return f"{((index + 0.5) / palette.step * 2 - 1) * (U_RANGE, V_RANGE)[channel]:.2f}"


def _draw_scale(
    draw: ImageDraw.ImageDraw, scale: tuple[float, float], words: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> None:
    x = LEFT + SIDE + BAR_GAP
    for row in range(SIDE):
        color = _ramp(np.array([1 - row / (SIDE - 1)]))[0]
        draw.line((x, TOP + row, x + BAR, TOP + row), fill=(int(color[0]), int(color[1]), int(color[2])))
    low, high = scale
    for share in np.linspace(0, 1, 5):
        text = f"{low + share * (high - low):.2f}"
        draw.text((x + BAR + 5, TOP + SIDE - share * SIDE), text, INK, words, anchor="lm")
