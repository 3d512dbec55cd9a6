# SPDX-License-Identifier: Apache-2.0
"""Where weights lie and how they are trusted: safetensors only, strict names and shapes, pinned hashes."""

from __future__ import annotations

import hashlib
import json
import os
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bwcolor.errors import OutputError, WeightsError
from bwcolor.models.cache import cache_folder, checked_sha256
from bwcolor.models.row import ModelRow
from bwcolor.models.table import find_model

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from torch import Tensor, nn

# One entry of the file's header holds all that we say of the weights, as JSON: with several their order, and so the
# file's hash, would change from one writing to the next.
HEADER_KEY = "bwcolor"

# Of the trunk (models/trunk.py): one file fills `gan`, and `classify` without its second head
BINS_HEAD = "bins_head.weight"
SECOND_HEAD = "ab_"

# A tensor of 8-bit integers has beside it, under its name and this, what they are multiples of
SCALE = ".scale"
LARGEST = 127  # of an 8-bit integer, either way


def shipped_path(row: ModelRow) -> Path:
    """Return where the shipped weights of a row lie.

    Raises:
        WeightsError: They are not there.
    """
    path = Path(str(resources.files("bwcolor") / "weights" / row.weights))
    if not row.weights or not path.is_file():
        raise _none_of(row)
    return path


def _none_of(row: ModelRow) -> WeightsError:
    hint = f"Train some with: bwcolor train --model {row.name}, and give them with --weights FILE."
    return WeightsError(f"No weights of {row.name!r} are installed.", hint)


def kept_path(row: ModelRow) -> Path:
    """Return where the weights of a row lie that were imported, or fetched and converted; they need not be there."""
    stem = Path(row.origin.name).stem if row.origin else row.name
    return cache_folder() / f"{stem}.safetensors"


def local_path(row: ModelRow) -> Path | None:
    """Return the weights file of a row that is on this machine, the shipped one first; None where there is none."""
    shipped = Path(str(resources.files("bwcolor") / "weights" / row.weights))
    if row.weights and shipped.is_file():
        return shipped
    return kept_path(row) if kept_path(row).is_file() else None


def known_sha256(row: ModelRow) -> str | None:
    """Return what identifies a network's own weights (see `bwcolor.models.loading.Loaded`), without torch.

    Returns:
        Its hash, empty for a network without weights; None where the weights are not here.
    """
    if row.parts:
        parts = [known_sha256(find_model(part)) for part in row.parts]
        return None if None in parts else joined_sha256([part for part in parts if part is not None])
    path = local_path(row)
    if path is None:
        return None if needs_weights(row) else ""
    return row.sha256 if path != kept_path(row) else checked_sha256(path)


def needs_weights(row: ModelRow) -> bool:
    """Return whether a row's network has any weights."""
    return bool(row.weights or row.origin or row.trainable or row.parts)


def joined_sha256(parts: list[str]) -> str:
    """Return the hash of several hashes, in their order."""
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_state(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a weights file.

    Args:
        path: A safetensors file.

    Returns:
        The tensors as float32 (longer integers than 8 bits stay), and what the file says of itself (see `write_state`).

    Raises:
        WeightsError: The file is missing or damaged.
    """
    import torch
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WeightsError(f"{path} does not exist.", "Give --weights a .safetensors file.")
    try:
        with safe_open(path, framework="pt") as opened:
            state = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            about = json.loads((opened.metadata() or {}).get(HEADER_KEY, "{}"))
    except (SafetensorError, OSError, json.JSONDecodeError) as error:
        raise WeightsError(f"{path} is not a whole safetensors file: {error}.", "Fetch or train it again.") from error
    for name in [name for name, value in state.items() if value.dtype == torch.int8]:
        step = state.pop(name + SCALE, None)
        if step is None or not step.is_floating_point() or step.shape != steps_shape(state[name]):
            raise WeightsError(f"{path}: nobody knows what the integers of {name} are multiples of.")
        state[name] = state[name] * step.float()
    return {name: value.float() if value.is_floating_point() else value for name, value in state.items()}, about


def read_about(path: Path) -> dict[str, Any]:
    """Return what a weights file says of itself, without reading its tensors (see `read_state`)."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WeightsError(f"{path} does not exist.", "Give --weights a .safetensors file.")
    try:
        with safe_open(path, framework="pt") as opened:
            about: dict[str, Any] = json.loads((opened.metadata() or {}).get(HEADER_KEY, "{}"))
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"{path} is not a whole safetensors file: {error}.", "Fetch or train it again.") from error
    return about


def record_path(path: Path) -> Path:
    """Return where the hash of a kept file is recorded, in the form of ``sha256sum``."""
    return path.with_name(f"{path.name}.sha256")


def record_sha256(path: Path) -> None:
    """Record the hash that a kept file has now."""
    try:
        record_path(path).write_text(f"{file_sha256(path)}  {path.name}\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{record_path(path)} cannot be written: {error}.") from error


def recorded_sha256(path: Path) -> str | None:
    """Return the hash that a kept file had when it came; None where nothing is recorded."""
    record = record_path(path)
    return record.read_text(encoding="utf-8").partition(" ")[0] if record.is_file() else None


def compare(own: Mapping[str, Tensor], state: Mapping[str, Tensor], path: Path, what: str) -> None:
    """Compare names and shapes strictly; a trunk with one head is also fit by a file that holds both.

    Args:
        own: What a network has.
        state: What a file holds.
        path: The file, for the message.
        what: The network, for the message.

    Raises:
        WeightsError: They differ; the message names the first tensors.
    """
    two_headed = any(name.endswith(BINS_HEAD) for name in own)
    extra = [name for name in state if name not in own and not (two_headed and of_second_head(name))]
    missing = [name for name in own if name not in state]
    shapes = [name for name in own if name in state and own[name].shape != state[name].shape]
    if extra or missing or shapes:
        parts = [
            f"{what} {', '.join(names[:3])}{' ...' if len(names) > 3 else ''}"
            for what, names in (("missing", missing), ("unknown", extra), ("of another shape", shapes))
            if names
        ]
        raise WeightsError(f"{path} does not fit {what}: {'; '.join(parts)}.")


def of_second_head(name: str) -> bool:
    """Return whether a tensor of a trunk, or of one of several, belongs to its second head."""
    return any(part.startswith(SECOND_HEAD) for part in name.split("."))


def fill(network: nn.Module, path: Path) -> None:
    """Load weights into a network, strictly: every name, every shape.

    A file of `Gan` also fills `Classify`, which is the same network without the ab head.

    Args:
        network: To fill in place.
        path: A safetensors file.

    Raises:
        WeightsError: The file does not fit; the message names the first differences.
    """
    state, _ = read_state(path)
    own = network.state_dict()
    compare(own, state, path, type(network).__name__.lower())
    network.load_state_dict({name: state[name] for name in own})


def steps_shape(value: Tensor) -> tuple[int, ...]:
    """Return the shape of the steps of a weight in 8 bits: one for each of its outputs."""
    return (len(value), *(1 for _ in value.shape[1:])) if value.ndim else ()


def in_8_bits(value: Tensor) -> tuple[Tensor, Tensor]:
    """Round a weight to 8-bit multiples of a step that is its own for each of its outputs.

    Args:
        value: ``(outputs, ...)`` float.

    Returns:
        The multiples, int8 of the same shape, and the steps, float32 ``(outputs, 1, ...)``.
    """
    step = value.abs().amax(dim=tuple(range(1, value.ndim)), keepdim=True).float().clamp_min(1e-12) / LARGEST
    return (value / step).round().char(), step


def write_state(
    network_state: Mapping[str, Tensor],
    target: Path,
    about: Mapping[str, Any],
    half: bool = True,
    coarse: Collection[str] = (),
) -> None:
    """Write inference weights as safetensors, atomically.

    Args:
        network_state: Names and tensors.
        target: The file.
        about: What the file says of itself, plain values: "model", "options" (of a network that has several forms),
            "version", "training".
        half: Whether floating tensors are stored as float16, but for those that hold larger values than it can (the
            running variances of a network without good first weights); otherwise they stay as they are.
        coarse: Names of those that are stored in 8 bits (see `in_8_bits`).

    Raises:
        OutputError: It cannot be written.
        WeightsError: A value is not finite.
    """
    import torch
    from safetensors.torch import save

    state = {}
    for name, value in network_state.items():
        stored = value.detach().cpu().contiguous()
        if stored.is_floating_point() and not torch.isfinite(stored).all():
            raise WeightsError(f"{name} holds values that are not finite.", "The training has diverged.")
        if name in coarse:
            stored, state[name + SCALE] = in_8_bits(stored)
        elif half and stored.is_floating_point() and torch.isfinite(stored.half()).all():
            stored = stored.half()
        state[name] = stored
    temporary = target.with_name(f".{target.name}.part")
    try:
        with temporary.open("wb") as stream:
            stream.write(save(state, {HEADER_KEY: json.dumps(about, sort_keys=True)}))
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error}.") from error
