# SPDX-License-Identifier: Apache-2.0
"""What photos of one folder share: nothing, their white, or their color from frame to frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from bwcolor.archive.plan import Task

if TYPE_CHECKING:
    from bwcolor.archive.piece import Piece
    from bwcolor.models.inference import Prediction, Small

# options of a run that its rows must name, too, or not name either: a copy that was made alone is another
SHARED = ("consistent", "sequence")
FRAMES = "frames"  # under which the options of a frame's row tell the scans around it, by one hash over theirs

Predict = Callable[[list["Small"]], list["Prediction"]]


def folder_of(task: Task) -> tuple[str, str]:
    """Return what tells a task's folder from others: its output folder, and the folder's name below the input."""
    return str(task.out), task.name.rpartition("/")[0]


class Album(Protocol):
    """What photos of one folder share.

    Attributes:
        travels: Whether it can be sent to another process.
    """

    travels: bool

    def options(self, task: Task) -> dict[str, Any]:
        """Return what the others decide of one photo's result, as plain values for its row."""

    def firsts(self, pieces: list[Piece], predict: Predict) -> list[Prediction]:
        """Return what the network says of each photo by itself, of its first page.

        Args:
            pieces: Photos of one working shape, prepared.
            predict: Runs the network on photos of one shape.
        """

    def shared(self, piece: Piece, predictions: list[Prediction], predict: Predict) -> list[Prediction]:
        """Return a photo's predictions as the others change them.

        Args:
            piece: The photo, prepared.
            predictions: Of the photo and of its further pages.
            predict: Runs the network on photos of one shape.
        """


class Alone:
    """Photos share nothing."""

    travels = True

    def options(self, task: Task) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def firsts(self, pieces: list[Piece], predict: Predict) -> list[Prediction]:
        """Return what the network says of each photo."""
        return predict([piece.smalls[0] for piece in pieces])

    def shared(self, piece: Piece, predictions: list[Prediction], predict: Predict) -> list[Prediction]:
        """Return the predictions as they are."""
        return predictions


ALONE = Alone()
