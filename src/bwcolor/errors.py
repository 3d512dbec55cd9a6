# SPDX-License-Identifier: Apache-2.0
"""Exit codes and the tree of errors.

::

    BwcolorError                1   a defect of bwcolor's own
    ├── UsageError              2   wrong option, model name, device or configuration
    ├── PhotoError              3   one photo cannot be colored (a ledger row in a job)
    │   ├── DamagedPhotoError       truncated, corrupt or empty
    │   ├── UnsupportedPhotoError   a kind of file or of pixel that bwcolor does not read
    │   ├── PhotoTooLargeError      over a limit that the user can raise
    │   └── WorkerDiedError         the process that worked on it died
    ├── NothingToDoError        4   input missing or without photos
    │   ├── WeightsError            weights missing, damaged or not those that were pinned
    │   └── MissingExtraError       an optional package is not installed
    ├── VerificationError       5   a file is not what the ledger says
    └── OutputError             6   the output cannot be written
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What ``bwcolor`` returns to the shell; a public contract, never renumbered."""

    OK = 0
    DEFECT = 1
    USAGE = 2
    PHOTOS_FAILED = 3
    NOTHING_TO_DO = 4
    VERIFICATION_FAILED = 5
    OUTPUT_FAILED = 6
    INTERRUPTED = 130
    TERMINATED = 143


class BwcolorError(Exception):
    """An error with an exit code, a message of what is wrong, and a hint of what to do next.

    Args:
        message: What is wrong, in one line.
        hint: What to do about it, in one line; empty where the message says it.
    """

    exit_code = ExitCode.DEFECT

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class UsageError(BwcolorError):
    """Wrong use: an option, a model's name, a device, a configuration file."""

    exit_code = ExitCode.USAGE


class PhotoError(BwcolorError):
    """One photo cannot be colored; in a job it becomes a row of the ledger."""

    exit_code = ExitCode.PHOTOS_FAILED


class DamagedPhotoError(PhotoError):
    """The file is truncated, corrupt, empty, or not what its suffix says."""


class UnsupportedPhotoError(PhotoError):
    """A kind of file or of pixel that bwcolor does not read or write."""


class PhotoTooLargeError(PhotoError):
    """The photo is over a limit that the user can raise."""


class WorkerDiedError(PhotoError):
    """The process that worked on a photo has died."""


class NothingToDoError(BwcolorError):
    """Nothing could be started: the input is missing or holds no photos."""

    exit_code = ExitCode.NOTHING_TO_DO


class WeightsError(NothingToDoError):
    """Weights are missing, damaged, or not the ones that were pinned."""


class MissingExtraError(NothingToDoError):
    """An optional package is needed and not installed."""


class VerificationError(BwcolorError):
    """A file is not what the ledger says."""

    exit_code = ExitCode.VERIFICATION_FAILED


class OutputError(BwcolorError):
    """The output cannot be written: permission, disk full, read-only."""

    exit_code = ExitCode.OUTPUT_FAILED
