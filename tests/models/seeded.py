# SPDX-License-Identifier: Apache-2.0
"""Weights that anybody can make again, and what original implementations compute with them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from bwcolor.models.normed import SpectralConv1d, SpectralConv2d, WeightNormConv2d, folded

ROOT = Path(__file__).resolve().parents[2]


def conformance_folder() -> Path | None:
    """Return the folder of recorded outputs beside that of the shared photographs, or None."""
    named = os.environ.get("BWCOLOR_PHOTOS")
    beside = Path(named).resolve().parent if named else ROOT.parent / "shared"
    folder = beside / "conformance"
    return folder if folder.is_dir() else None


def seeded_array(name: str, shape: tuple[int, ...], dtype: torch.dtype, gain: float) -> np.ndarray:
    """Return weights that depend on a name only, with sizes as after training (raw PCG64 words: same everywhere)."""
    if not dtype.is_floating_point:
        return np.zeros(shape, dtype=np.int64)
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    words = np.random.PCG64(seed).random_raw(int(np.prod(shape, dtype=np.int64)))
    unit = np.sqrt(3.0) * ((words >> np.uint64(40)).astype(np.float64) / 2.0**23 - 1.0).reshape(shape)
    last = name.rpartition(".")[2]
    if last == "running_mean" or "bias" in last:
        value = 0.1 * unit
    elif last == "running_var":
        value = 1.0 + 0.1 * np.abs(unit)
    elif last.endswith("_g"):
        value = gain * (1.0 + 0.1 * unit)
    elif last.endswith("_u"):
        value = unit / np.linalg.norm(unit)
    elif last in ("gamma", "layer_scale"):
        value = 0.5 + 0.1 * unit
    elif len(shape) >= 2:
        value = gain * unit / np.sqrt(np.prod(shape[1:], dtype=np.float64))
    else:
        value = 1.0 + 0.1 * unit
    return value.astype(np.float32)


def fill_seeded(network: torch.nn.Module, gain: float, names: dict[str, str] | None = None) -> None:
    """Fill a network; ``names`` maps its own names to those that seed the values."""
    state = {}
    for name, value in network.state_dict().items():
        seeded = seeded_array((names or {}).get(name, name), tuple(value.shape), value.dtype, gain)
        state[name] = torch.from_numpy(seeded).reshape(value.shape)
    network.load_state_dict(state, strict=True)
    network.eval()


def published_layout(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return the names and shapes of a network's published file, which has the parts of each normalized weight."""
    layout = dict(network.state_dict())
    for prefix, module in network.named_modules():
        name = f"{prefix}.weight"
        if isinstance(module, SpectralConv1d | SpectralConv2d):
            weight = layout.pop(name)
            layout[f"{name}_orig"] = weight
            layout[f"{name}_u"] = weight.new_empty(weight.shape[0])
            layout[f"{name}_v"] = weight.new_empty(weight[0].numel())
        elif isinstance(module, WeightNormConv2d):
            layout[f"{name}_v"] = weight = layout.pop(name)
            layout[f"{name}_g"] = weight.new_empty(weight.shape[0], *[1] * (weight.ndim - 1))
    return layout


def seeded_published(network: torch.nn.Module, gain: float) -> dict[str, torch.Tensor]:
    """Return what a network's published file would hold, with seeded values, but for constants of its own."""
    kept = {name: value for name, value in network.named_buffers() if name in ("mean", "std")}
    state = {}
    for name, value in published_layout(network).items():
        seeded = seeded_array(name, tuple(value.shape), value.dtype, gain)
        state[name] = kept.get(name, torch.from_numpy(seeded).reshape(value.shape))
    for name in [name for name in state if name.endswith("_orig")]:
        stem = name.removesuffix("_orig")
        v = state[name].double().flatten(1).T @ state[f"{stem}_u"].double()
        state[f"{stem}_v"] = (v / v.norm()).float()
    return state


def fill_published(network: torch.nn.Module, gain: float) -> None:
    """Fill a network with seeded values by the way of its published form."""
    network.load_state_dict(folded(seeded_published(network, gain)), strict=True)
    network.eval()


@dataclass(frozen=True)
class Recording:
    """What an original implementation computes with seeded weights."""

    gain: float
    table: list[tuple[str, str, str]]
    arrays: dict[str, np.ndarray]

    def inputs(self, case: int, name: str) -> torch.Tensor:
        return torch.from_numpy(self.arrays[f"c{case}.in.{name}"])

    def check(self, case: int, name: str, ours: torch.Tensor) -> None:
        assert list(ours.shape) == self.arrays[f"c{case}.shape.{name}"].tolist()
        steps = tuple(slice(None, None, int(step)) for step in self.arrays[f"c{case}.step.{name}"])
        difference = np.abs(ours.double().numpy()[steps] - self.arrays[f"c{case}.out.{name}"]).max()
        assert difference <= self.arrays[f"c{case}.tol.{name}"]

    def check_table(self, network: torch.nn.Module) -> None:
        ours = [
            (name, "x".join(map(str, value.shape)) or "scalar", str(value.dtype).removeprefix("torch."))
            for name, value in published_layout(network).items()
        ]
        assert sorted(ours) == sorted(self.table)


def layer_table(name: str) -> list[int]:
    """Return the parameters of each layer of a network's recorded table, sorted; skips where there is none."""
    folder = conformance_folder()
    if folder is None:
        pytest.skip("no tables of layers here")
    lines = (folder / name / "layers.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return sorted(
        int(line.split("\t")[-1]) for line in lines if not line.startswith("#") and line.split("\t")[-1] != "0"
    )


def parameters_by_layer(network: torch.nn.Module, besides: str = "nothing") -> list[int]:
    """Return the numbers that each layer holds (statistics too, counts of batches not), sorted."""
    counts: dict[str, int] = {}
    for name, value in network.state_dict().items():
        layer, _, last = name.rpartition(".")
        if last != "num_batches_tracked" and not name.startswith(besides):
            counts[layer] = counts.get(layer, 0) + value.numel()
    return sorted(counts.values())
