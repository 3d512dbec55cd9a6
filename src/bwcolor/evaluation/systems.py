# SPDX-License-Identifier: Apache-2.0
"""What is compared: the baselines, networks, and folders of predictions that anyone made."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bwcolor.color.merge import merge_rows
from bwcolor.errors import PhotoError
from bwcolor.evaluation.photographs import read_truth
from bwcolor.metrics.pair import Picture, Pixels
from bwcolor.photo.folders import find_photographs, stem

if TYPE_CHECKING:
    from bwcolor.colorizer import Colorizer

GRAY = "gray"
TINT = "tint"


class System(ABC):
    """Something that gives color pictures.

    Args:
        name: How it is listed; unique in a comparison.

    Attributes:
        baseline: Whether it is one of the two that every comparison holds.
        seconds: What each photo took, in order; empty where nothing is computed.
    """

    baseline = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.seconds: list[float] = []

    @property
    @abstractmethod
    def summary(self) -> str:
        """One line for people."""

    @abstractmethod
    def predict(self, name: str, truth: Picture) -> Pixels:
        """Return ``(H, W, 3)`` uint8 or uint16 for the gray version of a photo.

        Args:
            name: Of the photo.
            truth: The photo in its true colors.

        Raises:
            PhotoError: There is none.
        """


class Gray(System):
    """The gray photo, without any color."""

    baseline = True
    summary = "the gray photo, no color"

    def __init__(self) -> None:
        super().__init__(GRAY)

    def predict(self, name: str, truth: Picture) -> Pixels:
        """Return the neutral with the truth's lightness."""
        return np.repeat(truth.gray[..., None], 3, axis=2)


class Tint(System):
    """One and the same color everywhere: the truths' own mean, the best that a constant can do.

    Args:
        ab: In Lab units.
    """

    baseline = True

    def __init__(self, ab: tuple[float, float]) -> None:
        super().__init__(TINT)
        self.ab = ab

    @property
    def summary(self) -> str:
        """One line for people."""
        return f"one color everywhere, the photos' own mean (a {self.ab[0]:.1f}, b {self.ab[1]:.1f})"

    def predict(self, name: str, truth: Picture) -> Pixels:
        """Return the neutral, tinted."""
        ab = np.broadcast_to(np.array(self.ab, np.float32), (*truth.gray.shape, 2))
        return merge_rows(truth.gray, np.ascontiguousarray(ab), 16)


class Network(System):
    """A network of ours, timed.

    Args:
        colorizer: Ready to run.
        name: How it is listed.
    """

    def __init__(self, colorizer: Colorizer, name: str) -> None:
        super().__init__(name)
        self.colorizer = colorizer

    @property
    def summary(self) -> str:
        """One line for people."""
        return self.colorizer.model.summary

    def predict(self, name: str, truth: Picture) -> Pixels:
        """Return the gray version in color."""
        begun = time.perf_counter()
        rgb: Pixels = self.colorizer.colorize_gray(truth.gray)
        self.seconds.append(time.perf_counter() - begun)
        return rgb


class Folder(System):
    """Predictions that lie in a folder, under the truths' names, with any suffix.

    Args:
        path: The folder.
        name: How it is listed.
    """

    def __init__(self, path: Path, name: str = "") -> None:
        super().__init__(name or path.name or str(path))
        self._path = path
        self._files = {stem(found): file for found, file in find_photographs([path]).items()}

    @property
    def summary(self) -> str:
        """One line for people."""
        return str(self._path)

    def predict(self, name: str, truth: Picture) -> Pixels:
        """Read the prediction of a photo."""
        file = self._files.get(stem(name))
        if file is None:
            raise PhotoError(f"{self._path} holds no prediction for it.")
        return read_truth(file)
