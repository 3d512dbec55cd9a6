# SPDX-License-Identifier: Apache-2.0
"""bwcolor: colorize archives of historic black-and-white photographs, faithfully.

The public names are imported when they are first used, so that ``import bwcolor`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bwcolor.colorizer import Colorizer, ColorPhoto, load
    from bwcolor.photo import Photo, read_photo, write_photo

__version__ = "0.1.0"

__all__ = ["ColorPhoto", "Colorizer", "Photo", "__version__", "load", "read_photo", "write_photo"]

_HOMES = {
    "ColorPhoto": "bwcolor.colorizer",
    "Colorizer": "bwcolor.colorizer",
    "Photo": "bwcolor.photo",
    "load": "bwcolor.colorizer",
    "read_photo": "bwcolor.photo",
    "write_photo": "bwcolor.photo",
}


def __getattr__(name: str) -> Any:
    """Import a public name from the module that holds it."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'bwcolor' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
