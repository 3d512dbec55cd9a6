# SPDX-License-Identifier: Apache-2.0
"""What a run tells: log lines, CSV files, sample sheets."""

from __future__ import annotations

import csv
import logging
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bwcolor.errors import MissingExtraError
from bwcolor.training.validation import COLUMNS as EVALUATION_COLUMNS

log = logging.getLogger("bwcolor.training")

SHEET_HEIGHT = 144  # pixels of each picture on a sample sheet
SHEET_GROUPS = 3  # photographs side by side, each as gray | ours | truth
GAP = 4  # pixels between pictures
EVALUATIONS = "evaluations.csv"
STEPS = "steps.csv"


class Journal:
    """The record of one run, in its folder; rows after the step resumed from are dropped first.

    Args:
        run: The folder.
        step: From which the run goes on.
        terms: Names of the losses that steps tell.
        board: Whether TensorBoard's files are written too.
        writes: Whether this process writes at all.

    Raises:
        MissingExtraError: TensorBoard is asked for and not installed.
    """

    def __init__(self, run: Path, step: int, terms: tuple[str, ...], board: bool = False, writes: bool = True) -> None:
        self.run, self.writes = run, writes
        self.columns = {
            STEPS: ("step", "seen", "seconds", "rate", *terms, "skipped"),
            EVALUATIONS: ("step", *EVALUATION_COLUMNS),
        }
        self.board = _board(run, step) if board and writes else None
        if not writes:
            return
        run.mkdir(parents=True, exist_ok=True)
        for name in (STEPS, EVALUATIONS):
            self._keep_until(run / name, step)

    @staticmethod
    def _keep_until(path: Path, step: int) -> None:
        if not path.exists():
            return
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.reader(stream))
        kept = rows[:1] + [row for row in rows[1:] if row and int(row[0]) <= step]
        with path.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream, lineterminator="\n").writerows(kept)

    def _append(self, name: str, row: dict[str, float]) -> None:
        if not self.writes:
            return
        path = self.run / name
        fresh = not path.exists() or path.stat().st_size == 0
        with path.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, self.columns[name], lineterminator="\n")
            if fresh:
                writer.writeheader()
            writer.writerow({k: v if isinstance(v, int) else f"{v:.6g}" for k, v in row.items()})
        if self.board is not None:
            for term, value in row.items():
                if term != "step":
                    self.board.add_scalar(f"{path.stem}/{term}", value, int(row["step"]))

    def step(self, row: dict[str, float]) -> None:
        """Record a step: its number, and any of the columns."""
        self._append(STEPS, row)

    def evaluation(self, row: dict[str, float]) -> None:
        """Record an evaluation and log it."""
        self._append(EVALUATIONS, row)
        log.info("evaluation  %s", "  ".join(f"{k} {v:.5g}" for k, v in row.items()))

    def close(self) -> None:
        """Write what waits to be written."""
        if self.board is not None:
            self.board.close()

    def sheet(self, step: int, triples: list[tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]]) -> Path:
        """Write a sample sheet.

        Args:
            step: Optimizer steps done.
            triples: Gray, ours, truth, each ``(h, w, 3)`` uint8 sRGB.

        Returns:
            The PNG file.
        """
        cells = []
        for pictures in triples:
            height, width = pictures[0].shape[:2]
            size = (max(round(width * SHEET_HEIGHT / height), 1), SHEET_HEIGHT)
            scaled = [cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in pictures]
            cells.append(np.hstack([np.pad(p, ((0, GAP), (0, GAP), (0, 0)), constant_values=255) for p in scaled]))
        rows = [np.hstack(cells[i : i + SHEET_GROUPS]) for i in range(0, len(cells), SHEET_GROUPS)]
        widest = max(row.shape[1] for row in rows)
        sheet = np.vstack([np.pad(r, ((0, 0), (0, widest - r.shape[1]), (0, 0)), constant_values=255) for r in rows])
        path = self.run / "samples" / f"step-{step:08d}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(cv2.imencode(".png", sheet[..., ::-1])[1].tobytes())
        return path


def _board(run: Path, step: int) -> Any:
    """Return TensorBoard's writer; what it holds beyond a step is dropped."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtraError(
            "TensorBoard is not installed.", "Install it with: pip install 'bwcolor[tensorboard]'."
        ) from error
    return SummaryWriter(str(run / "tensorboard"), purge_step=step + 1)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of one of the journal's files; none where it is not there."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
