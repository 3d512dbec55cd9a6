# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C and SIGTERM while something is at work that must not be left half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from bwcolor.errors import ExitCode

NUMBERS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def on_interrupt(act: Callable[[int], None]) -> Iterator[None]:
    """Hand each SIGINT and SIGTERM to a function while the block runs; outside the main thread nothing changes.

    Args:
        act: Takes the signal's number; it runs between two instructions of the main thread, so it may take no lock.
    """

    def handler(number: int, frame: FrameType | None) -> None:
        act(number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in NUMBERS}
    try:
        yield
    finally:
        for number, usual in before.items():
            signal.signal(number, usual)


def exit_code_of(number: int) -> ExitCode:
    """Return the exit code of what a signal has ended in good order."""
    return ExitCode.TERMINATED if number == signal.SIGTERM else ExitCode.INTERRUPTED
