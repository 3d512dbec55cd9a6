# SPDX-License-Identifier: Apache-2.0
"""The review page of an output folder: its rows as plain values, and the pictures that lie beside it.

The page is ``review.html`` in the output folder; thumbnails, and previews of what browsers do not show, lie in
``.bwcolor/review``. Scans and copies that browsers do show are taken from where they are.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bwcolor.archive.gallery import Gallery
from bwcolor.archive.outliers import outliers_of
from bwcolor.archive.rows import Entry, Outcome, Run
from bwcolor.archive.seen import Memory, Seen, Told, nobody, with_each
from bwcolor.archive.settle import file_sha256
from bwcolor.archive.shards import opened
from bwcolor.errors import OutputError, UsageError
from bwcolor.models.table import find_model
from bwcolor.pages.document import readable
from bwcolor.pages.review import GENERATOR, review_page
from bwcolor.photo.hints import POINT_RADIUS, find_hints, told_by
from bwcolor.photo.writing import replacing

PAGE_NAME = "review.html"
IDENTITY_LENGTH = 24  # hexadecimal digits


@dataclass(frozen=True)
class Reviewed:
    """What was written.

    Attributes:
        page: The page.
        photos: Rows on it.
        bytes: Of the page and its pictures.
    """

    page: Path
    photos: int
    bytes: int

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {"page": str(self.page), "photos": self.photos, "bytes": self.bytes}


def write_review(out: Path, told: Told = nobody, jobs: int | None = None) -> Reviewed:
    """Write the review page of an output folder.

    Pictures of copies that are shown already are not made again; those of copies that are gone are deleted.

    Args:
        out: The output folder.
        told: Is called for each photo when its pictures are there.
        jobs: Photos at once; None takes one for each core.

    Returns:
        What was written.

    Raises:
        UsageError: There is no ledger, or a file that bwcolor did not write has the page's name.
        OutputError: The page cannot be written.
    """
    with opened(out) as ledgers:
        entries, runs = list(ledgers.entries()), ledgers.runs()
    page = out / PAGE_NAME
    _check_ours(page)
    gallery, memory = Gallery(out), Memory(out)
    done = [entry for entry in entries if entry.outcome == Outcome.DONE]
    with_each(done, lambda entry: gallery.make(entry, memory), told, jobs)
    memory.save(done)
    values = _values(out, entries, runs, gallery, memory.of(done))
    with replacing(page) as (file, _):
        file.write(review_page(values).encode())
    size = page.stat().st_size + gallery.tidy()
    return Reviewed(page, len(entries), size)


def _check_ours(page: Path) -> None:
    """See that the page may be written.

    Raises:
        UsageError: Another file has its name.
    """
    try:
        with page.open("rb") as file:
            ours = GENERATOR.encode() in file.read(4096)
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(f"{page} cannot be read: {error.strerror}.", "Move it away.") from error
    if not ours:
        raise UsageError(f"{page} is not a page that bwcolor wrote.", "Move it away.")


def _values(
    out: Path, entries: list[Entry], runs: list[Run], gallery: Gallery, seen: dict[str, Seen]
) -> dict[str, Any]:
    """Return everything that the page shows, as plain values."""
    apart: dict[str, list[str]] = defaultdict(list)
    for each in outliers_of(seen):
        apart[each.name].append(each.words)
    sets: dict[str, int] = {}
    first = runs[0] if runs else None
    identity = f"{first.started} {first.host} {first.pid}" if first else str(out.resolve())
    return {
        "id": hashlib.sha256(os.fsencode(identity)).hexdigest()[:IDENTITY_LENGTH],
        "title": readable(out.resolve().name),
        "radius": POINT_RADIUS,
        "samples": sorted({entry.model for entry in entries if entry.model and find_model(entry.model).temperature}),
        "photos": [
            _photo(out, entry, gallery, seen.get(entry.name), apart[entry.name], sets) for entry in entries
        ],
        "options": [json.loads(told) for told in sets],
    }  # fmt: skip


def _photo(
    out: Path, entry: Entry, gallery: Gallery, seen: Seen | None, apart: list[str], sets: dict[str, int]
) -> dict[str, Any]:
    """Return what the page shows of one photo."""
    options = json.loads(entry.options or "{}")
    decided = options.pop("decision", None) or {}
    plain = json.dumps(options, sort_keys=True)
    done = entry.outcome == Outcome.DONE
    return {
        "name": entry.name,
        "shown": readable(entry.name),
        "outcome": str(entry.outcome),
        "reason": readable(entry.reason),
        "width": entry.width or 1,
        "height": entry.height or 1,
        "depth": entry.depth,
        "format": entry.format,
        "model": entry.model,
        "sample": options.get("sample"),
        "certainty": entry.certainty,
        "chroma": seen.chroma if seen else None,
        "dl": entry.dl_max,
        "written_dl": entry.written_dl_max,
        "lost": json.loads(entry.lost),
        "notes": json.loads(entry.notes),
        "caption": seen.caption if seen else "",
        "date": seen.date if seen else "",
        "outlier": apart,
        "copy": entry.output_sha256 if done else "",
        "hints": decided.get("hints") or _hints_beside(out, entry),
        "options": sets.setdefault(plain, len(sets)) if options else None,
        "thumb": gallery.thumb(entry) if done else "",
        "before": gallery.side(entry, "before") if done else None,
        "after": gallery.side(entry, "after") if done else None,
    }


def _hints_beside(out: Path, entry: Entry) -> dict[str, Any] | None:
    """Return the points and strokes beside a scan that its copy was made with; None for none, or for a picture."""
    path = find_hints(out / entry.source) if entry.hints_sha256 else None
    if path is None or path.suffix != ".json" or file_sha256(path) != entry.hints_sha256:
        return None
    return told_by(path)
