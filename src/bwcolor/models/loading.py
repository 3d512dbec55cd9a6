# SPDX-License-Identifier: Apache-2.0
"""From a model's name to a network with its weights, wherever these lie: shipped, kept, or still to be fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from bwcolor.errors import UsageError, WeightsError
from bwcolor.models import conversion
from bwcolor.models import weights as weight_files
from bwcolor.models.cache import checked_sha256
from bwcolor.models.network import build
from bwcolor.models.onnx_network import SUFFIX, read_onnx
from bwcolor.models.row import ModelRow
from bwcolor.models.table import find_model


@dataclass(frozen=True)
class Loaded:
    """A network ready to color.

    Attributes:
        network: With its weights.
        row: Of the MODELS table, or of a mixture.
        sha256: Of the weights file; of a mixture, of its parts' hashes; empty for a network without weights.
        options: The form it was built in, where that is not the default.
    """

    network: nn.Module
    row: ModelRow
    sha256: str
    options: Mapping[str, str] = field(default_factory=dict)


def load_network(name: str, weights: Path | None = None) -> Loaded:
    """Build the network of a name and fill it.

    Args:
        name: Of a model, or of a mixture: ``a+b``.
        weights: A safetensors or ONNX file to take instead of the model's own; it says itself in which form the
            network is.

    Returns:
        The network, its row, and what identifies its weights.

    Raises:
        UsageError: There is no such model, or a mixture is given one file.
        WeightsError: The weights cannot be had, are damaged, or do not fit.
    """
    row = find_model(name)
    if row.parts:
        if weights is not None:
            raise UsageError("A mixture takes each network's own weights.", "Leave --weights away.")
        parts = [load_network(part) for part in row.parts]
        mixture = build(row, networks=[part.network for part in parts])
        return Loaded(mixture, row, weight_files.joined_sha256([part.sha256 for part in parts]))
    if weights is None and not weight_files.needs_weights(row):
        return Loaded(build(row), row, "")
    path = weights or weights_path(row)
    if not path.is_file():
        raise WeightsError(f"{path} does not exist.", "Give --weights a .safetensors file.")
    if path.suffix.lower() == SUFFIX:
        return _load_onnx(row, path)
    options = weight_files.read_about(path).get("options") or {}
    network = build(row, options)
    digest = weight_files.file_sha256(path) if weights else trusted_sha256(row, path)
    weight_files.fill(network, path)
    return Loaded(network, row, digest, options)


def _load_onnx(row: ModelRow, path: Path) -> Loaded:
    network, about = read_onnx(path)
    if about.get("model") != row.name:
        raise WeightsError(f"{path} is a network of {about.get('model')!r}.", f"Take --model {about.get('model')}.")
    return Loaded(network, row, weight_files.file_sha256(path), about.get("options") or {})


def weights_path(row: ModelRow) -> Path:
    """Return where the weights of a row lie, fetching them where they are published and not here.

    Raises:
        WeightsError: There are none, or they cannot be had.
        OutputError: The cache cannot be written.
    """
    here = weight_files.local_path(row)
    if here is not None:
        return here
    if row.origin is None:
        return weight_files.shipped_path(row)  # which says what to do
    return conversion.obtain(row.origin, layout(row))


def layout(row: ModelRow, options: Mapping[str, str] | None = None) -> dict[str, torch.Tensor]:
    """Return the names and shapes of a row's weights, as tensors without memory."""
    with torch.device("meta"):
        return dict(build(row, options).state_dict())


def trusted_sha256(row: ModelRow, path: Path, thorough: bool = False) -> str:
    """Return the hash of a model's own file, if it is the one that was shipped, fetched or imported.

    Args:
        row: Of the MODELS table.
        path: Its weights file.
        thorough: Whether a kept file is read whole in any case; else only where its size or time has changed.

    Raises:
        WeightsError: It is another one now.
    """
    if path != weight_files.kept_path(row):
        digest = weight_files.file_sha256(path)
        if digest != row.sha256:
            raise WeightsError(f"{path} is not the file that was shipped.", "Reinstall bwcolor.")
        return digest
    digest = weight_files.file_sha256(path) if thorough else checked_sha256(path)
    recorded = weight_files.recorded_sha256(path)
    if recorded is not None and recorded != digest:
        raise WeightsError(f"{path} has changed since it came.", "Remove it, and fetch or import it again.")
    return digest
