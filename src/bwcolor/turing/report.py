# SPDX-License-Identifier: Apache-2.0
"""Telling what a study has found: lines of tables for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bwcolor import __version__
from bwcolor.errors import OutputError
from bwcolor.turing.analysis import Findings, Share, taken_for_real
from bwcolor.turing.plan import MOST_MISSED, Form
from bwcolor.turing.store import Answered

Cells = tuple[str, ...]


def heading(found: Findings) -> str:
    """Return what the percentages are of."""
    return "fooled %" if found.study.settings.form == Form.PAIRS else "taken for real %"


def share_lines(found: Findings) -> list[Cells]:
    """Return a line for each system: its name, share, interval and answers."""
    return [(name, *_cells(share), str(share.answers)) for name, share in found.shares.items()]


def difference_lines(found: Findings) -> list[Cells]:
    """Return a line for each pair of systems: difference in points, interval."""
    return [(f"{one} - {other}", *_cells(share, signed=True)) for (one, other), share in found.differences.items()]


def photo_lines(found: Findings, most: int) -> list[Cells]:
    """Return the photos whose pictures were taken for real most often: photo, system, percent, answers.

    Args:
        found: What was found.
        most: How many lines.
    """
    shares = [(100 * real / answers, answers, place) for place, (answers, real) in found.photos.items()]
    shares.sort(key=lambda line: (-line[0], -line[1], line[2]))
    return [
        (found.study.photos[photo], system, f"{percent:.0f}", str(answers))
        for percent, answers, (photo, system) in shares[:most]
    ]


def remarks(found: Findings) -> list[str]:
    """Return whose answers are counted and whose are not."""
    settings = found.study.settings
    lines = [f"Counted: {found.finished} participants who answered every trial."]
    if found.set_aside:
        lines.append(
            f"Set aside: {found.set_aside} who took more than {MOST_MISSED:.0%} of the {settings.vigilance} obvious "
            "fakes for real."
        )
    if found.unfinished:
        lines.append(f"Not finished, not counted: {found.unfinished}.")
    if found.seen_again:
        lines.append(f"Not counted: {found.seen_again} answers after more than one look at the pictures.")
    return [*lines, *found.study.notes]


def as_json(found: Findings) -> dict[str, Any]:
    """Return everything as plain data; numbers that are none are null."""
    return {
        "bwcolor": __version__,
        "study": {"version": found.study.version, **asdict(found.study.settings), "notes": list(found.study.notes)},
        "most_missed": MOST_MISSED,
        "participants": {
            "counted": found.finished, "set_aside": found.set_aside, "unfinished": found.unfinished,
        },
        "answers_seen_again": found.seen_again,
        "systems": {name: _plain(share) for name, share in found.shares.items()},
        "differences": [
            {"system": one, "minus": other, **_plain(share)} for (one, other), share in found.differences.items()
        ],
        "photos": [
            {"photo": found.study.photos[photo], "system": system, "answers": answers, "taken_for_real": real}
            for (photo, system), (answers, real) in found.photos.items()
        ],
    }  # fmt: skip


def photos_csv(found: Findings) -> str:
    """Return a line for each photo and system."""
    return _csv(
        ("photo", "system", "answers", "taken_for_real", "percent"),
        [
            (found.study.photos[photo], system, answers, real, round(100 * real / answers, 2))
            for (photo, system), (answers, real) in found.photos.items()
        ],
    )


def answers_csv(found: Findings, answers: Sequence[Answered]) -> str:
    """Return a line for each answer, those that are not counted too; for a statistician.

    Args:
        found: What was found.
        answers: All trials of the study, as they were analyzed.
    """
    form = found.study.settings.form
    return _csv(
        ("participant", "trial", "kind", "photo", "system", "fake", "choice", "taken_for_real", "views", "counted"),
        [
            (
                each.participant, each.number + 1, each.trial.kind, found.study.photos[each.trial.photo],
                each.trial.system, each.trial.fake, each.choice, int(taken_for_real(form, each)), each.views,
                int(place in found.counted),
            )
            for place, each in enumerate(answers)
            if each.choice is not None
        ],
    )  # fmt: skip


def write(path: Path, text: str) -> None:
    """Write a report; names go out as the bytes they are.

    Raises:
        OutputError: It cannot be written.
    """
    try:
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.", "Name another place.") from error


def _cells(share: Share, signed: bool = False) -> tuple[str, str]:
    sign = "+" if signed else ""
    value = "-" if math.isnan(share.value) else f"{share.value:{sign}.1f}"
    return value, "" if math.isnan(share.low) else f"{share.low:{sign}.1f} to {share.high:{sign}.1f}"


def _plain(share: Share) -> dict[str, Any]:
    return {name: None if math.isnan(value) else value for name, value in asdict(share).items()}


def _csv(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([head, *rows])
    return stream.getvalue()
