# SPDX-License-Identifier: Apache-2.0
"""``bwcolor info``: what a file says of itself."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

PAGE_WIDTH = 80  # columns where stdout is no terminal: it is read by people, and --json by programs
SHORT_NAMES = {"source_sha256": "scan", "weights_sha256": "weights"}  # so that a hash and its name fit into a line


def info(
    file: Annotated[Path, typer.Argument(help="A photograph.", metavar="FILE", show_default=False)],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell what a file is, what it carries, and whether bwcolor colored it: by which network, from which scan.

    Example:
        bwcolor info scans/a.jpg
    """
    from bwcolor.cli.terminal import print_json, print_table

    told = _told(file)
    if json:
        print_json(told)
        return
    mark = told.pop("colored_by_bwcolor")
    print_table("", ("", ""), _rows(told), PAGE_WIDTH)
    if mark:
        options = mark.pop("options")
        mark["source_type"] = str(mark["source_type"]).rpartition("/")[2]
        told = {SHORT_NAMES.get(name, name): value for name, value in mark.items()}
        print_table("Colored by bwcolor", ("", ""), _rows(told), PAGE_WIDTH)
        others = {name: value for name, value in options.items() if name not in mark}
        print_table("Options", ("", ""), _rows(others), PAGE_WIDTH)


def _rows(told: dict[str, Any]) -> list[tuple[str, object]]:
    """Return what there is to tell, without what is empty or not the case."""
    return [
        (name.replace("_", " "), ", ".join(map(str, value)) if isinstance(value, list) else value)
        for name, value in told.items()
        if value not in (None, "", [], False)
    ]


def _told(file: Path) -> dict[str, Any]:
    """Return everything that is told of a file, as plain values."""
    from bwcolor.errors import NothingToDoError
    from bwcolor.photo import ReadOptions, read_photo
    from bwcolor.photo.formats import probe
    from bwcolor.photo.provenance import mark_of

    if not file.is_file():
        raise NothingToDoError(f"There is no file {file}.", "Name a photograph.")
    row, header = probe(file)
    photo = read_photo(file, ReadOptions(allow_truncated=True))
    source, metadata = photo.source, photo.metadata
    carried: dict[str, object] = {
        "EXIF": metadata.exif,
        "XMP": metadata.xmp,
        "IPTC": metadata.iptc,
        "Photoshop": metadata.photoshop,
    }
    carried |= {"ICC profile": metadata.icc, "text": metadata.text, "comments": metadata.comments, "alpha": photo.alpha}
    mark = mark_of(metadata.xmp)
    return {
        "file": str(file),
        "format": row.title,
        "pixels": f"{photo.width} x {photo.height}",
        "megapixels": round(photo.width * photo.height / 1e6, 2),
        "bits": source.bits,
        "channels": source.channels,
        "pages": 1 + len(photo.pages),
        "orientation": header.orientation,
        "tone": photo.tone,
        "dpi": [round(value, 2) for value in metadata.dpi] if metadata.dpi else None,
        "carries": [name for name, value in carried.items() if value],
        "notes": list(source.notes),
        "truncated": source.truncated,
        "bytes": source.size,
        "sha256": source.sha256,
        "colored_by_bwcolor": asdict(mark) if mark else None,
    }
