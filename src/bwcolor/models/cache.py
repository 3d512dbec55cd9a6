# SPDX-License-Identifier: Apache-2.0
"""The folder of everything fetched: where it is, whose turn it is to write there, and which hashes are known.

It is the user's cache folder, or ``BWCOLOR_HOME``.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bwcolor.errors import OutputError

HOME_VARIABLE = "BWCOLOR_HOME"


def home() -> Path:
    """Return the folder of everything fetched: ``BWCOLOR_HOME``, or the user's cache folder."""
    from platformdirs import user_cache_path

    named = os.environ.get(HOME_VARIABLE)
    return Path(named).expanduser() if named else user_cache_path("bwcolor", appauthor=False)


def cache_folder() -> Path:
    """Return where fetched weights are kept, below `home`; it need not exist."""
    return home() / "weights"


def checked_sha256(path: Path) -> str:
    """Return a file's SHA-256, reading it whole the first time only.

    A note beside the file remembers the hash with the file's size and time of change; where either differs, or the note
    cannot be written, the file is read again.
    """
    note = path.with_name(f".{path.name}.checked")
    now = path.stat()
    with suppress(OSError, ValueError):
        noted = json.loads(note.read_text(encoding="utf-8"))
        if noted["size"] == now.st_size and noted["changed"] == now.st_mtime_ns:
            return str(noted["sha256"])
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    with suppress(OSError):
        part = note.with_name(f"{note.name}.{os.getpid()}")
        part.write_text(json.dumps({"size": now.st_size, "changed": now.st_mtime_ns, "sha256": digest}))
        part.replace(note)
    return digest


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a file's lock, so that of several processes one makes it and the others find it.

    Args:
        path: The file to be made; its folder is made if need be.

    Raises:
        OutputError: The folder cannot be written.
    """
    from filelock import FileLock

    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise unwritable(path.parent, error) from error
    try:
        yield
    finally:
        lock.release()


def unwritable(folder: Path, error: OSError) -> OutputError:
    """Return the error that says why a folder cannot be written, and what to do."""
    why = "the disk is full" if error.errno == errno.ENOSPC else (error.strerror or str(error))
    with suppress(ValueError):
        folder = folder.absolute()
    return OutputError(f"{folder} cannot be written: {why}.", f"Name another folder in {HOME_VARIABLE}.")
