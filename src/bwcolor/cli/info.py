# SPDX-License-Identifier: Apache-2.0
"""``bwcolor info``: what a file says of itself."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer


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
    rows = []
    for name, value in told.items():
        if isinstance(value, dict):
            rows += [
                (f"{name.replace('_', ' ')}: {key}", each) for key, each in value.items() if each not in ("", None)
            ]
        elif value not in (None, "", [], False):
            rows.append((name.replace("_", " "), ", ".join(map(str, value)) if isinstance(value, list) else value))
    print_table("", ("", ""), rows)


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
        "dpi": list(metadata.dpi) if metadata.dpi else None,
        "carries": [name for name, value in carried.items() if value],
        "notes": list(source.notes),
        "truncated": source.truncated,
        "bytes": source.size,
        "sha256": source.sha256,
        "colored_by_bwcolor": asdict(mark) if mark else None,
    }
