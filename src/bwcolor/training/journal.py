# SPDX-License-Identifier: Apache-2.0
"""What a run tells: log lines, CSV files, sample sheets."""

from __future__ import annotations

import csv
import logging
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

log = logging.getLogger("bwcolor.training")

SHEET_HEIGHT = 144  # pixels of each picture on a sample sheet
SHEET_GROUPS = 3  # photographs side by side, each as gray | ours | truth
GAP = 4  # pixels between pictures
STEP_COLUMNS = (
    "step",
    "seen",
    "seconds",
    "rate",
    "cross_entropy",
    "huber",
    "discriminator",
    "generator",
    "gradient",
    "gradient_refining",
)
EVALUATION_COLUMNS = ("step", "cross_entropy", "psnr", "psnr_gray", "chroma_ratio", "certainty")


class Journal:
    """The record of one run, in its folder; rows after the step resumed from are dropped first."""

    def __init__(self, run: Path, step: int) -> None:
        self.run = run
        run.mkdir(parents=True, exist_ok=True)
        for name in ("steps.csv", "evaluations.csv"):
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

    def _append(self, name: str, columns: tuple[str, ...], row: dict[str, float]) -> None:
        path = self.run / name
        fresh = not path.exists() or path.stat().st_size == 0
        with path.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, columns, lineterminator="\n")
            if fresh:
                writer.writeheader()
            writer.writerow({k: v if isinstance(v, int) else f"{v:.6g}" for k, v in row.items()})

    def step(self, row: dict[str, float]) -> None:
        """Record a step: any of STEP_COLUMNS, "step" at least."""
        self._append("steps.csv", STEP_COLUMNS, row)

    def evaluation(self, row: dict[str, float]) -> None:
        """Record an evaluation, any of EVALUATION_COLUMNS, and log it."""
        self._append("evaluations.csv", EVALUATION_COLUMNS, row)
        log.info("evaluation  %s", "  ".join(f"{k} {v:.5g}" for k, v in row.items()))

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
