# SPDX-License-Identifier: Apache-2.0
"""Words of the command line that stand for numbers and times."""

from __future__ import annotations

import re
import sys
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bwcolor.errors import NothingToDoError, UsageError

if TYPE_CHECKING:
    from bwcolor.archive.drawing import Shard
    from bwcolor.archive.job import Access

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}

Options = TypeVar("Options")


def amount_of(text: str, option: str) -> int:
    """Return the number of "500000", "500M", "4GB" or "4GiB".

    Raises:
        UsageError: It is none.
    """
    found = re.fullmatch(r"([0-9]*\.?[0-9]+) *([kmgt]i?|)b?", text.strip(), re.IGNORECASE)
    if found is None:
        raise UsageError(f"{option} {text!r} is no amount.", f"Write for example {option} 4GB.")
    return round(float(found[1]) * _UNITS[found[2].lower()])


def moment_of(text: str, now: datetime) -> datetime:
    """Return the next moment at which clocks show "07:00".

    Raises:
        UsageError: No clock shows that.
    """
    try:
        time = datetime.strptime(text.strip(), "%H:%M").time()
    except ValueError:
        raise UsageError(f"--until {text!r} is no time of day.", "Write for example --until 07:00.") from None
    moment = datetime.combine(now.date(), time, now.tzinfo)
    return moment if moment > now else moment + timedelta(days=1)


def deadline_of(minutes: float | None, until: str | None) -> datetime | None:
    """Return the earlier of --max-minutes and --until; None where neither is given."""
    now = datetime.now().astimezone()
    moments = [] if minutes is None else [now + timedelta(minutes=minutes)]
    if until is not None:
        moments.append(moment_of(until, now))
    return min(moments, default=None)


def access_of(text: str) -> Access:
    """Return the access copy of "jpeg", "webp:80" or "jpeg:85:1600".

    Raises:
        UsageError: It is none.
    """
    from bwcolor.archive.job import Access

    found = re.fullmatch(r"(jpeg|webp)(?::(\d+))?(?::(\d+))?", text.strip())
    quality, side = (int(found[2] or 85), int(found[3] or 2048)) if found else (0, 0)
    if found is None or not 1 <= quality <= 100 or side < 1:
        raise UsageError(f"--access {text!r} is no access copy.", "Write jpeg, webp:80 or jpeg:85:1600.")
    return Access(found[1], quality, side)


def shard_of(text: str) -> Shard:
    """Return the share of "3/16".

    Raises:
        UsageError: It is none.
    """
    from bwcolor.archive.drawing import Shard

    found = re.fullmatch(r"(\d+)/(\d+)", text.strip())
    if found is None:
        raise UsageError(f"--shard {text!r} is no share.", "Write for example --shard 3/16.")
    return Shard(int(found[1]), int(found[2]))


def names_of_list(path: Path) -> tuple[str, ...]:
    """Return the file names of a list: one in each line, or, for names with line breaks, ended by zero bytes.

    Args:
        path: The list; ``-`` is stdin.

    Raises:
        NothingToDoError: It cannot be read, or is empty.
    """
    import os

    try:
        content = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise NothingToDoError(
            f"The list {path} cannot be read: {error.strerror}.", "Give a file of names, or - for stdin."
        ) from error
    parts = content.split(b"\0") if b"\0" in content else content.splitlines()
    names = tuple(os.fsdecode(part) for part in parts if part.strip())
    if not names:
        raise NothingToDoError(f"The list {path} is empty.", "Write one file name in each line.")
    return names


def pick(kind: type[Options], given: dict[str, Any]) -> Options:
    """Return options of a kind: those of a command's words that it has a field for."""
    return kind(**{field.name: given[field.name] for field in fields(kind) if field.name in given})  # type: ignore[arg-type]
