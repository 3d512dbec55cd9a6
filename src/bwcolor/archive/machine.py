# SPDX-License-Identifier: Apache-2.0
"""What this machine may be asked for: cores, memory, room on a disk."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from pathlib import Path

_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
FALLBACK_MEMORY = 4 << 30  # bytes, where the system does not say


def cores() -> int:
    """Return the cores that this process may use: those of its cpuset, not those of the whole machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> int:
    """Return the bytes of memory that this process may use: the machine's, or its container's if that is less."""
    limits = []
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for name in _CGROUP_LIMITS:
        try:
            limits.append(int(Path(name).read_text()))
        except (OSError, ValueError):  # not there, or "max"
            continue
    return min(limits, default=FALLBACK_MEMORY)


def free_space(folder: Path) -> int:
    """Return the bytes free on the disk that a folder lies on, or will lie on once it is made."""
    there = next(place for place in [folder, *folder.parents] if place.exists())
    return shutil.disk_usage(there).free


def use_one_thread() -> None:
    """Let each photo have one thread: many photos fill the cores, and a result never depends on how many there are."""
    import cv2
    import torch

    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def give_memory_back() -> None:
    """Give free memory back to the system.

    glibc keeps what lies between pieces in use, and photos of many sizes leave holes of many sizes.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform.startswith("linux") else None
    if trim is not None:
        trim(0)
