# SPDX-License-Identifier: Apache-2.0
"""Networks as ONNX files: written here, proven equal there and then, and read by `onnx_network`.

A file has the inputs ``lightness (N, 1, h, w)`` and, for networks with color bins, ``temperature`` (a scalar), and with
`hints` also ``hints (N, 3, h, w)``; it has the outputs ``ab (N, 2, h/s, w/s)`` and, for networks with bins, ``logits``.
N, h and w are free; units and multiples are those of the Network contract (see `network.build`).
"""

from __future__ import annotations

import io
import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from bwcolor.errors import BwcolorError, MissingExtraError, OutputError, UsageError
from bwcolor.models.network import Classifier
from bwcolor.models.onnx_network import HEADER_KEY, SUFFIX, session_of
from bwcolor.models.row import ModelRow
from bwcolor.models.traced import PROVEN, TRACED, Traced, differing, example, inputs_of

OPSET = 17


def export_onnx(network: nn.Module, row: ModelRow, target: Path, about: Mapping[str, Any], hints: bool = False) -> Path:
    """Write a network as ONNX, after a comparison of what both compute.

    Args:
        network: With its weights, on the CPU.
        row: Its row of the MODELS table.
        target: An ``.onnx`` file.
        about: What the file says of itself, plain values (see `weights.write_state`).
        hints: Whether it shall take color hints; without any, it is then shown empty ones.

    Returns:
        The file.

    Raises:
        UsageError: The suffix is another one, or the network takes no hints.
        MissingExtraError: The packages of the extra "onnx" are not installed.
        BwcolorError: The file would compute something else.
        OutputError: It cannot be written.
    """
    if target.suffix.lower() != SUFFIX:
        raise UsageError(f"{target.name} is no name of an ONNX file.", f"Name it {row.name}{SUFFIX}.")
    if hints and not row.takes_hints:
        raise UsageError(f"{row.name} takes no color hints.")
    traced = Traced(network, inputs_of(network, hints)).eval()
    content = _with_header(_trace(traced), {"model": row.name, **about, **_bins_of(network)})
    _prove(content, traced, row)
    temporary = target.with_name(f".{target.name}.part")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error}.") from error
    return target


def _bins_of(network: nn.Module) -> dict[str, Any]:
    return {"centers": network.centers.tolist()} if isinstance(network, Classifier) else {}


def _trace(traced: Traced) -> bytes:
    """Return the network as ONNX."""
    if _missing("onnx"):
        raise MissingExtraError("ONNX files need packages that are not installed.", "pip install 'bwcolor[onnx]'")
    outputs = ("ab", "logits") if isinstance(traced.network, Classifier) else ("ab",)
    planes = [name for name in (*traced.names, *outputs) if name != "temperature"]
    given = example(traced.names, TRACED, 1.0)
    stream = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings():
        # of the sizes that a trace takes for constants, only paddings remain, and those are the same at every size;
        # `_prove` holds the file to that
        warnings.simplefilter("ignore")
        torch.onnx.export(
            traced,
            tuple(given.values()),
            stream,  # type: ignore[arg-type]
            dynamo=False,
            opset_version=OPSET,
            input_names=list(traced.names),
            output_names=list(outputs),
            dynamic_axes={name: {0: "photos", 2: f"{name}_height", 3: f"{name}_width"} for name in planes},
        )
    return stream.getvalue()


def _with_header(content: bytes, about: Mapping[str, Any]) -> bytes:
    """Write what a file says of itself into it."""
    import onnx

    model = onnx.load_from_string(content)
    onnx.helper.set_model_props(model, {HEADER_KEY: json.dumps(about, sort_keys=True)})
    return bytes(model.SerializeToString())


def _prove(content: bytes, traced: Traced, row: ModelRow) -> None:
    """Run the file at a size that it was not traced with, and compare.

    Raises:
        BwcolorError: It computes something else.
    """
    given = example(traced.names, PROVEN, row.temperature or 1.0)
    session = session_of(content)
    found = session.run(None, {name: value.numpy() for name, value in given.items()})
    with torch.no_grad():
        wanted = [value.numpy() for value in traced(*given.values())]
    wrong = differing(found, wanted)
    if wrong:
        raise BwcolorError(f"The ONNX file of {row.name} gives another {wrong}.", "Please report this.")


def _missing(package: str) -> bool:
    from importlib.util import find_spec

    return find_spec(package) is None
