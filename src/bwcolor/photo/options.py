# SPDX-License-Identifier: Apache-2.0
"""How photos are read and written: everything that can be asked for, with its default."""

from __future__ import annotations

from dataclasses import dataclass

from bwcolor.photo.provenance import Provenance
from bwcolor.photo.signing import Signing

MAX_PIXELS = 2_000_000_000  # two gigapixels: a 50,000 x 40,000 scan; more is rather a bomb than a photograph


@dataclass(frozen=True)
class ReadOptions:
    """How photos are read.

    Attributes:
        depth: Bits per channel at which the photo is colored and written, 8 or 16; None keeps the scan's.
        invert: Whether the scan is a negative.
        allow_truncated: Whether a picture of which a part is missing is accepted (and said to be so).
        max_pixels: The most pixels that a header may announce.
    """

    depth: int | None = None
    invert: bool = False
    allow_truncated: bool = False
    max_pixels: int = MAX_PIXELS


@dataclass(frozen=True)
class WriteOptions:
    """How photos are written.

    Attributes:
        quality: Of JPEG (1 to 100) and lossy WebP; None takes a JPEG's own tables, else a high quality.
        progressive: Whether a JPEG is progressive.
        keep_times: Whether the written file gets the times of the scan's file.
        provenance: By what the photo was colored, for the output's XMP; None leaves it out.
        signing: Certificate and key for a C2PA manifest; None signs nothing.
    """

    quality: int | None = None
    progressive: bool = False
    keep_times: bool = False
    provenance: Provenance | None = None
    signing: Signing | None = None
