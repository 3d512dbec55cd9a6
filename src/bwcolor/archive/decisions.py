# SPDX-License-Identifier: Apache-2.0
"""What people have decided of color copies, as the review page exports it and ``--decisions`` obeys it.

A file of decisions is JSON::

    {"format": "bwcolor decisions", "layout": 1, "photos": {
        "1912/harbor.jpg": {"verdict": "accepted", "copy": "4f0c...", "rating": 5},
        "1912/wedding.tif": {"verdict": "rejected", "copy": "91ab...", "sample": 1},
        "1913/market.jpg": {"verdict": "needs-hints", "copy": "77e2...", "hints": {"points": [
            {"x": 120, "y": 80, "color": "#8a2be2"}], "strokes": []}}}}

Names are those of the ledger: below the input folder, with forward slashes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from bwcolor.errors import UsageError

FORMAT, LAYOUT = "bwcolor decisions", 1
FIRST_SAMPLE = 1  # of a photo that is rejected without saying what is wanted instead
OPTION = "decision"  # under which a row's options tell that, and how, a person decided of its copy


class Verdict(StrEnum):
    """What a person said of a color copy."""

    ACCEPTED = "accepted"  # it stays, whatever options change
    REJECTED = "rejected"  # it is colored again: with hints, or by another sample
    NEEDS_HINTS = "needs-hints"  # it is colored again once there are hints


@dataclass(frozen=True)
class Decision:
    """What was decided of one photo.

    Attributes:
        verdict: What a person said.
        copy: SHA-256 of the color copy that it was said of.
        sample: Seed of the coloring wanted instead; None for the likeliest.
        hints: Known colors as a hints file holds them, JSON; empty for what lies beside the scan.
    """

    verdict: Verdict
    copy: str = ""
    sample: int | None = None
    hints: str = ""

    @property
    def recolors(self) -> bool:
        """Whether another coloring is wanted."""
        return self.verdict is Verdict.REJECTED or (self.verdict is Verdict.NEEDS_HINTS and bool(self.hints))

    @property
    def hints_sha256(self) -> str:
        """Hash of the hints; empty without."""
        return hashlib.sha256(self.hints.encode()).hexdigest() if self.hints else ""

    @property
    def options(self) -> dict[str, Any]:
        """What the options of a photo that is colored again say beside the run's own."""
        return {OPTION: {"hints": json.loads(self.hints)} if self.hints else {}, "sample": self.sample}


def without_hints(options: dict[str, Any]) -> dict[str, Any]:
    """Return a photo's options with the hash of a person's hints in their place: strokes are too long for a caption."""
    hints = options.get(OPTION, {}).get("hints")
    if hints is None:
        return options
    return options | {OPTION: {"hints_sha256": hashlib.sha256(json.dumps(hints, sort_keys=True).encode()).hexdigest()}}


def read_decisions(path: Path) -> dict[str, Decision]:
    """Read a file of decisions.

    Args:
        path: As the review page exports it.

    Returns:
        The decisions, by the photo's name.

    Raises:
        UsageError: It cannot be read or is no such file; the message says what is wrong.
    """
    try:
        told = json.loads(path.read_bytes())
        if told["format"] != FORMAT or told["layout"] != LAYOUT:
            raise ValueError(f"its format is {told['format']} {told['layout']}, not {FORMAT} {LAYOUT}")
        return {name: _decision(name, each) for name, each in told["photos"].items()}
    except OSError as error:
        raise UsageError(f"The decisions {path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path} is no file of decisions: {type(error).__name__} {error}.",
            "Export it from the page that `bwcolor review` writes.",
        ) from error


def _decision(name: str, told: dict[str, Any]) -> Decision:
    sample, hints = told.get("sample"), told.get("hints") or {}
    if sample is not None and (not isinstance(sample, int) or isinstance(sample, bool)):
        raise ValueError(f"the sample of {name} is no number")
    marks = {kind: list(hints.get(kind, [])) for kind in ("points", "strokes")}
    written = json.dumps(marks, sort_keys=True) if any(marks.values()) else ""
    verdict = Verdict(told["verdict"])
    if verdict is Verdict.REJECTED and not written and sample is None:
        sample = FIRST_SAMPLE
    return Decision(verdict, str(told.get("copy", "")), sample, written)
