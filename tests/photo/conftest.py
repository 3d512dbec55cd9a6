# SPDX-License-Identifier: Apache-2.0
"""Pictures with known pixels, and ways to put them into files."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HEIGHT, WIDTH = 37, 53  # odd, and no multiple of any tile


def gray_picture(bits: int = 8, seed: int = 1) -> np.ndarray:
    """Return (37, 53) codes of every depth: a ramp with grain, both ends included."""
    rng = np.random.default_rng(seed)
    most = 2**bits - 1
    ramp = np.linspace(0, most, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
    codes = np.clip(np.rint(ramp + rng.normal(0, most / 20, ramp.shape)), 0, most)
    codes[0, 0], codes[-1, -1] = 0, most
    return codes.astype(np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.uint32)


def color_picture(bits: int = 8) -> np.ndarray:
    """Return (37, 53, 3) codes: a sepia print."""
    gray = gray_picture(bits).astype(np.float64)
    return np.rint(gray[..., None] * np.array([1.0, 0.9, 0.7])).astype(np.uint8 if bits <= 8 else np.uint16)


def scaled(codes: np.ndarray, bits: int) -> np.ndarray:
    """Return codes at full scale of 8 or 16 bits, in exact arithmetic."""
    full = 255 if bits <= 8 else 65535
    most = 2**bits - 1
    result = (codes.astype(object) * full * 2 + most) // (2 * most)
    return result.astype(np.uint8 if bits <= 8 else np.uint16)


@pytest.fixture
def exiftool(witness: Callable[[str], str]) -> Callable[..., dict[str, Any]]:
    """Return a reader of all tags of a file, as "Group:Tag" -> value."""
    program = witness("exiftool")

    def read(path: Path, *options: str) -> dict[str, Any]:
        command = [program, "-j", "-G1", "-n", "-a", "-struct", *options, str(path)]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)[0]

    return read


@pytest.fixture
def tagged(witness: Callable[[str], str]) -> Callable[..., Path]:
    """Return a writer of tags by ExifTool."""
    program = witness("exiftool")

    def write(path: Path, *options: str) -> Path:
        command = [program, "-q", "-q", "-overwrite_original", "-codedcharacterset=utf8", *options, str(path)]
        subprocess.run(command, check=True, capture_output=True)
        return path

    return write


@pytest.fixture
def magick(witness: Callable[[str], str]) -> Callable[..., None]:
    """Return a runner of ImageMagick's convert."""
    for program in ("/usr/bin/convert", "convert"):
        found = program if Path(program).exists() else witness(program)
        if b"ImageMagick" in subprocess.run([found, "-version"], capture_output=True, check=False).stdout:
            break

    def convert(*arguments: str) -> None:
        subprocess.run([found, *arguments], check=True, capture_output=True)

    return convert
