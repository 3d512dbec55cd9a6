# SPDX-License-Identifier: Apache-2.0
"""CIFAR-10 as it is published: binary batches, and pickled batches that are read without running anything in them.

Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009).
"""

from __future__ import annotations

import io
import pickle
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bwcolor.errors import NothingToDoError

SIDE = 32  # pixels
PIXEL_BYTES = 3 * SIDE * SIDE
RECORD_BYTES = 1 + PIXEL_BYTES  # a label before each picture
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_NAME = re.compile(r"(data_batch_\d+|test_batch)(\.bin)?")
# The only names that a published batch mentions; what they stand for is never imported
_MENTIONED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}


@dataclass(frozen=True)
class Records:
    """One batch.

    Attributes:
        pixels: ``(n, 3, 32, 32)`` uint8, planes of R, G and B.
        labels: ``(n,)`` int64, 0..9.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Return a picture as ``(32, 32, 3)`` uint8 sRGB."""
        return np.ascontiguousarray(self.pixels[index].transpose(1, 2, 0))


def is_batch(path: Path) -> bool:
    """Return whether a file is named like one of the published batches."""
    return _NAME.fullmatch(path.name) is not None


def is_test(path: Path) -> bool:
    """Return whether a batch is the one that is published for testing."""
    return path.name.startswith("test_batch")


@lru_cache(maxsize=8)
def read_batch(path: Path) -> Records:
    """Read a batch in either form.

    Raises:
        NothingToDoError: It is no batch of CIFAR-10, or holds what such a batch does not.
    """
    data = path.read_bytes()
    try:
        return _from_binary(data) if path.suffix == ".bin" else _from_pickle(data)
    except (ValueError, KeyError, TypeError, IndexError, EOFError, AttributeError, pickle.UnpicklingError) as error:
        raise NothingToDoError(f"{path} is no batch of CIFAR-10: {error}.", "Fetch the published files.") from error


def _from_binary(data: bytes) -> Records:
    if not data or len(data) % RECORD_BYTES:
        raise ValueError(f"{len(data)} bytes are no whole number of records of {RECORD_BYTES}")
    rows = np.frombuffer(data, dtype=np.uint8).reshape(-1, RECORD_BYTES)
    return _checked(rows[:, 1:], rows[:, 0].astype(np.int64))


def _checked(pixels: NDArray[np.uint8], labels: NDArray[np.int64]) -> Records:
    if len(labels) != len(pixels) or labels.min(initial=0) < 0 or labels.max(initial=0) >= len(CLASSES):
        raise ValueError("its labels are not those of CIFAR-10")
    return Records(pixels.reshape(-1, 3, SIDE, SIDE), labels)


class _Inert:
    """Stands in for whatever a pickle names: it takes part in nothing and only keeps the state it is given."""

    def __init__(self, *arguments: Any) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Reader(pickle.Unpickler):
    """Builds lists, numbers, bytes and `_Inert` values; every other name is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("_codecs", "encode"):  # how Python 3 writes bytes in an old pickle
            return lambda text, coding: text.encode("latin-1")
        if (module, name) not in _MENTIONED:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return _Inert


def _from_pickle(data: bytes) -> Records:
    content = _Reader(io.BytesIO(data), encoding="latin-1").load()
    named = {key.decode() if isinstance(key, bytes) else key: value for key, value in content.items()}
    raw = named["data"].state[-1]  # (version, shape, dtype, order, bytes)
    raw = raw.encode("latin-1") if isinstance(raw, str) else raw
    pixels = np.frombuffer(raw, dtype=np.uint8).reshape(-1, PIXEL_BYTES)
    return _checked(pixels, np.array(named["labels"], dtype=np.int64))
