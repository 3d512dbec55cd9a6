# SPDX-License-Identifier: Apache-2.0
"""Published PyTorch files become safetensors, once, value by value; nothing that stands in them is ever run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bwcolor.errors import WeightsError
from bwcolor.models import weights as weight_files
from bwcolor.models.cache import alone, cache_folder
from bwcolor.models.download import RemoteFile, fetch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

# Under one of these, training programs keep the state dict beside what else they save
WRAPPERS = ("params", "model")
# In some circulating files of DDColor: the classifier that its encoder was trained with, in no path of the network
SURPLUS = frozenset({"encoder.arch.head_cls.weight", "encoder.arch.head_cls.bias"})


def read_pickle(path: Path) -> dict[str, Tensor]:
    """Read a state dict that PyTorch wrote, running nothing that stands in it.

    Args:
        path: A ``.pth``, ``.pt`` or ``.bin`` file: a state dict, or one of `WRAPPERS` around it.

    Returns:
        Names and tensors.

    Raises:
        WeightsError: It is damaged, or holds anything besides tensors.
    """
    import pickle

    import torch

    try:
        with torch.serialization.safe_globals([slice]):  # DeOldify's files hold some, in their optimizer's state
            state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        why = str(error).partition("\n")[0]
        raise WeightsError(f"{path} holds more than weights, and is refused: {why}", "Do not trust it.") from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, AttributeError) as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        raise WeightsError(f"{path} is damaged: {why}", "Fetch it again.") from error
    for wrapper in WRAPPERS:
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    if not isinstance(state, dict) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in state.items()
    ):
        raise WeightsError(f"{path} is no table of weights.", "A plain state dict is expected.")
    return state


def obtain(file: RemoteFile, layout: Mapping[str, Tensor], source: Path | None = None) -> Path:
    """Return a published PyTorch file as safetensors: fetched, checked and converted once.

    Args:
        file: What is published.
        layout: Names and shapes that it must have, all of them and no others (tensors may be on the meta device).
        source: The published file, where it is on this machine already.

    Returns:
        The converted file, whose values are those of the published one.

    Raises:
        WeightsError: It cannot be had, is refused, or has other tensors.
        OutputError: The cache cannot be written.
    """
    target = cache_folder() / f"{Path(file.name).stem}.safetensors"
    if target.is_file():
        return target
    published = source or fetch(file)
    with alone(target):
        if not target.is_file():
            convert(published, target, layout)
    if source is None:
        published.unlink(missing_ok=True)
    return target


def convert(source: Path, target: Path, layout: Mapping[str, Tensor], model: str = "") -> None:
    """Write a PyTorch file as safetensors, value by value, after a strict comparison with a layout (see `obtain`).

    Normalized weights become plain ones (see `normed`), which is what the layout has.
    """
    from bwcolor.models.normed import folded

    state = folded({name: value for name, value in read_pickle(source).items() if name not in SURPLUS})
    weight_files.compare(layout, state, source, target.stem)
    about = {"model": model, "source": source.name, "source_sha256": weight_files.file_sha256(source)}
    weight_files.write_state(state, target, about, half=False)
    weight_files.record_sha256(target)
