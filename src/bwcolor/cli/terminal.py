# SPDX-License-Identifier: Apache-2.0
"""What commands print: tables and JSON on stdout, progress on stderr, whatever characters a file name holds."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

PLAIN_WIDTH = 4096  # columns where stdout is no terminal: a line there is a record, never wrapped


def shown(name: str | Path) -> str:
    """Return a file name as it can be printed: bytes that are no UTF-8 become question marks in a box."""
    return os.fsencode(name).decode("utf-8", "replace")


def console(plain_width: int = PLAIN_WIDTH) -> Console:
    """Return rich's console on stdout, so many columns wide where that is no terminal."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else plain_width
    return Console(width=width, markup=False, highlight=False, emoji=False, soft_wrap=True)


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Iterable[Any]], plain_width: int = PLAIN_WIDTH
) -> None:
    """Print a table.

    Args:
        title: Above it; empty for none.
        columns: Their names; those whose name ends in ``#`` are numbers and stand to the right. All empty: no head.
        rows: Cells.
        plain_width: Columns of text that it fits into where stdout is no terminal.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(title) if title else None,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_header=any(columns),
    )
    for column in columns:
        table.add_column(column.rstrip("#"), justify="right" if column.endswith("#") else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(str(cell))) for cell in row))
    console(plain_width).print(table)


def print_json(value: Any) -> None:
    """Print a value as JSON, ASCII only; iterators in it are streams, and printed as lists while they go by."""
    sys.stdout.writelines(json.JSONEncoder(indent=2, default=_listed).iterencode(value))
    sys.stdout.write("\n")


class _Stream(list[Any]):
    """An iterator that the encoder takes for a list."""

    def __init__(self, items: Iterator[Any]) -> None:
        first = next(items, self)
        self._items = chain([] if first is self else [first], items)
        super().__init__([] if first is self else [None])  # whether it is empty is all that is looked at

    def __iter__(self) -> Iterator[Any]:
        return self._items


def _listed(value: Any) -> Any:
    return _Stream(value) if isinstance(value, Iterator) else str(value)


def duration(seconds: float) -> str:
    """Return seconds as people say them: 42 s, 3 min 20 s, 2 h 05 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def amount(size: float) -> str:
    """Return bytes as people say them: 1 MB = 10^6 bytes."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
