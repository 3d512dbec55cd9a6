# SPDX-License-Identifier: Apache-2.0
"""Networks that OpenVINO computes on the processor; they keep the Network contract.

A network is converted once for each version of its weights and of OpenVINO; the outcome is kept beside fetched weights.
Sizes stay free: those that a run meets are few (see `inference.GRAIN`), and OpenVINO keeps a plan for each of them.
Whatever comes out of the conversion or the cache is held against the network itself before it colors anything.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from bwcolor import __version__
from bwcolor.errors import MissingExtraError
from bwcolor.models.cache import home
from bwcolor.models.network import Classifier
from bwcolor.models.outside import Outside, OutsideClassifier, Planes
from bwcolor.models.row import ModelRow
from bwcolor.models.traced import PROVEN, TRACED, Traced, differing, example, inputs_of

if TYPE_CHECKING:
    from openvino import CompiledModel, InferRequest, Model

CACHE = "openvino"  # folder below `download.home`
HINTS = {"fp32": "f32", "bf16": "bf16"}  # OpenVINO's names of the precisions
# Of the range of an output: what a conversion may be off. Sums in bf16 keep 8 bits, and are taken in another order.
TOLERANCES = {"fp32": 1e-3, "bf16": 0.1}

logger = logging.getLogger(__name__)


class ConversionError(Exception):
    """OpenVINO does not take the network, or computes something else."""


def is_installed() -> bool:
    """Say whether OpenVINO is there, without loading it."""
    return find_spec("openvino") is not None


def convert(network: nn.Module, row: ModelRow, weights_sha256: str, precision: str, threads: int) -> Outside:
    """Return a network that OpenVINO computes, one thread for each photo.

    Args:
        network: With its weights, on the CPU.
        row: Its row of the MODELS table.
        weights_sha256: Of its weights; empty for a network without any.
        precision: "fp32" or "bf16".
        threads: Photos at once.

    Raises:
        MissingExtraError: OpenVINO is not installed.
        ConversionError: It does not take the network, or computes something else.
    """
    if not is_installed():
        raise MissingExtraError(
            "The backend openvino needs a package that is not installed.",
            "Install it with: pip install 'bwcolor[openvino]'",
        )
    graphs = _Graphs(network.eval(), row, weights_sha256, precision, threads)
    graphs.prove(hints=False)
    if isinstance(network, Classifier):
        return OutsideClassifier(graphs.compute, network.centers)
    return Outside(graphs.compute)


@dataclass
class _Graphs:
    """A network's graphs: one for photos without hints, and one with, made when the first hints come."""

    network: nn.Module
    row: ModelRow
    weights_sha256: str
    precision: str
    threads: int
    compiled: dict[bool, CompiledModel] = field(default_factory=dict)
    mutex: threading.Lock = field(default_factory=threading.Lock)
    own: threading.local = field(default_factory=threading.local)
    passing: TemporaryDirectory[str] | None = None

    def compute(self, lightness: Planes, hints: Planes | None, temperature: float) -> list[Planes]:
        """Return ab, and the logits of a network with color bins."""
        names = inputs_of(self.network, hints is not None)
        given = {"lightness": lightness, "hints": hints, "temperature": np.array(temperature, dtype=np.float32)}
        request = self._request(hints is not None)
        request.infer([given[name] for name in names])
        return [np.array(output.data, dtype=np.float32) for output in request.output_tensors]

    def _request(self, hints: bool) -> InferRequest:
        """Return this thread's own request."""
        requests: dict[Any, InferRequest] = self.own.__dict__
        if hints not in requests:
            with self.mutex:
                if hints not in self.compiled:
                    self.compiled[hints] = self._compile(hints)
            requests[hints] = self.compiled[hints].create_infer_request()
        return requests[hints]

    def _compile(self, hints: bool) -> CompiledModel:
        import openvino

        settings = {
            "INFERENCE_PRECISION_HINT": HINTS[self.precision],
            # a photo's result must not depend on how many threads there are: one for each
            "NUM_STREAMS": str(self.threads),
            "INFERENCE_NUM_THREADS": self.threads,
            "ENABLE_CPU_PINNING": False,
        }
        return openvino.Core().compile_model(self._model(hints), "CPU", settings)

    def _model(self, hints: bool) -> Model:
        """Return the network as OpenVINO has it, from the cache or by tracing."""
        import openvino

        identity = f"{self.row.name} {self.weights_sha256} {hints} {__version__} {openvino.__version__}"
        kept = home() / CACHE / f"{self.row.name}-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
        # weights without a hash are nobody's: two such networks cannot be told apart
        if self.weights_sha256 and (kept / "network.xml").is_file():
            with suppress(RuntimeError):  # a damaged file is made anew
                return openvino.Core().read_model(kept / "network.xml")
        traced = Traced(self.network, inputs_of(self.network, hints)).eval()
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the sizes that a trace takes for constants: `prove` holds it to them
            model = openvino.convert_model(traced, example_input=tuple(example(traced.names, TRACED, 1.0).values()))
        # what is read is not what was converted to the last bit: it is always read, so that all runs compute the same
        return openvino.Core().read_model(self._keep(model, kept) / "network.xml")

    def _keep(self, model: Model, folder: Path) -> Path:
        """Write a converted network into the cache, or, where that cannot be, into a folder that goes with this."""
        import openvino

        part = folder.with_name(f".{folder.name}.{os.getpid()}")
        try:
            if not self.weights_sha256:
                raise OSError("nobody's weights")
            part.mkdir(parents=True, exist_ok=True)
            openvino.save_model(model, part / "network.xml", compress_to_fp16=False)
            shutil.rmtree(folder, ignore_errors=True)
            part.rename(folder)
            return folder
        except (OSError, RuntimeError) as error:
            logger.debug("the converted network is not kept: %s", error)
            self.passing = TemporaryDirectory(prefix="bwcolor-", ignore_cleanup_errors=True)
            openvino.save_model(model, Path(self.passing.name) / "network.xml", compress_to_fp16=False)
            return Path(self.passing.name)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def prove(self, *, hints: bool) -> None:
        """Compute photos of a size that nothing was traced with, and compare with the network itself.

        Raises:
            ConversionError: OpenVINO does not take it, or computes something else.
        """
        names = inputs_of(self.network, hints)
        given = example(names, PROVEN, self.row.temperature or 1.0)
        arrays = {name: value.numpy() for name, value in given.items()}
        try:
            found = self.compute(arrays["lightness"], arrays.get("hints"), float(arrays.get("temperature", 1.0)))
        except Exception as error:  # its errors share no other base
            if isinstance(error, MemoryError):
                raise
            raise ConversionError(f"OpenVINO does not take {self.row.name}: {_first_line(error)}") from error
        with torch.inference_mode():
            wanted = [value.numpy() for value in Traced(self.network, names)(*given.values())]
        wrong = differing(found, wanted, TOLERANCES[self.precision])
        if wrong:
            raise ConversionError(f"OpenVINO gives another {wrong} of {self.row.name}")


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
