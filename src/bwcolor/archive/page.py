# SPDX-License-Identifier: Apache-2.0
"""The page about an output folder: figures, failures, and photographs before and after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from bwcolor import __version__
from bwcolor.archive.report import entries_of
from bwcolor.archive.rows import Entry, Outcome
from bwcolor.archive.status import Status, status_of
from bwcolor.errors import PhotoError
from bwcolor.pages.document import Cell, Section, page, readable, table

PAIRS_SHOWN = 24  # photos shown before and after
MOST_PIXELS = 100_000_000  # of a photo that is shown; larger ones would take too long to make small


def page_of(out: Path) -> str:
    """Return a page about an output folder, with its pictures inside.

    Args:
        out: The output folder.

    Returns:
        HTML in one file.

    Raises:
        UsageError: There is no ledger.
    """
    status, entries = status_of(out), list(entries_of(out))
    done = [entry for entry in entries if entry.outcome == Outcome.DONE]
    failed = [entry for entry in entries if entry.outcome == Outcome.FAILED]
    sections = [Section("Summary", _table("What stands in the ledger", ("", ""), _figures(status, done)))]
    if failed:
        rows = [(entry.name, entry.reason) for entry in failed]
        sections.append(Section("Failed", _table("Photos that are not in color", ("photo", "reason"), rows)))
    if status.unsure:
        rows = [(name, f"{certainty:.3f}") for name, certainty in status.unsure]
        sections.append(Section("Look at these first", _table("Least certain", ("photo", "certainty"), rows)))
    sections += [Section("Before and after", "".join(_pairs(out, done))), Section("Color copies", _copies(done))]
    lead = "<p>Colors are made by an algorithm: they are plausible, and no evidence of what was there.</p>"
    return page(f"Color copies in {readable(out.resolve().name)}", lead, sections, f"<p>bwcolor {__version__}</p>")


def _table(caption: str, head: Iterable[str], rows: Iterable[Sequence[object]]) -> str:
    cells = [[Cell(readable(str(value))) for value in row] for row in rows]
    return table(caption, [Cell(name) for name in head], cells)


def _figures(status: Status, done: list[Entry]) -> list[tuple[str, object]]:
    figures: list[tuple[str, object]] = [(name, count) for name, count in sorted(status.counts.items())]
    figures.append(("megapixels", f"{status.megapixels:,.1f}"))
    figures.append(("bytes of the copies", f"{status.bytes:,}"))
    figures.append(("largest |dL| before encoding, levels of 255", _level(status.dl_max)))
    if done:
        figures.append(("seconds per photo", f"{sum(entry.seconds for entry in done) / len(done):.2f}"))
    return figures


def _copies(done: list[Entry]) -> str:
    head = ("photo", "pixels", "bits", "format", "model", "max |dL| merged", "max |dL| as written")
    rows = [
        (e.name, f"{e.width} x {e.height}", e.depth, e.format, e.model, _level(e.dl_max), _level(e.written_dl_max))
        for e in done
    ]
    return _table("Lightness differences in levels of 255", head, rows)


def _level(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _pairs(out: Path, done: list[Entry]) -> list[str]:
    """Return photos before and after, drawn evenly from those that are not too large; those that moved are left out."""
    able = [entry for entry in done if entry.width * entry.height <= MOST_PIXELS]
    found = []
    for entry in able[:: -(-len(able) // PAIRS_SHOWN) or 1]:
        try:
            found.append(_pair(out, entry))
        except (PhotoError, OSError):
            continue  # `bwcolor verify` says what is wrong with it
    return found


def _pair(out: Path, entry: Entry) -> str:
    """Return a photo before and after."""
    from bwcolor.archive.showing import copy_of, scan_of
    from bwcolor.pages.pictures import SIDE, figure

    (gray,), (color,) = scan_of(out, entry, SIDE).pictures, copy_of(out, entry, SIDE).pictures
    name = escape(readable(entry.name))
    both = figure(gray, "scan", "the scan") + figure(color, "color copy", "in color")
    return f'<article><h3>{name}</h3><div class="row" style="max-width: 40rem">{both}</div></article>'
