# SPDX-License-Identifier: Apache-2.0
"""`Colorizer`: one photo through one network, from its rows to its rows in color.

Color is decided about the whole picture, made small; full size is a matter of carrying ab along the edges of the scan's
own lightness, strip by strip. So memory is bounded whatever the size, and lightness is never touched.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bwcolor.color.downsample import lightness_rows, shrink, working_shape
from bwcolor.color.merge import merge_rows
from bwcolor.color.spread import spread
from bwcolor.color.upsample import AbUpsampler
from bwcolor.errors import PhotoTooLargeError, UnsupportedPhotoError, UsageError
from bwcolor.models.devices import resolve_device, resolve_precision
from bwcolor.models.inference import Manner, Prediction, Runner, Small
from bwcolor.models.loading import load_network
from bwcolor.models.onnx_network import SUFFIX as ONNX_SUFFIX
from bwcolor.models.pipelines import Pipeline, pipeline_of
from bwcolor.models.table import DEFAULT_MODEL, ModelRow, find_model
from bwcolor.photo.hints import Hints
from bwcolor.photo.photo import Metadata, Photo, Rows, Source

PUBLISHED_PIXELS = 100e6  # pixels; the authors' pipelines hold a photo whole, several times over
BEST_LOOKS = (1.0, 2 / 3)  # shares of the working size that "best" quality averages, each with its mirror image


@dataclass(frozen=True)
class Settings:
    """Everything besides the photo and the weights that decides what a photo's colors will be; all of it resolved.

    Attributes:
        model: Name of the network.
        device: "cpu", "cuda" or "cuda:N".
        precision: "fp32", "bf16" or "fp16".
        working_size: Short side in pixels at which the network sees the photo.
        temperature: Of the annealed mean; None for networks without color bins.
        saturation: Factor on ab.
        strength: 0 (gray) .. 1 (full color).
        upsample: "edge" or "bilinear".
        looks: Sizes at which the photo and its mirror image are seen and averaged, as shares of the working size;
            empty for a single look.
        sample: Seed of one plausible coloring among many; None for the mean.
        as_published: Whether the network's authors' own pipeline runs, at ``working_size`` squared.
    """

    model: str
    device: str
    precision: str
    working_size: int
    temperature: float | None
    saturation: float
    strength: float
    upsample: str
    looks: tuple[float, ...]
    sample: int | None = None
    as_published: bool = False


@dataclass(frozen=True)
class ColorPhoto:
    """A photo and its colors, full size, as a stream of rows.

    Attributes:
        photo: The photo it was made from.
        rows: ``rows(y0, y1) -> (y1 - y0, width, 3) uint8 | uint16`` sRGB at the scan's depth.
        certainty_map: ``(h, w)`` float32, how sure the network is, 0..1, on its own grid; None where it cannot say.
        seconds: Seconds of each stage so far: "prepare", "network".
    """

    photo: Photo
    rows: Rows
    certainty_map: NDArray[np.float32] | None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def certainty(self) -> float | None:
        """How sure the network is, 0..1, mean over the picture; None where it cannot say."""
        return None if self.certainty_map is None else float(self.certainty_map.mean())

    @property
    def width(self) -> int:
        """Pixels."""
        return self.photo.width

    @property
    def height(self) -> int:
        """Pixels."""
        return self.photo.height

    @property
    def depth(self) -> int:
        """Bits per channel: 8 or 16."""
        return self.photo.source.depth


class Colorizer:
    """A network, its weights and its settings, ready to colorize photos of any size.

    Args:
        network: Keeps the Network contract (see ``models/network.py``).
        row: Its row of the MODELS table.
        settings: All resolved.
        weights_sha256: Hash of the weights file; empty for a network without weights.
    """

    def __init__(self, network: nn.Module, row: ModelRow, settings: Settings, weights_sha256: str = "") -> None:
        self.model = row
        self.settings = settings
        self.weights_sha256 = weights_sha256
        manner = Manner(
            torch.device(settings.device),
            settings.precision,
            settings.temperature or 1.0,
            settings.looks,
            settings.sample,
        )
        self._runner = Runner(network, row, manner)

    def prepare(self, photo: Photo, hints: Hints | None = None) -> Small:
        """Read a photo once and make it, and its hints, as small as the network wants them."""
        shape = working_shape(photo.height, photo.width, self.settings.working_size, self.model.ab_stride)
        lightness = shrink(photo.rows, photo.height, photo.width, shape)
        return Small(lightness, None if hints is None else hints.at(*shape), photo.source.sha256)

    def predict(self, smalls: Sequence[Small]) -> list[Prediction]:
        """Run the network on photos of one working shape together, where a device gains by it.

        Args:
            smalls: From `prepare`, all of the same shape.

        Returns:
            For each photo ab on the network's own grid, before saturation, and the certainty there.
        """
        return self._runner.predict(smalls)

    def colorize(self, photo: Photo, hints: Hints | None = None) -> ColorPhoto:
        """Decide the colors of a photo.

        Args:
            photo: Any size and aspect, 8 or 16 bits.
            hints: Its known colors.

        Returns:
            The photo in color; its rows are made when they are asked for.
        """
        begun = time.perf_counter()
        small = self.prepare(photo, hints)
        prepared = time.perf_counter()
        (prediction,) = self.predict([small])
        done = time.perf_counter()
        seconds = {"prepare": prepared - begun, "network": done - prepared}
        return replace(self.finish(photo, small, prediction), seconds=seconds)

    def finish(self, photo: Photo, small: Small, prediction: Prediction) -> ColorPhoto:
        """Join predicted ab with a photo's own lightness, at full size.

        Args:
            photo: The photo.
            small: From `prepare`.
            prediction: From `predict`.
        """
        stride = self.model.ab_stride
        height, width = small.lightness.shape
        guide = small.lightness.reshape(height // stride, stride, width // stride, stride).mean(axis=(1, 3))
        ab = prediction.ab
        if small.hints is not None and not self.model.takes_hints:
            ab = spread(ab, small.hints, guide.astype(np.float32))
        gain = np.float32(self.model.chroma * self.settings.saturation * self.settings.strength)
        enlarge = AbUpsampler(
            ab * gain, guide.astype(np.float32), (photo.height, photo.width), method=self.settings.upsample
        )
        lightness = lightness_rows(photo.rows)
        depth = photo.source.depth

        def rows(y0: int, y1: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
            return merge_rows(photo.rows(y0, y1), enlarge.rows(lightness, y0, y1), depth)

        return ColorPhoto(photo, rows, prediction.certainty)

    def colorize_gray(self, gray: NDArray[Any]) -> NDArray[Any]:
        """Colorize a picture held in memory.

        Args:
            gray: ``(H, W)`` uint8 or uint16, sRGB-encoded neutral gray.

        Returns:
            ``(H, W, 3)`` sRGB of the same dtype.

        Raises:
            ValueError: The array has another shape or dtype.
        """
        if gray.ndim != 2 or gray.dtype not in (np.uint8, np.uint16) or gray.size == 0:
            raise ValueError(f"expected (H, W) uint8 or uint16, got {gray.shape} {gray.dtype}")
        height, width = gray.shape
        source = Source(Path(), "array", gray.dtype.itemsize * 8, "gray", gray.nbytes, "")
        photo = Photo(width, height, lambda y0, y1: gray[y0:y1], Metadata(), source)
        return self.colorize(photo).rows(0, height)


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

    def prepare(self, photo: Photo, hints: Hints | None = None) -> Small:
        """Return what the network is shown, ``(channels, side, side)``.

        Raises:
            UsageError: There are hints.
            UnsupportedPhotoError: It has 16 bits.
            PhotoTooLargeError: It is too large to be held whole.
        """
        if hints is not None:
            raise UsageError("The published pipelines take no color hints.", "Leave --as-published away.")
        if photo.source.depth > 8:
            raise UnsupportedPhotoError("The published pipelines know 8 bits only.", "Leave --as-published away.")
        if photo.width * photo.height > PUBLISHED_PIXELS:
            raise PhotoTooLargeError("The published pipelines hold a photo whole.", "Leave --as-published away.")
        return Small(self._pipeline.prepare(_gray_picture(photo)), None, photo.source.sha256)

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


def load(
    model: str = DEFAULT_MODEL,
    *,
    weights: Path | str | None = None,
    device: str = "auto",
    precision: str = "auto",
    working_size: int | None = None,
    temperature: float | None = None,
    saturation: float = 1.0,
    strength: float = 1.0,
    upsample: str = "edge",
    quality: str = "auto",
    sample: int | None = None,
    as_published: bool = False,
) -> Colorizer:
    """Load a network and its weights.

    Args:
        model: A name of ``bwcolor models``.
        weights: A safetensors file instead of the shipped weights, or an ONNX file (CPU, fp32).
        device: "auto", "cpu", "cuda" or "cuda:N".
        precision: "auto", "fp32", "bf16" or "fp16" (CUDA only).
        working_size: Short side in pixels at which the network sees each photo; None takes the model's own.
        temperature: Of the annealed mean, above 0 to 1: lower is more vivid and patchier; None takes the model's own.
        saturation: Factor on the colors, 0 to 3.
        strength: Blend with the gray photo, 0 (gray) to 1 (full color).
        upsample: "edge" carries color along the edges of the scan; "bilinear" does not.
        quality: "fast" (one look), "best" (the photo and its mirror image are seen at two sizes and averaged, at three
            times the network's time), or "auto": the model's own.
        sample: Seed of one plausible coloring among many, for networks with color bins; None takes their mean.
        as_published: Run the network's authors' own pipeline instead, to compare with published pictures; the working
            size is then the side of its square.

    Returns:
        A `Colorizer`.

    Raises:
        UsageError: An unknown model or device, or a value out of range.
        WeightsError: The weights are missing, damaged, or do not fit.
    """
    row = find_model(model)
    _check_range("working size", working_size, 32, 4096)
    _check_range("temperature", temperature, 0.01, 2.0)
    _check_range("saturation", saturation, 0.0, 3.0)
    _check_range("strength", strength, 0.0, 1.0)
    for value, what, choices in (
        (upsample, "upsample", ("edge", "bilinear")),
        (quality, "quality", ("auto", "fast", "best")),
    ):
        if value not in choices:
            raise UsageError(f"{what} {value!r} is unknown.", f"Take {' or '.join(choices)}.")
    path = Path(weights) if weights is not None else None
    if path is not None and path.suffix.lower() == ONNX_SUFFIX:
        if as_published:
            raise UsageError("ONNX files hold no published pipeline.", "Give --weights a .safetensors file.")
        device, precision = _for_onnx(device, precision)
    place = resolve_device(device)
    if as_published:
        _refuse_changes(
            saturation=saturation == 1,
            strength=strength == 1,
            temperature=temperature is None,
            upsample=upsample == "edge",
            quality=quality == "auto",
            sample=sample is None,
            precision=precision in ("auto", "fp32"),
        )
        pipeline, working_size = pipeline_of(row, working_size)
        precision = "fp32"
    settings = Settings(
        model=model,
        device=str(place),
        precision=resolve_precision(precision, place),
        working_size=working_size or row.working_size,
        temperature=(temperature or row.temperature) if row.temperature is not None else None,
        saturation=saturation,
        strength=strength,
        upsample=upsample,
        looks={"auto": row.looks, "fast": (), "best": BEST_LOOKS}[quality],
        sample=sample,
        as_published=as_published,
    )
    loaded = load_network(model, path)
    if as_published:
        return AsPublished(loaded.network, row, settings, pipeline, loaded.sha256)
    return Colorizer(loaded.network, row, settings, loaded.sha256)


def _check_range(what: str, value: float | None, least: float, most: float) -> None:
    if value is not None and not least <= value <= most:
        raise UsageError(f"The {what} must lie in {least:g}..{most:g}, not {value:g}.")


def _for_onnx(device: str, precision: str) -> tuple[str, str]:
    """Return where and how an ONNX file runs."""
    if device not in ("auto", "cpu") or precision not in ("auto", "fp32"):
        raise UsageError("ONNX files run on the CPU, in fp32.", "Leave --device and --precision away.")
    return "cpu", "fp32"


def _refuse_changes(**usual: bool) -> None:
    """Raise a UsageError that names the first setting which is not as usual."""
    changed = [name for name, is_usual in usual.items() if not is_usual]
    if changed:
        raise UsageError(f"The published pipelines know no other {changed[0]}.", "Leave it, or --as-published, away.")
