# SPDX-License-Identifier: Apache-2.0
"""Networks that ONNX Runtime runs, from files of `export`; they keep the Network contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from bwcolor.errors import MissingExtraError, WeightsError
from bwcolor.models.outside import Compute, Outside, OutsideClassifier, Planes

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

SUFFIX = ".onnx"
HEADER_KEY = "bwcolor"
HINT_CHANNELS = 3  # a, b and mask


def read_onnx(path: Path) -> tuple[Outside, dict[str, Any]]:
    """Return the network of an ONNX file, and what the file says of itself.

    Raises:
        MissingExtraError: ONNX Runtime is not installed.
        WeightsError: The file is missing, damaged, or not one of ours.
    """
    if not path.is_file():
        raise WeightsError(f"{path} does not exist.")
    session = session_of(str(path))
    header = session.get_modelmeta().custom_metadata_map.get(HEADER_KEY)
    if header is None:
        raise WeightsError(f"{path} was not exported by bwcolor.", "See: bwcolor models export --help")
    about: dict[str, Any] = json.loads(header)
    centers = about.pop("centers", None)
    compute = _computing(session)
    return Outside(compute) if centers is None else OutsideClassifier(compute, torch.tensor(centers)), about


def _computing(session: InferenceSession) -> Compute:
    """Return what computes a session's network."""
    inputs = {given.name for given in session.get_inputs()}

    def compute(lightness: Planes, hints: Planes | None, temperature: float) -> list[Planes]:
        if hints is not None and "hints" not in inputs:
            raise WeightsError("This ONNX file takes no color hints.", "Export it again, with --hints.")
        feed = {"lightness": lightness}
        if "hints" in inputs:
            empty = (len(lightness), HINT_CHANNELS, *lightness.shape[-2:])
            feed["hints"] = np.zeros(empty, dtype=np.float32) if hints is None else hints
        if "temperature" in inputs:
            feed["temperature"] = np.array(temperature, dtype=np.float32)
        return list(session.run(None, feed))

    return compute


def session_of(content: bytes | str) -> InferenceSession:
    """Return ONNX Runtime's session for a file's content or its path, on as many threads as torch takes.

    Raises:
        MissingExtraError: ONNX Runtime is not installed.
        WeightsError: That is no ONNX file.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError(
            "ONNX files need packages that are not installed.", "Install them with: pip install 'bwcolor[onnx]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3  # errors
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # beside other work, spinning only costs
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors share no other base
        if isinstance(error, MemoryError):
            raise
        what = content if isinstance(content, str) else "What was exported"
        raise WeightsError(f"{what} is no whole ONNX file: {str(error).partition(chr(10))[0]}") from error
