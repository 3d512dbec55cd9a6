# SPDX-License-Identifier: Apache-2.0
"""Where things stand in packets; extended packets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bwcolor.photo import read_photo, write_photo, xmp

DC = {"dc": "http://purl.org/dc/elements/1.1/"}


def test_outline_of_the_packets_that_are_made_here() -> None:
    packet = xmp.packet_of(xmp.description("uuid:1", "<dc:source>a &amp; b</dc:source>", DC))
    outline = xmp.outline_of(packet)
    assert outline.about == "uuid:1"
    assert outline.simple == {(DC["dc"], "source"): "a & b"}
    assert packet[outline.end :].startswith(b"</rdf:RDF>")
    changed = xmp.replaced(packet, (DC["dc"], "source"), "<c>")
    assert xmp.outline_of(changed).simple == {(DC["dc"], "source"): "<c>"}
    assert xmp.replaced(packet, (DC["dc"], "none"), "x") == packet


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300))
def test_rubbish_has_no_outline(data: bytes) -> None:
    assert xmp.outline_of(data) is None
    assert xmp.outline_of(xmp.readable(data)) is None


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_damaged_packets_never_raise(data: st.DataObject) -> None:
    packet = bytearray(xmp.packet_of(xmp.description("", "<dc:source>mill</dc:source>", DC)))
    for _ in range(3):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    outline = xmp.outline_of(bytes(packet))
    assert outline is None or outline.end > 0


def test_joined_packets() -> None:
    first = xmp.packet_of(
        xmp.description("", "<xmpNote:HasExtendedXMP>AB</xmpNote:HasExtendedXMP>", {"xmpNote": xmp.NOTE})
    )
    second = xmp.bare(xmp.packet_of(xmp.description("", "<dc:source>mill</dc:source>", DC)))
    whole = xmp.joined(first, second)
    assert xmp.outline_of(whole).simple == {(DC["dc"], "source"): "mill"}
    assert xmp.joined(first, b"rubbish") is None


def test_extended_xmp_as_others_write_it(tmp_path: Path, exiftool) -> None:
    """A main packet with properties of its own, and an extension in two parts out of order (XMP part 3, 1.1.3)."""
    text = "mill " * 20_000
    extension = xmp.bare(xmp.packet_of(xmp.description("", f"<dc:source>{text}</dc:source>", DC)))
    name = b"0123456789ABCDEF0123456789ABCDEF"
    main = xmp.packet_of(
        xmp.description(
            "",
            f"<dc:format>image/jpeg</dc:format><xmpNote:HasExtendedXMP>{name.decode()}</xmpNote:HasExtendedXMP>",
            DC | {"xmpNote": xmp.NOTE},
        )
    )
    cut = 60_000
    parts = [b"http://ns.adobe.com/xap/1.0/\0" + main]
    for start, part in ((cut, extension[cut:]), (0, extension[:cut])):
        head = b"http://ns.adobe.com/xmp/extension/\0" + name + len(extension).to_bytes(4, "big")
        parts.append(head + start.to_bytes(4, "big") + part)
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    segments = b"".join(b"\xff\xe1" + (len(part) + 2).to_bytes(2, "big") + part for part in parts)
    (tmp_path / "a.jpg").write_bytes(data[:2] + segments + data[2:])
    photo = read_photo(tmp_path / "a.jpg")
    assert xmp.outline_of(photo.metadata.xmp).simple[(DC["dc"], "source")] == text
    for suffix in (".jpg", ".png", ".tif"):
        written = write_photo(photo, lambda y0, y1: np.zeros((y1 - y0, 9, 3), np.uint8), tmp_path / f"b{suffix}")
        tags = exiftool(written.path)
        assert (tags["XMP-dc:Source"], tags["XMP-dc:Format"], written.lost) == (text, "image/jpeg", ())
    assert segments in (tmp_path / "b.jpg").read_bytes()  # where nothing is added nothing is changed
