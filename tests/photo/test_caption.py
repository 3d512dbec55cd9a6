# SPDX-License-Identifier: Apache-2.0
"""Captions and dates, wherever they stand; rubbish tells nothing and breaks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from bwcolor.photo import read_photo, xmp
from bwcolor.photo.caption import LONGEST, caption_of, date_of
from bwcolor.photo.metadata import photoshop_of
from bwcolor.photo.photo import Metadata

DC = "http://purl.org/dc/elements/1.1/"


def iptc(**datasets: bytes) -> bytes:
    """Return IPTC-IIM datasets, named by record and number: ``r2_120``."""
    block = b""
    for name, data in datasets.items():
        record, number = map(int, name[1:].split("_"))
        block += b"\x1c" + bytes((record, number)) + len(data).to_bytes(2, "big") + data
    return block


def packet(description: str, created: str = "") -> bytes:
    inner = f"<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>{description}</rdf:li></rdf:Alt></dc:description>"
    inner += f"<photoshop:DateCreated>{created}</photoshop:DateCreated>" if created else ""
    spaces = {"dc": DC, "photoshop": "http://ns.adobe.com/photoshop/1.0/"}
    return xmp.packet_of(xmp.description("", inner, spaces))


def test_exif_as_another_library_writes_it(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[270] = "The  harbor\nat noon"
    exif.get_ifd(34665)[36867] = "1912:05:01 00:00:00"
    Image.new("L", (40, 30), 90).save(tmp_path / "a.jpg", exif=exif)
    metadata = read_photo(tmp_path / "a.jpg").metadata
    assert caption_of(metadata) == "The harbor at noon"
    assert date_of(metadata) == "1912-05-01"


def test_png_text(tmp_path: Path) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("Title", "Mühle")
    Image.new("L", (40, 30), 90).save(tmp_path / "a.png", pnginfo=text)
    assert caption_of(read_photo(tmp_path / "a.png").metadata) == "Mühle"


@pytest.mark.parametrize(
    ("block", "caption", "date"),
    [
        (iptc(r2_120="Zoë".encode("latin-1"), r2_55=b"19120501"), "Zoë", "1912-05-01"),
        (iptc(r1_90=b"\x1b%G", r2_120="Zoë".encode(), r2_5=b"title"), "Zoë", ""),
        (iptc(r2_5=b"title"), "title", ""),
        (b"\x1c\x02\x78\x80\x04abc", "", ""),
    ],
)
def test_iptc_alone_and_within_photoshop(block: bytes, caption: str, date: str) -> None:
    for metadata in (Metadata(iptc=block), Metadata(photoshop=photoshop_of(block))):
        assert (caption_of(metadata), date_of(metadata)) == (caption, date)


def test_xmp_goes_first() -> None:
    metadata = Metadata(xmp=packet("A &amp; B &lt;1&gt;", "1890-07"), iptc=iptc(r2_120=b"other", r2_55=b"19000101"))
    assert caption_of(metadata) == "A & B <1>"
    assert date_of(metadata) == "1890-07"


def test_nothing_and_too_much() -> None:
    assert (caption_of(Metadata()), date_of(Metadata())) == ("", "")
    assert len(caption_of(Metadata(comments=(b"x" * 9000,)))) == LONGEST


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200), st.binary(max_size=200), st.binary(max_size=200))
def test_rubbish_breaks_nothing(one: bytes, two: bytes, three: bytes) -> None:
    metadata = Metadata(exif=b"II*\0" + one, xmp=b"<dc:description><rdf:li>" + two + b"</rdf:li>", iptc=b"\x1c" + three)
    assert isinstance(caption_of(metadata), str)
    assert isinstance(date_of(metadata), str)
