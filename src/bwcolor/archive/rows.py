# SPDX-License-Identifier: Apache-2.0
"""The rows of the ledger: what is written down of a photo, and of a run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# Options that rows do not name where they are what they were before there was a choice: older rows keep their key
UNSAID: Mapping[str, Any] = {"backend": "torch", "tile_size": None, "tile_overlap": None}


class Outcome(StrEnum):
    """What became of a photo."""

    BEGUN = "begun"  # in work when the row was written
    DONE = "done"
    SKIPPED = "skipped"  # left in black and white on purpose; the reason says why
    FAILED = "failed"


@dataclass(frozen=True)
class Entry:
    """A photo's row.

    Attributes:
        name: Path below the input folder, with forward slashes.
        source: Path of the scan, relative to the output folder.
        target: Path of the color copy, relative to the output folder.
        outcome: What became of it.
        reason: Why it failed or was skipped.
        error: Class of the error.
        size: Bytes of the scan.
        mtime_ns: When the scan was last changed, nanoseconds since 1970.
        sha256: Hash of the scan.
        model: Name of the network.
        weights_sha256: Hash of its weights; empty where there are none.
        options: Resolved options that decide the result, as JSON.
        hints_sha256: Hash of the hints beside the scan; empty where there are none.
        version: Of bwcolor.
        key: Hash of source, hints, weights, options and version: equal keys mean equal results.
        width: Pixels.
        height: Pixels.
        depth: Bits per channel.
        format: Of the color copy.
        certainty: How sure the network was, 0..1.
        dl_max: Largest difference in lightness before encoding, in levels of 255.
        dl_mean: Mean of the same.
        written_dl_max: Largest difference in lightness as decoded from the written file, in levels of 255.
        written_dl_mean: Mean of the same.
        output_size: Bytes of the color copy.
        output_sha256: Hash of the color copy.
        access: Path of the small access copy, relative to the output folder; empty where there is none.
        access_sha256: Hash of that.
        lost: Metadata that the target could not hold, as a JSON list.
        notes: What else should be known of this photo, as a JSON list.
        seconds: From reading to reading back.
        stages: Seconds of each stage, as a JSON object.
        attempts: How often it was begun alone (since a process died of it, or beside it) and not ended.
        run: Number of the run.
        at: When the row was written, ISO 8601, UTC.
    """

    name: str
    source: str
    target: str
    outcome: str
    reason: str = ""
    error: str = ""
    size: int = 0
    mtime_ns: int = 0
    sha256: str = ""
    model: str = ""
    weights_sha256: str = ""
    options: str = ""
    hints_sha256: str = ""
    version: str = ""
    key: str = ""
    width: int = 0
    height: int = 0
    depth: int = 0
    format: str = ""
    certainty: float | None = None
    dl_max: float | None = None
    dl_mean: float | None = None
    written_dl_max: float | None = None
    written_dl_mean: float | None = None
    output_size: int = 0
    output_sha256: str = ""
    access: str = ""
    access_sha256: str = ""
    lost: str = "[]"
    notes: str = "[]"
    seconds: float = 0.0
    stages: str = "{}"
    attempts: int = 0
    run: int = 0
    at: str = ""


@dataclass(frozen=True)
class Run:
    """A run's row.

    Attributes:
        id: Counted from 1.
        started: ISO 8601, UTC.
        ended: The same; empty while it goes on, or if it was killed.
        host: Name of the machine.
        pid: Number of the process.
        version: Of bwcolor.
        settings: What the run was asked for, as JSON.
        planned: Photos to do when it began.
        already: Photos that were done before.
        left_alone: Files that are no photos.
        outcome: "finished", "interrupted", "stopped" (by --max-minutes and the like), "failed"; empty while it goes on.
        reason: Why it stopped.
    """

    id: int
    started: str
    ended: str
    host: str
    pid: int
    version: str
    settings: str
    planned: int
    already: int
    left_alone: int
    outcome: str
    reason: str


def key_of(source_sha256: str, hints_sha256: str, weights_sha256: str, options: Mapping[str, Any], version: str) -> str:
    """Return the hash of everything that decides a result.

    Args:
        source_sha256: Of the scan's bytes.
        hints_sha256: Of the hints; empty where there are none.
        weights_sha256: Of the weights; empty for a network without any.
        options: Resolved options, plain values.
        version: Of bwcolor.
    """
    parts = [source_sha256, hints_sha256, weights_sha256, json.dumps(options, sort_keys=True), version]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
