# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: complete, atomic, the last three and the best."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import torch

from bwcolor.errors import NothingToDoError, OutputError

FOLDER = "checkpoints"
KEPT = 3  # newest checkpoints that stay; each holds everything
BEST = "best.pt"  # of the evaluation with the smallest held-out loss; stays beside them


def save(run: Path, step: int, state: dict[str, Any], best: bool = False) -> Path:
    """Write a checkpoint beside the others and drop the oldest.

    Args:
        run: The run's folder.
        step: Optimizer steps done.
        state: Tensors and plain values only.
        best: Whether it replaces the best one instead.

    Returns:
        The file.

    Raises:
        OutputError: It cannot be written.
    """
    target = run / FOLDER / (BEST if best else f"step-{step:08d}.pt")
    temporary = target.with_suffix(".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            torch.save(state, stream)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
        for old in sorted(target.parent.glob("step-*.pt"))[:-KEPT]:
            old.unlink()
    except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError
        raise OutputError(f"The checkpoint {target} cannot be written: {error}.", "Free some space.") from error
    return target


def has_any(run: Path) -> bool:
    """Return whether a run has written a checkpoint."""
    return bool(_written(run))


def _written(run: Path) -> list[Path]:
    """Return the checkpoints of a run, the newest first, the best one last."""
    best = run / FOLDER / BEST
    return [*sorted((run / FOLDER).glob("step-*.pt"), reverse=True), *([best] if best.is_file() else [])]


def load_newest(run: Path) -> dict[str, Any]:
    """Read the newest checkpoint of a run that is whole.

    Args:
        run: The run's folder.

    Returns:
        What was given to `save`.

    Raises:
        NothingToDoError: There is none.
    """
    for path in _written(run):
        state = _read(path)
        if state is not None:
            return state
    raise NothingToDoError(f"{run} holds no checkpoint to resume.", "Start anew with: bwcolor train --out RUN_DIR.")


def load_best(run: Path) -> dict[str, Any] | None:
    """Read the best checkpoint of a run; None where there is none."""
    return _read(run / FOLDER / BEST)


def _read(path: Path) -> dict[str, Any] | None:
    """Return a checkpoint that is there and whole, else None."""
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError):
        return None
    return state
