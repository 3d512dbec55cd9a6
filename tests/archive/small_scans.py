# SPDX-License-Identifier: Apache-2.0
"""Small scans made in code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

NAMES = ("a.jpg", "b.png", "deep/er/c.tif", "deep/d.jpg")


def make_scan(path: Path, seed: int = 0, size: tuple[int, int] = (60, 80)) -> Path:
    """Write a grainy ramp, (height, width), in the format of its suffix; a TIFF with 16 bits."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0.05, 0.95, size[0] * size[1]).reshape(size) + rng.normal(0, 0.02, size)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".tif":
        tifffile.imwrite(path, (ramp.clip(0, 1) * 65535).astype(np.uint16), photometric="minisblack")
    else:
        Image.fromarray((ramp.clip(0, 1) * 255).astype(np.uint8)).save(path)
    return path
