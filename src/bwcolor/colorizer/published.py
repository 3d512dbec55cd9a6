# SPDX-License-Identifier: Apache-2.0
"""`AsPublished`: a network in its authors' own pipeline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bwcolor.colorizer.colorizer import Colorizer, ColorPhoto
from bwcolor.colorizer.settings import Settings
from bwcolor.errors import PhotoTooLargeError, UnsupportedPhotoError, UsageError
from bwcolor.models.inference import Prediction, Small
from bwcolor.models.pipelines import Pipeline
from bwcolor.models.row import ModelRow
from bwcolor.photo.hints import Hints
from bwcolor.photo.photo import Photo

PUBLISHED_PIXELS = 100e6  # pixels; the authors' pipelines hold a photo whole, several times over


class AsPublished(Colorizer):
    """A network in its authors' own pipeline: for comparing, not for archives.

    Lightness is what the authors make of it, and photos are held whole.

    Args:
        network: With a ``published`` form (see `bwcolor.models.pipelines`).
        row: Its row of the MODELS table.
        settings: All resolved.
        pipeline: The steps around the network.
        weights_sha256: Hash of the weights file.
    """

    def __init__(
        self, network: nn.Module, row: ModelRow, settings: Settings, pipeline: Pipeline, weights_sha256: str = ""
    ) -> None:
        super().__init__(network, row, settings, weights_sha256)
        self._network, self._pipeline = network, pipeline

    def prepare(self, photo: Photo, hints: Hints | None = None, sample: int | None = None) -> Small:
        """Return what the network is shown, ``(channels, side, side)``.

        Raises:
            UsageError: There are hints, or a sample is wanted.
            UnsupportedPhotoError: It has 16 bits.
            PhotoTooLargeError: It is too large to be held whole.
        """
        if hints is not None:
            raise UsageError("The published pipelines take no color hints.", "Leave --as-published away.")
        if sample is not None:
            raise UsageError("The published pipelines know no samples.", "Leave --as-published away.")
        if photo.source.depth > 8:
            raise UnsupportedPhotoError("The published pipelines know 8 bits only.", "Leave --as-published away.")
        if photo.width * photo.height > PUBLISHED_PIXELS:
            raise PhotoTooLargeError("The published pipelines hold a photo whole.", "Leave --as-published away.")
        return Small(self._pipeline.prepare(_gray_picture(photo)), None, photo.source.sha256)

    def with_smaller_tiles(self, shape: tuple[int, int]) -> Colorizer | None:
        """Return None: the authors know no tiles."""
        return None

    def predict(self, smalls: Sequence[Small]) -> list[Prediction]:
        """Return what the network gives for each, ``(channels, side, side)``."""
        shown = torch.from_numpy(np.stack([small.lightness for small in smalls])).to(self.settings.device)
        with torch.inference_mode():
            given = self._pipeline.run(self._network, shown).float().cpu().numpy()
        return [Prediction(planes, None) for planes in given]

    def finish(self, photo: Photo, small: Small, prediction: Prediction) -> ColorPhoto:
        """Merge as the authors do."""
        picture = self._pipeline.merge(_gray_picture(photo), prediction.ab)
        return ColorPhoto(photo, lambda y0, y1: picture[y0:y1], None)


def _gray_picture(photo: Photo) -> NDArray[np.uint8]:
    """Return a photo of 8 bits as ``(H, W, 3)``."""
    return np.repeat(photo.rows(0, photo.height).astype(np.uint8)[..., None], 3, axis=-1)
