# SPDX-License-Identifier: Apache-2.0
"""What bwcolor says of itself is added to what was there, and found again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import gray_picture
from PIL import Image

from bwcolor import __version__
from bwcolor.photo import Provenance, WriteOptions, read_photo, write_photo
from bwcolor.photo.provenance import COMPOSITE, mark_of, marked

OPTIONS = {"saturation": 1.0, "upsample": "edge", "note": 'quotes " & <brackets>'}
MADE = Provenance("gan", "ab" * 32, json.dumps(OPTIONS, sort_keys=True))
SCAN = "cd" * 32

RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'


def packet(description: str, padding: int = 200) -> bytes:
    body = f'<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Scanner 3">\n <rdf:RDF {RDF}>\n  {description}\n </rdf:RDF>\n'
    return f"{HEAD}\n{body}</x:xmpmeta>{' ' * padding}<?xpacket end='w'?>".encode()


MM = 'xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:e="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"'
LI = (
    '<rdf:li rdf:parseType="Resource"><e:action>created</e:action><e:softwareAgent>Scanner 3</e:softwareAgent></rdf:li>'
)
FOUND = {
    "title": packet(
        '<rdf:Description rdf:about="uuid:7" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>'
        '<rdf:li xml:lang="x-default">Mühle</rdf:li></rdf:Alt></dc:title></rdf:Description>'
    ),
    "attributes": packet(
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="Scanner &gt; 3" '
        "xmlns:i=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\" i:DigitalSourceType='http://x/digitisedFromPrint'/>"
    ),
    "elements": packet(
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        'xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><xmp:CreatorTool>Scanner</xmp:CreatorTool>'
        "<i:DigitalSourceType>http://x/digitisedFromPrint</i:DigitalSourceType></rdf:Description>"
    ),
    "history": packet(
        f'<rdf:Description rdf:about="" {MM}><xmpMM:History><rdf:Seq>{LI}</rdf:Seq></xmpMM:History></rdf:Description>'
    ),
    "empty history": packet(
        f'<rdf:Description rdf:about="" {MM}><xmpMM:History><rdf:Seq/></xmpMM:History></rdf:Description>'
    ),
    "no history": packet(f'<rdf:Description rdf:about="" {MM}><xmpMM:History/></rdf:Description>'),
    "attribute entries": packet(
        f'<rdf:Description rdf:about="" {MM}><xmpMM:History><rdf:Seq><rdf:li e:action="created" '
        'e:softwareAgent="Scanner 3"/></rdf:Seq></xmpMM:History></rdf:Description>'
    ),
    "utf-16": packet('<rdf:Description rdf:about=""/>').decode().encode("utf-16"),
    "trailing zeros": packet('<rdf:Description rdf:about=""/>') + bytes(50),
    "no description": packet(""),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_was_there_stays_and_the_mark_is_found(name: str, tmp_path: Path, exiftool) -> None:
    before = FOUND[name]
    after, lost = marked(before, MADE, SCAN)
    assert lost == ()
    mark = mark_of(after)
    assert mark is not None
    assert (mark.version, mark.model, mark.weights_sha256, mark.source_sha256) == (__version__, "gan", "ab" * 32, SCAN)
    assert (mark.options, mark.stamp, mark.source_type) == (OPTIONS, None, COMPOSITE)
    (tmp_path / "a.xmp").write_bytes(before)
    (tmp_path / "b.xmp").write_bytes(after)
    old, new = exiftool(tmp_path / "a.xmp"), exiftool(tmp_path / "b.xmp")
    assert "ExifTool:Warning" not in new
    for tag, value in old.items():
        if tag.startswith("XMP") and tag not in ("XMP-iptcExt:DigitalSourceType", "XMP-xmpMM:History"):
            assert new[tag] == value
    assert new["XMP-iptcExt:DigitalSourceType"] == COMPOSITE
    history = new["XMP-xmpMM:History"]
    assert history[:-1] == (old.get("XMP-xmpMM:History") or [])
    assert history[-1]["SoftwareAgent"] == f"bwcolor {__version__}"
    told = json.loads(history[-1]["Parameters"])
    assert told["options"] == OPTIONS
    if name in ("attributes", "elements"):
        assert told["digital_source_type_before"] == "http://x/digitisedFromPrint"
        assert new["XMP-xmp:CreatorTool"].startswith("Scanner")
    else:
        assert new["XMP-xmp:CreatorTool"] == f"bwcolor {__version__}"


def test_bytes_of_others_are_not_touched() -> None:
    before = FOUND["title"]
    after, _ = marked(before, MADE, SCAN)
    at = next(index for index in range(len(before)) if before[index] != after[index])
    assert after.endswith(before[at:])


def test_a_second_coloring_adds_a_second_entry(tmp_path: Path, exiftool) -> None:
    first, _ = marked(None, MADE, SCAN)
    second, _ = marked(first, replace(MADE, model="classify", stamp="2026-01-02T03:04:05Z"), "ef" * 32)
    assert mark_of(second).model == "classify"
    assert mark_of(second).stamp == "2026-01-02T03:04:05Z"
    (tmp_path / "a.xmp").write_bytes(second)
    assert [
        json.loads(entry["Parameters"])["model"] for entry in exiftool(tmp_path / "a.xmp")["XMP-xmpMM:History"]
    ] == [
        "gan",
        "classify",
    ]


@pytest.mark.parametrize(
    "damage",
    [
        b"rubbish",
        b"<x:xmpmeta",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        packet("<rdf:Description></rdf:RDF>"),
    ],
)
def test_damaged_packet_is_named_as_lost(damage: bytes) -> None:
    assert mark_of(damage) is None
    after, lost = marked(damage, MADE, SCAN)
    assert lost == ("XMP (damaged)",)
    assert mark_of(after).model == "gan"


def test_others_are_not_taken_for_bwcolor() -> None:
    assert mark_of(None) is None
    assert mark_of(FOUND["history"]) is None
    assert mark_of(FOUND["title"]) is None


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".jp2"])
def test_every_output_carries_it(suffix: str, tmp_path: Path, exiftool, tagged) -> None:
    Image.fromarray(gray_picture()).save(tmp_path / "a.jpg")
    tagged(tmp_path / "a.jpg", "-XMP-dc:Title=Mühle", "-XMP-iptcExt:DigitalSourceType=http://x/digitisedFromPrint")
    photo = read_photo(tmp_path / "a.jpg")

    def rows(y0: int, y1: int) -> np.ndarray:
        return np.repeat(photo.rows(y0, y1)[..., None], 3, axis=2)

    options = WriteOptions(provenance=MADE)
    written = write_photo(photo, rows, tmp_path / f"b{suffix}", options)
    assert written.lost == (("IPTC",) if suffix == ".webp" else ())
    tags = exiftool(written.path)
    assert tags["XMP-dc:Title"] == "Mühle"
    assert tags["XMP-iptcExt:DigitalSourceType"] == COMPOSITE
    again = read_photo(written.path)
    assert mark_of(again.metadata.xmp).source_sha256 == photo.source.sha256
    assert write_photo(photo, rows, tmp_path / f"c{suffix}", options).sha256 == written.sha256
    plain = write_photo(photo, rows, tmp_path / f"d{suffix}")
    assert mark_of(read_photo(plain.path).metadata.xmp) is None
