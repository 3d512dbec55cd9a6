# SPDX-License-Identifier: Apache-2.0
"""The one wall between bwcolor and the shell: every error becomes its line and its exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from bwcolor import __version__
from bwcolor.errors import BwcolorError, ExitCode

# Set to anything, a defect shows where it happened
TRACEBACK_VARIABLE = "BWCOLOR_TRACEBACK"


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        arguments: Words after ``bwcolor``; None takes those of the process.

    Returns:
        The exit code (see `ExitCode`).
    """
    from bwcolor.cli.app import app

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminate)
    try:
        app(args=list(arguments) if arguments is not None else None, prog_name="bwcolor")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else ExitCode.OK
    except BwcolorError as error:
        _say("error", error.message, error.hint)
        return int(error.exit_code)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # who reads our output has seen enough; nothing more can be written there, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.OK)
    except Exception as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        _say(
            "defect",
            f"{type(error).__name__}: {error}",
            f"This is bwcolor's own fault (version {__version__}). Run it again with {TRACEBACK_VARIABLE}=1 and report "
            "what it prints, with the command.",
        )
        return int(ExitCode.DEFECT)
    return int(ExitCode.OK)


def _say(kind: str, message: str, hint: str) -> None:
    """Write one error to stderr, whatever characters its file names hold."""
    text = f"bwcolor: {kind}: {message}" + (f"\n  {hint}" if hint else "")
    print(text.encode("utf-8", "replace").decode("utf-8"), file=sys.stderr)  # noqa: T201


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    """Turn SIGTERM into an exit that runs every ``finally``."""
    raise SystemExit(int(ExitCode.TERMINATED))
