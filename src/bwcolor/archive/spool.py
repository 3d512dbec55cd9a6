# SPDX-License-Identifier: Apache-2.0
"""`Spool`: a sequence that grows at its end and lies on the disk, so that a million items take little memory."""

from __future__ import annotations

import operator
import pickle
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any, TypeVar, overload

from bwcolor.errors import OutputError

Item = TypeVar("Item")

BATCH = 1000  # items that are written, and read again, at once
KEPT = 10_000  # items up to which nothing is written


class Spool(Sequence[Item]):
    """A sequence of plain values.

    It can be read while it grows, several times, from several threads.

    Args:
        items: Its first items.
    """

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._tail: list[Item] = []  # not written yet
        self._places: list[int] = []  # where each batch begins in the file
        self._end = 0
        self._file: IO[bytes] | None = None
        self._read: tuple[int, list[Item]] = (-1, [])  # the batch that was read last
        self._mutex = threading.Lock()
        for item in items:
            self.append(item)

    def append(self, item: Item) -> None:
        """Add an item.

        Raises:
            OutputError: The temporary folder is full.
        """
        with self._mutex:
            self._tail.append(item)
            if len(self._tail) >= (BATCH if self._file else KEPT):
                self._write()

    def extend(self, items: Iterable[Item]) -> None:
        """Add items."""
        for item in items:
            self.append(item)

    def _write(self) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="bwcolor-")  # noqa: SIM115 - lives as long as we do
            while len(self._tail) >= BATCH:
                content = pickle.dumps(self._tail[:BATCH], pickle.HIGHEST_PROTOCOL)
                self._file.seek(self._end)
                self._file.write(content)
                self._places.append(self._end)
                self._end += len(content)
                del self._tail[:BATCH]
        except OSError as error:
            raise OutputError(
                f"The plan does not fit into {tempfile.gettempdir()}, the temporary folder: {error.strerror}.",
                "Name another one in the variable TMPDIR.",
            ) from error

    def _batch(self, number: int) -> list[Item]:
        with self._mutex:
            if number == len(self._places):
                return list(self._tail)
            if self._read[0] != number:
                assert self._file is not None
                self._file.seek(self._places[number])
                self._read = (number, pickle.load(self._file))
            return self._read[1]

    def __len__(self) -> int:
        return len(self._places) * BATCH + len(self._tail)

    def __iter__(self) -> Iterator[Item]:
        index = 0
        while index < len(self):
            number = min(index // BATCH, len(self._places))
            found = self._batch(number)[index - number * BATCH :]
            yield from found
            index += len(found)

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(index)
        number = min(place // BATCH, len(self._places))
        return self._batch(number)[place - number * BATCH]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(operator.eq, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self)) if len(self) <= BATCH else f"<{len(self)} items>"
