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
from bwcolor.models.table import ModelRow

if TYPE_CHECKING:
    from torch import Tensor, nn

# One entry of the file's header holds all that we say of the weights, as JSON: with several their order, and so the
# file's hash, would change from one writing to the next.
HEADER_KEY = "bwcolor"


def shipped_path(row: ModelRow) -> Path:
    """Return where the shipped weights of a row lie.

    Raises:
        WeightsError: They are not there.
    """
    path = Path(str(resources.files("bwcolor") / "weights" / row.weights))
    if not row.weights or not path.is_file():
        raise WeightsError(
            f"No weights of {row.name!r} are installed.",
            f"Train some with: bwcolor train --model {row.name}, and give them with --weights FILE.",
        )
    return path


def file_sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_state(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a weights file.

    Args:
        path: A safetensors file.

    Returns:
        The tensors as float32 (integers stay), and what the file says of itself (see `write_state`).

    Raises:
        WeightsError: The file is missing or damaged.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WeightsError(f"{path} does not exist.", "Give --weights a .safetensors file.")
    try:
        with safe_open(path, framework="pt") as opened:
            state = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            about = json.loads((opened.metadata() or {}).get(HEADER_KEY, "{}"))
    except (SafetensorError, OSError, json.JSONDecodeError) as error:
        raise WeightsError(f"{path} is not a whole safetensors file: {error}.", "Fetch or train it again.") from error
    return {name: value.float() if value.is_floating_point() else value for name, value in state.items()}, about


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
    extra = [name for name in state if name not in own and not name.startswith("ab_")]
    missing = [name for name in own if name not in state]
    shapes = [name for name in own if name in state and own[name].shape != state[name].shape]
    if extra or missing or shapes:
        parts = [
            f"{what} {', '.join(names[:3])}{' ...' if len(names) > 3 else ''}"
            for what, names in (("missing", missing), ("unknown", extra), ("of another shape", shapes))
            if names
        ]
        raise WeightsError(f"{path} does not fit {type(network).__name__.lower()}: {'; '.join(parts)}.")
    network.load_state_dict({name: state[name] for name in own})


def write_state(network_state: dict[str, Tensor], target: Path, about: dict[str, Any]) -> None:
    """Write inference weights as fp16 safetensors, atomically.

    Args:
        network_state: Names and tensors; floating ones are stored as float16.
        target: The file.
        about: What the file says of itself, plain values: "model", "version", "training".

    Raises:
        OutputError: It cannot be written.
        WeightsError: A value does not fit float16.
    """
    import torch
    from safetensors.torch import save

    state = {}
    for name, value in network_state.items():
        stored = value.detach().cpu().contiguous()
        stored = stored.half() if stored.is_floating_point() else stored
        if stored.is_floating_point() and not torch.isfinite(stored).all():
            raise WeightsError(f"{name} holds values that are not finite in float16.", "The training has diverged.")
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
