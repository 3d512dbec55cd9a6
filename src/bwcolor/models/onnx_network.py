# SPDX-License-Identifier: Apache-2.0
"""Networks that ONNX Runtime runs, from files of `export`; they keep the Network contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from bwcolor.errors import MissingExtraError, WeightsError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

SUFFIX = ".onnx"
HEADER_KEY = "bwcolor"
HINT_CHANNELS = 3  # a, b and mask


class OnnxNetwork(nn.Module):
    """A network that gives ab.

    Args:
        session: Of a file of `export`.
    """

    def __init__(self, session: InferenceSession) -> None:
        super().__init__()
        self._session = session
        self._inputs = {given.name for given in session.get_inputs()}

    def run(self, lightness: Tensor, hints: Tensor | None, temperature: float = 1.0) -> list[Tensor]:
        """Return all outputs of the file, on the device of the lightness.

        Raises:
            WeightsError: There are hints, and the file was exported without.
        """
        if hints is not None and "hints" not in self._inputs:
            raise WeightsError("This ONNX file takes no color hints.", "Export it again, with --hints.")
        feed = {"lightness": lightness.float().cpu().numpy()}
        if "hints" in self._inputs:
            empty = lightness.new_zeros(len(lightness), HINT_CHANNELS, *lightness.shape[-2:])
            feed["hints"] = (empty if hints is None else hints).float().cpu().numpy()
        if "temperature" in self._inputs:
            feed["temperature"] = np.array(temperature, dtype=np.float32)
        return [torch.from_numpy(output).to(lightness.device) for output in self._session.run(None, feed)]

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return ab ``(N, 2, h/s, w/s)`` in Lab units for ``(N, 1, h, w)`` L in 0..100."""
        return self.run(lightness, hints)[0]


class OnnxClassifier(OnnxNetwork):
    """A network that gives ab and a distribution over color bins.

    Args:
        session: Of a file of `export`.
        centers: ``(Q, 2)`` float, the bins' ab in Lab units.
    """

    centers: Tensor

    def __init__(self, session: InferenceSession, centers: Tensor) -> None:
        super().__init__(session)
        self.register_buffer("centers", centers)

    def colors(self, lightness: Tensor, hints: Tensor | None = None, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
        """Return ab ``(N, 2, h/s, w/s)`` in Lab units, and the logits ``(N, Q, h/s, w/s)``."""
        ab, logits = self.run(lightness, hints, temperature)
        return ab, logits

    def distribution(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return the logits ``(N, Q, h/s, w/s)``."""
        return self.colors(lightness, hints)[1]


def read_onnx(path: Path) -> tuple[OnnxNetwork, dict[str, Any]]:
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
    if centers is None:
        return OnnxNetwork(session), about
    return OnnxClassifier(session, torch.tensor(centers)), about


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
