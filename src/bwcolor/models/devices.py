# SPDX-License-Identifier: Apache-2.0
"""Which device runs a network, and in which precision: decided by what the machine is, never by a stopwatch."""

from __future__ import annotations

import torch

from bwcolor.errors import UsageError
from bwcolor.models.openvino_network import is_installed

BACKENDS = ("torch", "openvino", "auto")
PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def resolve_device(name: str) -> torch.device:
    """Return the device of a name.

    Args:
        name: "auto" (CUDA where there is one, else CPU), "cpu", "cuda", "cuda:N" or "mps" (Apple's GPUs).

    Raises:
        UsageError: There is no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, number = name.partition(":")
    if kind not in {"cpu", "cuda", "mps"} or (number and (kind != "cuda" or not number.isdigit())):
        raise UsageError(f"{name!r} is no device.", "Take --device auto, cpu, cuda, cuda:N or mps.")
    if kind == "mps" and not torch.backends.mps.is_available():
        raise UsageError(f"There is no device 'mps': torch {torch.__version__} sees no GPU of Apple's.", "Take cpu.")
    if kind == "cuda" and not torch.cuda.is_available():
        raise UsageError(f"There is no device {name!r}: torch {torch.__version__} sees no CUDA.", "Take --device cpu.")
    if kind == "cuda" and int(number or 0) >= torch.cuda.device_count():
        raise UsageError(
            f"There is no device {name!r}: {torch.cuda.device_count()} are here.", "They count from cuda:0."
        )
    return torch.device(name)


def resolve_precision(name: str, device: torch.device, backend: str = "torch") -> str:
    """Return the precision that is meant on a device.

    Args:
        name: "auto" (bf16 where the processor has units for it, fp16 on older CUDA, else fp32; fp32 by OpenVINO),
            "fp32", "bf16", "fp16".
        device: Where the network runs.
        backend: What computes it. OpenVINO's fp32 gives what torch's fp32 gives, in less time.

    Returns:
        "fp32", "bf16" or "fp16".

    Raises:
        UsageError: No such precision, or fp16 on a CPU.
    """
    if name != "auto":
        if name not in PRECISIONS:
            raise UsageError(f"{name!r} is no precision.", "Take --precision auto, fp32, bf16 or fp16.")
        if name == "fp16" and device.type != "cuda":
            raise UsageError("fp16 is for CUDA only.", "Take --precision auto, fp32 or bf16.")
        return name
    if backend == "openvino":
        return "fp32"
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    if device.type == "mps":
        return "fp32"
    able = torch.cpu.get_capabilities()
    return "bf16" if able.get("avx512_bf16") or able.get("amx_bf16") else "fp32"


def is_out_of_memory(error: RuntimeError) -> bool:
    """Return whether a device or the processor has had no memory left; torch has no class for the processor's."""
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def resolve_backend(name: str, device: torch.device, *, free: bool = True) -> str:
    """Return what computes a network.

    Args:
        name: "auto" (OpenVINO where it is installed and may be chosen, else torch), "torch" or "openvino".
        device: Where the network runs.
        free: Whether there is a choice: ONNX files and published pipelines bring their own way of computing.

    Returns:
        "torch" or "openvino".

    Raises:
        UsageError: No such backend, or not here.
    """
    if name not in BACKENDS:
        raise UsageError(f"{name!r} is no backend.", "Take --backend torch, openvino or auto.")
    able = free and device.type == "cpu"
    if name == "openvino" and not able:
        what = f"{device}" if free else "an ONNX file or a published pipeline"
        raise UsageError(f"OpenVINO does not compute on or for {what}.", "Leave --backend away, or take auto.")
    if name == "auto":
        return "openvino" if able and is_installed() else "torch"
    return name
