# SPDX-License-Identifier: Apache-2.0
"""File bytes to values and back; the names are imported when they are first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bwcolor.photo.access import AccessCopy
    from bwcolor.photo.color_file import ColorFile, read_color
    from bwcolor.photo.options import ReadOptions, WriteOptions
    from bwcolor.photo.photo import Metadata, Photo, Rows, Source, Written
    from bwcolor.photo.provenance import Provenance
    from bwcolor.photo.reading import read_photo
    from bwcolor.photo.writing import write_photo

__all__ = [
    "AccessCopy",
    "ColorFile",
    "Metadata",
    "Photo",
    "Provenance",
    "ReadOptions",
    "Rows",
    "Source",
    "WriteOptions",
    "Written",
    "read_color",
    "read_photo",
    "write_photo",
]

_HOMES = {
    "AccessCopy": "access",
    "ColorFile": "color_file",
    "Metadata": "photo",
    "Photo": "photo",
    "Provenance": "provenance",
    "ReadOptions": "options",
    "Rows": "photo",
    "Source": "photo",
    "WriteOptions": "options",
    "Written": "photo",
    "read_color": "color_file",
    "read_photo": "reading",
    "write_photo": "writing",
}


def __getattr__(name: str) -> Any:
    """Import a public name from the module that holds it."""
    if name in _HOMES:
        return getattr(import_module(f"bwcolor.photo.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'bwcolor.photo' has no attribute {name!r}")
