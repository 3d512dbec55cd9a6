# SPDX-License-Identifier: Apache-2.0
"""The caption and the date that a photo carries, wherever they stand in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from bwcolor.photo import xmp
from bwcolor.photo.exif import EXIF_IFD
from bwcolor.photo.fields import DESCRIPTION, fields_of_block
from bwcolor.photo.metadata import iptc_of
from bwcolor.photo.photo import Metadata

PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
DATE_ORIGINAL = 36867  # EXIF 2.32: when the picture was taken
IPTC_CAPTION, IPTC_DATE, IPTC_TITLE = (2, 120), (2, 55), (2, 5)  # IPTC-IIM 4.2: record, dataset
IPTC_UTF8 = b"\x1b%G"  # dataset 1:90 where texts are UTF-8
TEXT_KEYWORDS = ("Description", "Caption", "Title", "Comment")  # of PNG text
LONGEST = 2000  # characters that are told

_XMP_DESCRIPTION = re.compile(rb"<dc:description>.*?<rdf:li[^>]*>(.*?)</rdf:li>", re.DOTALL)


def caption_of(metadata: Metadata) -> str:
    """Return what a photo's metadata say that it shows: XMP before IPTC, EXIF and text; empty where nothing does."""
    described = _XMP_DESCRIPTION.search(xmp.readable(metadata.xmp or b""))
    if described:
        return _clean(unescape(described[1].decode("utf-8", "replace")))
    datasets = _datasets(metadata)
    texts = dict(reversed(metadata.text))
    candidates = [datasets.get(IPTC_CAPTION, ""), _exif_text(metadata, DESCRIPTION), datasets.get(IPTC_TITLE, "")]
    candidates += [texts.get(keyword, "") for keyword in TEXT_KEYWORDS]
    candidates += [comment.decode("utf-8", "replace") for comment in metadata.comments]
    return next((found for found in map(_clean, candidates) if found), "")


def date_of(metadata: Metadata) -> str:
    """Return when a photo was taken, as its metadata say: ISO 8601 where they do, else as it stands."""
    outline = xmp.outline_of(xmp.readable(metadata.xmp)) if metadata.xmp else None
    told = outline.simple.get((PHOTOSHOP, "DateCreated"), "") if outline else ""
    told = told or _exif_text(metadata, DATE_ORIGINAL) or _datasets(metadata).get(IPTC_DATE, "")
    told = re.sub(r"^(\d{4}):(\d\d):(\d\d)( 00:00:00)?", r"\1-\2-\3", told)
    return _clean(re.sub(r"^(\d{4})(\d\d)(\d\d)$", r"\1-\2-\3", told))


def _exif_text(metadata: Metadata, tag: int) -> str:
    fields, _ = fields_of_block(metadata.exif or b"")
    inner = next((field.inner for field in fields if field.tag == EXIF_IFD and field.inner), ())
    found = next((field for field in (*fields, *inner) if field.tag == tag), None)
    return "" if found is None else _decoded(found.data)


def _datasets(metadata: Metadata) -> dict[tuple[int, int], str]:
    """Return the first value of each IPTC dataset."""
    block = metadata.iptc or iptc_of(metadata.photoshop) or b""
    found: dict[tuple[int, int], bytes] = {}
    for name, data in _walk(block):
        found.setdefault(name, data)
    if found.get((1, 90)) == IPTC_UTF8:
        return {name: data.decode("utf-8", "replace") for name, data in found.items()}
    return {name: _decoded(data) for name, data in found.items()}


def _walk(block: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Yield (record, dataset) and data of each IPTC dataset until the block ends or makes no sense."""
    at = 0
    while block[at : at + 1] == b"\x1c" and at + 5 <= len(block):
        size = int.from_bytes(block[at + 3 : at + 5], "big")
        if size & 0x8000:
            return  # an extended dataset: pictures, never captions
        yield (block[at + 1], block[at + 2]), block[at + 5 : at + 5 + size]
        at += 5 + size


def _decoded(data: bytes) -> str:
    data = data.partition(b"\0")[0]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _clean(text: str) -> str:
    return " ".join(text.split())[:LONGEST]
