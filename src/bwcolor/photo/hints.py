# SPDX-License-Identifier: Apache-2.0
"""Known colors: what the user says of a photo, as points and strokes in a small file beside it.

A hints file is JSON::

    {"points":  [{"x": 120, "y": 80, "color": "#8a2be2"}, {"x": 40, "y": 300, "color": "gray"}],
     "strokes": [{"points": [[10, 10], [200, 15]], "color": "#3366aa"}]}

with x and y in pixels of the upright photo from its top left corner, or a PNG of the photo's size (or of its shape,
smaller) whose opaque pixels are the colors. Only the hue and the chroma of a color count: lightness is the scan's.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bwcolor.color import spaces
from bwcolor.errors import UsageError

SUFFIXES = (".hints.json", ".hints.png")
KEEP_GRAY = "gray"
POINT_RADIUS = 1 / 64  # of the photo's short side
EXAMPLE = 'A hint is written {"points": [{"x": 120, "y": 80, "color": "#8a2be2"}]}.'
OPAQUE = 128  # of 255, from which a PNG's pixel is a hint


@dataclass(frozen=True)
class Stroke:
    """A line of one color; a point is a line of one point.

    Attributes:
        points: x and y in shares of the photo's width and height, 0..1.
        ab: The color, Lab units.
    """

    points: tuple[tuple[float, float], ...]
    ab: tuple[float, float]


@dataclass(frozen=True)
class Hints:
    """The known colors of one photo.

    Attributes:
        strokes: Points and lines.
        picture: ``(h, w, 3)`` float32 a, b and mask (0 or 1) of any size with the photo's shape; None without a PNG.
        sha256: Hash of the file they came from.
    """

    strokes: tuple[Stroke, ...] = ()
    picture: NDArray[np.float32] | None = None
    sha256: str = ""

    def at(self, height: int, width: int) -> NDArray[np.float32]:
        """Draw the hints at a size.

        Args:
            height: Pixels.
            width: Pixels.

        Returns:
            ``(3, height, width)`` float32: a and b in Lab units where the mask is 1, and the mask.
        """
        import cv2

        hints = np.zeros((3, height, width), dtype=np.float32)
        if self.picture is not None:
            rows = np.arange(height) * self.picture.shape[0] // height
            columns = np.arange(width) * self.picture.shape[1] // width
            hints[:] = self.picture[rows[:, None], columns].transpose(2, 0, 1)
        thickness = max(round(2 * POINT_RADIUS * min(height, width)), 1)
        for stroke in self.strokes:
            drawn = np.zeros((height, width), dtype=np.uint8)
            line = np.array([[min(x * width, width - 1), min(y * height, height - 1)] for x, y in stroke.points])
            corners = np.rint(line).astype(np.int32)
            if len(corners) == 1:
                cv2.circle(drawn, tuple(int(v) for v in corners[0]), max(thickness // 2, 1), 255, -1)
            else:
                cv2.polylines(drawn, [corners], False, 255, thickness)
            where = drawn > 0
            hints[0][where], hints[1][where] = stroke.ab
            hints[2][where] = 1.0
        return hints


def find_hints(photo: Path) -> Path | None:
    """Return the hints file beside a photo: ``NAME.hints.json`` or ``.png``, with or without the photo's suffix."""
    for stem in (photo.name, photo.stem):
        for suffix in SUFFIXES:
            beside = photo.with_name(stem + suffix)
            if beside.is_file():
                return beside
    return None


def read_hints(path: Path, width: int, height: int) -> Hints:
    """Read a hints file.

    Args:
        path: JSON or PNG.
        width: Of the upright photo, pixels.
        height: Of the upright photo, pixels.

    Returns:
        The hints.

    Raises:
        UsageError: The file is missing, is neither, or says something impossible; the message says what.
    """
    import hashlib

    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"The hints {path} cannot be read: {error.strerror}.") from error
    digest = hashlib.sha256(content).hexdigest()
    if content.startswith(b"\x89PNG"):
        return Hints(picture=_from_png(content, path), sha256=digest)
    try:
        return replace(parse_hints(json.loads(content), width, height), sha256=digest)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"The hints {path} cannot be used: {type(error).__name__} {error}.", EXAMPLE) from error


def parse_hints(told: dict[str, Any], width: int, height: int) -> Hints:
    """Return the hints that plain values tell, as a hints file holds them.

    Args:
        told: "points" and "strokes".
        width: Of the upright photo, pixels.
        height: Of the upright photo, pixels.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: They tell something impossible.
    """
    points = [{"points": [[p["x"], p["y"]]], "color": p["color"]} for p in told.get("points", [])]
    return Hints(tuple(_stroke(s, width, height) for s in [*points, *told.get("strokes", [])]))


def told_by(path: Path) -> dict[str, Any]:
    """Return the points and strokes of a hints file (JSON) as it tells them, for showing; `read_hints` checks them."""
    told = json.loads(path.read_bytes())
    return {"points": told.get("points", []), "strokes": told.get("strokes", [])}


def _stroke(told: dict[str, Any], width: int, height: int) -> Stroke:
    points = []
    for x, y in told["points"]:
        if not (0 <= x <= width and 0 <= y <= height and math.isfinite(x + y)):
            raise ValueError(f"({x}, {y}) lies outside the photo of {width} x {height} pixels")
        points.append((x / width, y / height))
    if not points:
        raise ValueError("a stroke without points")
    return Stroke(tuple(points), _ab_of(told["color"]))


def _ab_of(color: str) -> tuple[float, float]:
    """Return a and b (Lab units) of "#rrggbb" or "gray"."""
    if color == KEEP_GRAY:
        return 0.0, 0.0
    if len(color) != 7 or not color.startswith("#"):
        raise ValueError(f"{color!r} is no color: write #rrggbb or gray")
    r, g, b = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    _, a_value, b_value = spaces.lab_from_srgb(r, g, b)
    return float(a_value), float(b_value)


def _from_png(content: bytes, path: Path) -> NDArray[np.float32]:
    import io

    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as opened:
            rgba = np.asarray(opened.convert("RGBA"), dtype=np.float32)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UsageError(
            f"The hints {path} are no whole PNG.", "Save it again with a transparent background."
        ) from error
    mask = rgba[..., 3] >= OPAQUE
    if mask.all():
        raise UsageError(f"The hints {path} are opaque everywhere.", "Leave what you do not know transparent.")
    _, a, b = spaces.lab_from_srgb(*(rgba[..., c] / 255 for c in range(3)))
    return np.stack([a * mask, b * mask, mask], axis=-1).astype(np.float32)
