# SPDX-License-Identifier: Apache-2.0
"""The access copy: a picture made small while its rows pass by on their way into the master file."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from bwcolor.photo.photo import Photo, Rows
from bwcolor.photo.scan import Pixels


class AccessCopy:
    """Averages a picture's rows as they pass, by exact areas.

    Args:
        photo: The photo whose colors pass.
        long_side: Pixels that the longer side has at most; a smaller photo keeps its size.
    """

    def __init__(self, photo: Photo, long_side: int) -> None:
        scale = min(long_side / max(photo.width, photo.height), 1.0)
        self.width, self.height = max(round(photo.width * scale), 1), max(round(photo.height * scale), 1)
        self._photo = photo
        self._sums = np.zeros((self.height, self.width, 3), np.float32)
        self._next = 0

    def passing(self, rows: Rows) -> Rows:
        """Return rows that are looked at on their way.

        Args:
            rows: Of the photo in color; must be asked for in order, each once, as `write_photo` does.
        """

        def watched(y0: int, y1: int) -> Pixels:
            band = rows(y0, y1)
            if y0 != self._next:
                raise ValueError(f"rows must pass in order: {y0} after {self._next}")
            self._add(band / np.float32(np.iinfo(band.dtype).max), y0, y1)
            self._next = y1
            return band

        return watched

    def _add(self, band: NDArray[np.floating], y0: int, y1: int) -> None:
        """Add ``(n, W, 3)`` rows 0..1 to the small rows that they cover, by the area covered."""
        narrow = cv2.resize(band, (self.width, y1 - y0), interpolation=cv2.INTER_AREA)
        ratio = self._photo.height / self.height
        first, last = int(y0 / ratio), min(int(np.ceil(y1 / ratio)), self.height)
        top = np.arange(first, last)[:, None] * ratio
        row = np.arange(y0, y1)[None, :]
        overlap = np.clip(np.minimum(top + ratio, row + 1) - np.maximum(top, row), 0, None) / ratio
        self._sums[first:last] += np.tensordot(overlap.astype(np.float32), narrow, axes=1)

    @property
    def photo(self) -> Photo:
        """The photo at the copy's size, for `write_photo`; transparency is not copied."""
        return replace(self._photo, width=self.width, height=self.height, alpha=None, pages=())

    def rows(self, y0: int, y1: int) -> Pixels:
        """Return ``(y1 - y0, width, 3)`` uint8 sRGB, after all rows have passed."""
        if self._next != self._photo.height:
            raise ValueError(f"{self._photo.height - self._next} rows have not passed yet")
        small: Pixels = np.rint(self._sums[y0:y1] * 255).astype(np.uint8)
        return small
