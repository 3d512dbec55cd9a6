# SPDX-License-Identifier: Apache-2.0
"""`load`: wishes in words become a `Colorizer`, or one line that says what cannot be."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path

from torch import nn

from bwcolor.colorizer.colorizer import Colorizer
from bwcolor.colorizer.published import AsPublished
from bwcolor.colorizer.settings import Settings
from bwcolor.colorizer.tiles import LEAST_TILE, OVERLAP_SHARE
from bwcolor.errors import UsageError
from bwcolor.models import weights as weight_files
from bwcolor.models.devices import resolve_backend, resolve_device, resolve_precision
from bwcolor.models.ensemble import Ensemble
from bwcolor.models.loading import Loaded, load_network
from bwcolor.models.onnx_network import SUFFIX as ONNX_SUFFIX
from bwcolor.models.openvino_network import ConversionError, convert
from bwcolor.models.pipelines import pipeline_of
from bwcolor.models.table import DEFAULT_MODEL, find_model
from bwcolor.photo.reference import read_reference

BEST_LOOKS = (1.0, 2 / 3)  # shares of the working size that "best" quality averages, each with its mirror image

logger = logging.getLogger(__name__)


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
    levels: str = "auto",
    quality: str = "auto",
    sample: int | None = None,
    reference: Path | str | None = None,
    tile_size: int | None = None,
    tile_overlap: int | None = None,
    as_published: bool = False,
    backend: str = "torch",
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
        levels: "stretch" shows the network a faded photo with its black and white points moved apart, "scan" shows it
            as it is, "auto" is the model's own.
        quality: "fast" (one look), "best" (the photo and its mirror image are seen at two sizes and averaged, at three
            times the network's time), or "auto": the model's own.
        sample: Seed of one plausible coloring among many, for networks with color bins; None takes their mean.
        reference: A photograph whose palette the colors shall come near; a network that takes global hints is told,
            for others ab are moved by their statistics.
        tile_size: Side in pixels of overlapping tiles, in which the network sees each photo at its working size (twice
            the model's own unless told otherwise) for the sake of detail, beside one look at the whole photo at the
            model's own size, which decides the colors at large; None sees the whole photo only.
        tile_overlap: Pixels that neighbouring tiles share at least; None takes a quarter of a tile.
        as_published: Run the network's authors' own pipeline instead, to compare with published pictures; the working
            size is then the side of its square.
        backend: What computes the network: "torch", "openvino" (CPU), or "auto": OpenVINO where it is installed and the
            network runs on the CPU. A network that OpenVINO does not take is computed by torch, with a warning.

    Returns:
        A `Colorizer`.

    Raises:
        UsageError: An unknown model or device, or a value out of range.
        WeightsError: The weights are missing, damaged, or do not fit.
        MissingExtraError: The backend is not installed.
    """
    row = find_model(model)
    _check_range("working size", working_size, 32, 4096)
    overlap = _overlap(tile_size, tile_overlap)
    _check_range("temperature", temperature, 0.01, 2.0)
    _check_range("saturation", saturation, 0.0, 3.0)
    _check_range("strength", strength, 0.0, 1.0)
    for value, what, choices in (
        (upsample, "upsample", ("edge", "bilinear")),
        (levels, "levels", ("auto", "stretch", "scan")),
        (quality, "quality", ("auto", "fast", "best")),
    ):
        if value not in choices:
            raise UsageError(f"{what} {value!r} is unknown.", f"Take {' or '.join(choices)}.")
    path = Path(weights) if weights is not None else None
    exported = path is not None and path.suffix.lower() == ONNX_SUFFIX
    if exported:
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
            levels=levels == "auto",
            quality=quality == "auto",
            sample=sample is None,
            reference=reference is None,
            tiles=tile_size is None,
            precision=precision in ("auto", "fp32"),
        )
        pipeline, working_size = pipeline_of(row, working_size)
        precision = "fp32"
    palette = None if reference is None else read_reference(Path(reference))
    engine = resolve_backend(backend, place, free=not (exported or as_published))
    settings = Settings(
        model=model,
        device=str(place),
        precision=resolve_precision(precision, place, engine),
        working_size=row.size_for(working_size, tile_size is not None),
        temperature=(temperature or row.temperature) if row.temperature is not None else None,
        saturation=saturation,
        strength=strength,
        upsample=upsample,
        levels=row.levels if levels == "auto" else levels,
        looks={"auto": row.looks, "fast": (), "best": BEST_LOOKS}[quality],
        sample=sample,
        reference=None if palette is None else palette.sha256,
        tile_size=tile_size,
        tile_overlap=overlap,
        as_published=as_published,
        backend=engine,
    )
    loaded = load_network(model, path)
    if as_published:
        return AsPublished(loaded.network, row, settings, pipeline, loaded.sha256)
    network = loaded.network if engine == "torch" else _by_openvino(loaded, settings.precision)
    if network is None:
        network = loaded.network
        settings = replace(settings, backend="torch", precision=resolve_precision(precision, place))
    return Colorizer(network, row, settings, loaded.sha256, palette)


def _by_openvino(loaded: Loaded, precision: str) -> nn.Module | None:
    """Return a network that OpenVINO computes; None, and a word, where it cannot."""
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    network = loaded.network
    try:
        if isinstance(network, Ensemble):
            names = [weight_files.joined_sha256([loaded.sha256, str(n)]) for n in range(len(network.trunks))]
            parts = zip(network.trunks, names, strict=True)
            return Ensemble([convert(part, loaded.row, name, precision, threads) for part, name in parts])
        return convert(network, loaded.row, loaded.sha256, precision, threads)
    except ConversionError as error:
        logger.warning("%s; torch computes it.", error)
        return None


def _check_range(what: str, value: float | None, least: float, most: float) -> None:
    if value is not None and not least <= value <= most:
        raise UsageError(f"The {what} must lie in {least:g}..{most:g}, not {value:g}.")


def _overlap(tile_size: int | None, tile_overlap: int | None) -> int | None:
    """Return how much tiles overlap; None where there are none."""
    if tile_size is None:
        if tile_overlap is not None:
            raise UsageError("Only tiles overlap.", "Give --tile-size, too.")
        return None
    _check_range("tile size", tile_size, LEAST_TILE, 4096)
    _check_range("tile overlap", tile_overlap, 4, tile_size // 2)
    return tile_overlap or tile_size // OVERLAP_SHARE


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
