# SPDX-License-Identifier: Apache-2.0
"""One run at a time in one output folder."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO

from bwcolor.archive.walk import STATE_FOLDER
from bwcolor.errors import OutputError, UsageError

LOCK_NAME = "lock"
# A lock of another machine counts for so long after its last sign of life, in seconds: some network shares keep no
# locks between machines
PATIENCE = 180.0
_FAR_BYTE = 1 << 30  # Windows forbids others to read what is locked, and they shall read who we are


class Lock:
    """A lock on an output folder, held while the context is open.

    The operating system drops it when the process dies, however it dies.

    Args:
        out: The output folder; it must exist.
        state: The folder below it that holds the lock; None for that of a whole run, not of a shard.
        shared: Whether others may hold it likewise: shards hold that of a whole run so, which must hold it alone.

    Raises:
        UsageError: Another run works in the folder; the message says where and under which process number.
        OutputError: The lock cannot be written.
    """

    def __init__(self, out: Path, state: Path | None = None, *, shared: bool = False) -> None:
        self._path = (state or out / STATE_FOLDER) / LOCK_NAME
        self._out = out
        self._shared = shared
        self._file: IO[str] | None = None

    def __enter__(self) -> Lock:
        file = self._open()
        holder = self._holder(file)
        try:
            _lock(file, self._shared)
        except OSError as error:
            file.close()
            raise self._taken(holder) from error
        fresh = time.time() - self._path.stat().st_mtime < PATIENCE
        if fresh and holder.get("host", platform.node()) != platform.node():
            file.close()
            raise self._taken(holder)
        self._file = file
        if self._shared:
            return self
        file.seek(0)
        file.truncate()
        json.dump({"host": platform.node(), "pid": os.getpid(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}, file)
        file.flush()
        return self

    def _open(self) -> IO[str]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # never truncated on opening: it may hold another run's name
            return os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666), "r+", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{self._out} cannot be written: {error.strerror}.", "Give another --out.") from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            if not self._shared:
                self._file.seek(0)
                self._file.truncate()
            self._file.close()
            self._file = None

    def touch(self) -> None:
        """Give a sign of life."""
        if self._file is not None and not self._shared:
            os.utime(self._path)

    @staticmethod
    def _holder(file: IO[str]) -> dict[str, object]:
        """Return who wrote the lock, as far as that can be read."""
        try:
            holder = json.loads(file.read())
        except (OSError, ValueError):
            return {}
        return holder if isinstance(holder, dict) else {}

    def _taken(self, holder: dict[str, object]) -> UsageError:
        who = f"process {holder.get('pid', '?')} on {holder.get('host', '?')}, since {holder.get('since', '?')}"
        return UsageError(f"Another run works in {self._out} ({who}).", "Wait until it ends, or give another --out.")


def is_held(state: Path) -> bool:
    """Say whether a run works now that has its lock in a folder, as far as can be told without disturbing it."""
    try:
        holder = json.loads((state / LOCK_NAME).read_text(encoding="utf-8"))
        fresh = time.time() - (state / LOCK_NAME).stat().st_mtime < PATIENCE
    except (OSError, ValueError):
        return False
    if not isinstance(holder, dict) or holder.get("host") != platform.node() or sys.platform == "win32":
        return fresh
    try:
        os.kill(int(holder.get("pid", 0)), 0)
    except PermissionError:
        return True
    except (OSError, ValueError, TypeError):
        return False
    return True


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str], shared: bool) -> None:
        file.seek(_FAR_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        file.seek(_FAR_BYTE)
        if shared:  # there are no shared ones here: that nobody held it at this moment must do
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
        file.seek(0)

else:
    import fcntl

    def _lock(file: IO[str], shared: bool) -> None:
        fcntl.flock(file.fileno(), (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
