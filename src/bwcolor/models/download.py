# SPDX-License-Identifier: Apache-2.0
"""Files that others publish, fetched once: resumable, checked against their published hash, safe between processes.

What is fetched lies in one folder, `home`: the user's cache, or ``BWCOLOR_HOME``. ``BWCOLOR_MIRROR`` names folders or
web addresses (separated by spaces) that are asked before the publisher; ``BWCOLOR_OFFLINE`` forbids every connection.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from bwcolor.errors import WeightsError
from bwcolor.models.cache import alone, cache_folder, checked_sha256, unwritable

if TYPE_CHECKING:
    from tqdm import tqdm

Progress = Callable[[int, int | None], None]

MIRROR_VARIABLE = "BWCOLOR_MIRROR"
OFFLINE_VARIABLE = "BWCOLOR_OFFLINE"

SILENCE_SECONDS = 30.0  # without a byte, after which a server is given up
ATTEMPTS = 4  # per address, each going on where the last one was cut
PAUSE_SECONDS = 1.0  # before the second attempt; doubled before each further one
PIECE = 1 << 18  # bytes received at a time
LEAST_DIGITS = 8  # hexadecimal digits that a published beginning of a hash must have
HOPELESS = frozenset({400, 401, 403, 404, 410, 451})  # HTTP codes that another attempt does not change
RANGE_REFUSED = 416  # HTTP: there is nothing after the bytes that are here already
PARTIAL = 206  # HTTP: only the rest is sent
SCHEMES = frozenset({"http", "https", "file"})


@dataclass(frozen=True)
class RemoteFile:
    """A file that somebody publishes.

    Attributes:
        name: What it is called here, and in mirrors.
        address: Where it is, http or https.
        sha256: Its hexadecimal SHA-256, or the beginning of it where that is all that is published.
        size: Bytes, where known.
        license: Terms, in words.
    """

    name: str
    address: str
    sha256: str
    size: int | None = None
    license: str = ""


class _Cut(Exception):
    """The connection failed; another attempt may go on."""


class _Refused(Exception):
    """This address does not hold the file."""


def cached(file: RemoteFile, folder: Path | None = None) -> Path | None:
    """Return a file that was fetched or put by hand, or None where it is not there.

    Args:
        file: What is looked for.
        folder: Where; None takes `cache_folder`.

    Raises:
        WeightsError: Another file lies in its place.
    """
    path = (folder or cache_folder()) / file.name
    if not path.is_file():
        return None
    if not matches(file, checked_sha256(path)):
        raise WeightsError(f"{path} is not the published file.", "Remove it, and it is fetched again.")
    return path


def fetch(file: RemoteFile, folder: Path | None = None, progress: Progress | None = None) -> Path:
    """Fetch a file, unless it is here.

    A download that was cut is gone on with, also by a later call. The file appears under its name only when it is whole
    and its hash is right.

    Args:
        file: What.
        folder: Where to put it; None takes `cache_folder`.
        progress: Called with the bytes that are here and those in all; None draws a bar on a terminal.

    Returns:
        Its path.

    Raises:
        WeightsError: It cannot be had; the hint says what to do by hand.
        OutputError: The folder cannot be written.
    """
    folder = folder or cache_folder()
    found = cached(file, folder)
    if found:
        return found
    if os.environ.get(OFFLINE_VARIABLE):
        raise WeightsError(f"{file.name} is not here, and {OFFLINE_VARIABLE} forbids fetching it.", by_hand(file))
    target = folder / file.name
    with alone(target):
        if not cached(file, folder):
            _fetch_from_any(file, target, progress)
    return target


def by_hand(file: RemoteFile) -> str:
    """Return what to do where a file cannot be fetched."""
    return f"Fetch {file.address} on any machine, and put it here as {cache_folder() / file.name}."


def matches(file: RemoteFile, sha256: str) -> bool:
    """Return whether a whole hexadecimal hash is the published one, or begins as published."""
    return len(file.sha256) >= LEAST_DIGITS and sha256.startswith(file.sha256.lower())


def addresses(file: RemoteFile) -> list[str]:
    """Return where to ask for a file, mirrors first."""
    mirrors = os.environ.get(MIRROR_VARIABLE, "").split()
    asked = [f"{mirror.rstrip('/')}/{file.name}" for mirror in mirrors]
    return [*(a if "://" in a else Path(a).expanduser().resolve().as_uri() for a in asked), file.address]


def _fetch_from_any(file: RemoteFile, target: Path, progress: Progress | None) -> None:
    """Ask one address after the other, each as often as is worth it."""
    reasons = []
    for address in addresses(file):
        try:
            _fetch_from(address, file, target, progress)
            return
        except _Refused as reason:
            reasons.append(f"{urlsplit(address).netloc or address}: {reason}")
    raise WeightsError(f"{file.name} cannot be fetched ({'; '.join(reasons)}).", by_hand(file))


def _fetch_from(address: str, file: RemoteFile, target: Path, progress: Progress | None) -> None:
    if urlsplit(address).scheme not in SCHEMES:
        raise _Refused("neither a folder nor a web address")
    part = target.with_name(f"{target.name}.part")
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_SECONDS * 2 ** (attempt - 1))
        try:
            resumed = _receive(address, file, part, progress)
        except _Cut as cut:
            reason = str(cut)
            continue
        with part.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if matches(file, digest):
            part.replace(target)
            return
        part.unlink()
        if not resumed:
            raise _Refused(f"its SHA-256 begins {digest[:LEAST_DIGITS]}, not {file.sha256[:LEAST_DIGITS]}")
        reason = "the half that was here did not belong to it"
    raise _Refused(reason)


def _receive(address: str, file: RemoteFile, part: Path, progress: Progress | None) -> bool:
    """Receive a file, or the rest of it.

    Returns:
        Whether bytes of an earlier attempt were kept.

    Raises:
        _Cut: Not all came.
        _Refused: It is not there.
        OutputError: The part cannot be written.
    """
    have = part.stat().st_size if part.is_file() else 0
    request = Request(address, headers={"User-Agent": "bwcolor", "Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        with urlopen(request, timeout=SILENCE_SECONDS) as answer:
            have = have if _goes_on_at(answer, have) else 0
            _refuse_pages(answer)
            length = answer.headers.get("Content-Length")
            total = have + int(length) if length and length.isdigit() else file.size
            with _opened(part, "ab" if have else "wb") as stream, _bar(file, have, total, progress) as bar:
                came = _copy(answer, stream, bar, have, total, progress)
    except HTTPError as error:
        if error.code == RANGE_REFUSED and have:
            return True
        if error.code in HOPELESS:
            raise _Refused(f"HTTP {error.code} {error.reason}") from error
        raise _Cut(f"HTTP {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        if isinstance(getattr(error, "reason", None), FileNotFoundError | IsADirectoryError):
            raise _Refused("no such file") from error
        raise _Cut(str(getattr(error, "reason", "") or error) or type(error).__name__) from error
    if total is not None and came < total:
        raise _Cut(f"cut after {came:,} of {total:,} bytes")
    return have > 0


def _goes_on_at(answer: Any, have: int) -> bool:
    """Return whether the server sends the rest, rather than everything anew."""
    begins = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return have > 0 and answer.status == PARTIAL and begins == str(have)


def _refuse_pages(answer: Any) -> None:
    """Refuse a web page that is sent in place of the file, as login and error pages are."""
    if answer.headers.get_content_type() in {"text/html", "application/xhtml+xml"}:
        raise _Refused("it sends a web page instead of the file")


@contextmanager
def _opened(part: Path, mode: str) -> Iterator[IO[bytes]]:
    try:
        stream = part.open(mode)
    except OSError as error:
        raise unwritable(part.parent, error) from error
    with stream:
        yield stream


def _copy(
    answer: Any, stream: IO[bytes], bar: tqdm[Any], have: int, total: int | None, progress: Progress | None
) -> int:
    """Copy all that comes to a file, durably; return how many bytes are there then."""
    try:
        while piece := answer.read(PIECE):
            _write(stream, piece)
            have += len(piece)
            bar.update(len(piece))
            if progress:
                progress(have, total)
    finally:
        _write(stream, b"")
    return have


def _write(stream: IO[bytes], piece: bytes) -> None:
    """Write, or with nothing to write make durable."""
    try:
        if piece:
            stream.write(piece)
        else:
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise unwritable(Path(stream.name).parent, error) from error


def _bar(file: RemoteFile, have: int, total: int | None, progress: Progress | None) -> tqdm[Any]:
    from tqdm import tqdm

    return tqdm(
        desc=file.name, initial=have, total=total, unit="B", unit_scale=True, unit_divisor=1024, file=sys.stderr,
        disable=True if progress else None, leave=False,
    )  # fmt: skip
