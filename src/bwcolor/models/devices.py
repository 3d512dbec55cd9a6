# SPDX-License-Identifier: Apache-2.0
"""Which device runs a network, and in which precision: decided by what the machine is, never by a stopwatch."""

from __future__ import annotations

import torch

from bwcolor.errors import UsageError

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def resolve_device(name: str) -> torch.device:
    """Return the device of a name.

    Args:
        name: "auto" (CUDA where there is one, else CPU), "cpu", "cuda" or "cuda:N".

    Raises:
        UsageError: There is no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, number = name.partition(":")
    if kind not in {"cpu", "cuda"} or (number and not number.isdigit()) or (kind == "cpu" and number):
        raise UsageError(f"{name!r} is no device.", "Take --device auto, cpu, cuda or cuda:N.")
    if kind == "cuda" and not torch.cuda.is_available():
        raise UsageError(f"There is no device {name!r}: torch {torch.__version__} sees no CUDA.", "Take --device cpu.")
    if kind == "cuda" and int(number or 0) >= torch.cuda.device_count():
        raise UsageError(
            f"There is no device {name!r}: {torch.cuda.device_count()} are here.", "They count from cuda:0."
        )
    return torch.device(name)


def resolve_precision(name: str, device: torch.device) -> str:
    """Return the precision that is meant on a device.

    Args:
        name: "auto" (bf16 where the processor has units for it, fp16 on older CUDA, else fp32), "fp32", "bf16", "fp16".
        device: Where the network runs.

    Returns:
        "fp32", "bf16" or "fp16".

    Raises:
        UsageError: No such precision, or fp16 on a CPU.
    """
    if name != "auto":
        if name not in PRECISIONS:
            raise UsageError(f"{name!r} is no precision.", "Take --precision auto, fp32, bf16 or fp16.")
        if name == "fp16" and device.type == "cpu":
            raise UsageError("fp16 is for CUDA only.", "Take --precision auto, fp32 or bf16 on a CPU.")
        return name
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    able = torch.cpu.get_capabilities()
    return "bf16" if able.get("avx512_bf16") or able.get("amx_bf16") else "fp32"


def is_out_of_memory(error: RuntimeError) -> bool:
    """Return whether a device or the processor has had no memory left; torch has no class for the processor's."""
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)
