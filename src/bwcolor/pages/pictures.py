# SPDX-License-Identifier: Apache-2.0
"""Pictures inside a page: small copies as data addresses, maps of numbers as colors."""

from __future__ import annotations

import base64
import io
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]

SIDE = 320  # pixels, of the longer side
QUALITY = 82  # of WebP


def small(rgb: Rgb, side: int = SIDE) -> Rgb:
    """Return a picture made small by area averaging, never enlarged.

    Args:
        rgb: ``(H, W, 3)`` uint8 sRGB.
        side: Most pixels of the longer side.
    """
    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def address(rgb: Rgb) -> str:
    """Return a picture as a data address (WebP).

    Args:
        rgb: ``(H, W, 3)`` uint8 sRGB.
    """
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "WEBP", quality=QUALITY)
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def figure(rgb: Rgb, caption: str, alt: str) -> str:
    """Return a captioned picture, made small.

    Args:
        rgb: ``(H, W, 3)`` uint8 sRGB.
        caption: Plain text under it.
        alt: What it shows, for those who do not see it.
    """
    shown = small(rgb)
    height, width = shown.shape[:2]
    return (
        f'<figure><img src="{address(shown)}" alt="{escape(alt)}" width="{width}" height="{height}" loading="lazy">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def heat(values: NDArray[np.float64], top: float) -> Rgb:
    """Return a map of numbers as colors, from dark (0) to bright (``top`` and above).

    Args:
        values: ``(H, W)`` float, 0 upwards.
        top: The value that is brightest.
    """
    codes = np.clip(values * (255.0 / top), 0, 255).astype(np.uint8)
    colored = cv2.applyColorMap(codes, cv2.COLORMAP_VIRIDIS)
    return np.ascontiguousarray(colored[..., ::-1])


def ramp(top: float, unit: str) -> str:
    """Return the legend of `heat`."""
    stops = heat(np.linspace(0, 1, 6)[None], 1.0)[0]
    colors = ", ".join(f"rgb({red} {green} {blue})" for red, green, blue in stops)
    return (
        f'<p class="soft">Error maps: 0 <span class="ramp" style="background: linear-gradient(to right, {colors})">'
        f"</span> {top:g} {escape(unit)} and above</p>"
    )
