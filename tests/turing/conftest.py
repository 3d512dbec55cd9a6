# SPDX-License-Identifier: Apache-2.0
"""Small studies of made pictures, at rest and served."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bwcolor.turing.study import Request, begin

PHOTOS = 9


def made(seed: int, height: int = 60, width: int = 80) -> np.ndarray:
    """Return a smooth color picture."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


@pytest.fixture
def scale() -> int:
    """Return how much larger than 80 x 60 pixels the pictures are."""
    return 1


@pytest.fixture
def places(tmp_path: Path, scale: int) -> dict[str, Path]:
    """Return folders of photographs (JPEGs with EXIF) and of two systems' predictions for them (PNGs)."""
    for number in range(PHOTOS):
        height, width = (60 * scale, (80 + 20 * (number % 2)) * scale)
        for system, name in (("truth", f"{number}.jpg"), ("ours", f"{number}.png"), ("theirs", f"{number}.png")):
            path = tmp_path / system / name
            path.parent.mkdir(exist_ok=True)
            image = Image.fromarray(made(number + 1000 * len(system), height, width))
            exif = image.getexif()
            exif[0x010F] = "A camera"
            image.save(path, **({"exif": exif, "quality": 90} if system == "truth" else {}))
    return {name: tmp_path / name for name in ("truth", "ours", "theirs")}


@pytest.fixture
def begun(places: dict[str, Path], tmp_path: Path) -> Callable[..., Path]:
    """Return a beginner of studies: 4 photos to test, 2 for practice, 3 obvious fakes, or as asked."""

    def made_study(name: str = "study", **options: object) -> Path:
        predictions = (("ours", places["ours"]), ("theirs", places["theirs"]))
        usual = {"pairs": 4, "practice": 2, "vigilance": 3}
        begin(tmp_path / name, Request(places["truth"], predictions, **usual | options))
        return tmp_path / name

    return made_study


class Server:
    """Studies served by the command line."""

    def __init__(self) -> None:
        self.processes: list[subprocess.Popen[str]] = []

    def __call__(self, folder: Path, port: int = 0) -> str:
        """Serve a study and return its address."""
        words = [sys.executable, "-m", "bwcolor", "turing", "serve", "--study", str(folder), "--port", str(port)]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.processes.append(process)
        said = [process.stdout.readline(), process.stdout.readline()]
        return re.search(r"http://\S+", said[1])[0]

    def kill(self) -> None:
        """Kill the one that was started last, without a warning."""
        process = self.processes.pop()
        process.kill()
        process.communicate()


@pytest.fixture
def served() -> Iterator[Server]:
    """Return a server; in the end all that it serves must end in order when interrupted."""
    server = Server()
    yield server
    for process in server.processes:
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=20)
        assert process.returncode == 130
        assert complaints.startswith("Ctrl-C ends it")
        assert complaints.count("\n") == 1, complaints
