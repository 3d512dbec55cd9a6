# SPDX-License-Identifier: Apache-2.0
"""One photo through one network: `load` makes a `Colorizer`, that makes a `ColorPhoto` of each `Photo`."""

from bwcolor.colorizer.colorizer import Colorizer, ColorPhoto
from bwcolor.colorizer.loading import load
from bwcolor.colorizer.settings import Settings

__all__ = ["ColorPhoto", "Colorizer", "Settings", "load"]
