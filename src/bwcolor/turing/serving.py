# SPDX-License-Identifier: Apache-2.0
"""Serving a study until it is stopped."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

from bwcolor.errors import MissingExtraError, OutputError, UsageError

LOCK_NAME = ".lock"
STOP_SECONDS = 3  # for which answers under way are waited for
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def check_extra() -> None:
    """Make sure that the packages are here.

    Raises:
        MissingExtraError: They are not.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "Serving a study needs packages that are not installed.", "pip install 'bwcolor[web]'"
        ) from error


def bind(host: str, port: int) -> socket.socket:
    """Return a socket on an address; nobody is answered before the study is served on it.

    Args:
        host: Name or address.
        port: 0 takes one that is free.

    Raises:
        UsageError: The address is taken, not allowed, or not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise UsageError(f"--host {host} is no address of this machine.", "Take 127.0.0.1 or 0.0.0.0.") from error
    taken = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            # else a server that was stopped blocks its own port for a minute
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(socket.SOMAXCONN)
    except OSError as error:
        taken.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"Port {port} of {host} is in use.", f"Give another, such as --port {port + 1}, or --port 0."
            ) from error
        raise UsageError(f"{host}, port {port} cannot be used: {error.strerror}.", "See --host and --port.") from error
    return taken


def address_of(taken: socket.socket) -> str:
    """Return what to open in a browser."""
    host, port = taken.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(folder: Path, taken: socket.socket, ready: Callable[[int], None], shown: float | None = None) -> None:
    """Serve a study until the process is interrupted.

    Args:
        folder: Of the study.
        taken: Where.
        ready: Called once with the bytes of the pictures, which are kept in memory, before the first answer.
        shown: Seconds that the pictures must have been seen; None for the one second of a study. Less is for load.

    Raises:
        UsageError: The study is served already.
        OutputError: Its folder cannot be written.
    """
    import uvicorn
    from filelock import FileLock, Timeout

    from bwcolor.turing.desk import SHOWN_SECONDS, Desk
    from bwcolor.turing.web import application

    lock = FileLock(folder / LOCK_NAME, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise UsageError(f"{folder} is served by another process already.", "Stop that one first.") from error
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}.", "Give another --study.") from error
    try:
        desk = Desk(folder, SHOWN_SECONDS if shown is None else shown)
        # no log of requests, not even on a screen: addresses are not to be kept
        settings = uvicorn.Config(
            application(desk),
            access_log=False,
            log_level="error",
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        ready(desk.size)
        try:
            uvicorn.Server(settings).run(sockets=[taken])
        finally:
            desk.close()
    finally:
        lock.release()
