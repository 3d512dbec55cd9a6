# SPDX-License-Identifier: Apache-2.0
"""XMP packets (ISO 16684-1): properties are added and read; what others wrote stays, byte for byte.

A packet is never parsed and written again: an XML parser only says where things stand, and text is put in between.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XMP = "http://ns.adobe.com/xap/1.0/"
MEDIA = "http://ns.adobe.com/xap/1.0/mm/"
EVENT = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
IPTC_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
NOTE = "http://ns.adobe.com/xmp/note/"

EXTENDED = (NOTE, "HasExtendedXMP")
HISTORY = (MEDIA, "History")
_SEPARATOR = " "
_HEAD = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'  # the constant that ISO 16684-1, 7.3.2 gives
_MOST_BYTES = 1 << 26

Name = tuple[str, str]


@dataclass
class Outline:
    """Where things stand in a packet.

    Attributes:
        end: Position of the end tag of rdf:RDF.
        about: What the packet is about, as its first description says.
        simple: Values of top-level properties without structure.
        spans: Where the value of such a property stands: position of its text, or of the tag whose attribute it is.
        history_end: Position of the end tag of the history's sequence; None without one.
        has_history: Whether there is a history at all.
        history: The entries of the history, their fields by local name.
    """

    end: int = -1
    about: str = ""
    simple: dict[Name, str] = field(default_factory=dict)
    spans: dict[Name, tuple[int, int]] = field(default_factory=dict)
    history_end: int | None = None
    has_history: bool = False
    history: list[dict[str, str]] = field(default_factory=list)


def _split(name: str) -> Name:
    space, _, local = name.rpartition(_SEPARATOR)
    return space, local


class _Reader:
    """Walks a packet once and draws its outline."""

    def __init__(self, packet: bytes) -> None:
        self.packet = packet
        self.outline = Outline()
        self.path: list[Name] = []
        self.text = ""
        self.start = 0
        self.parser = expat.ParserCreate("utf-8", _SEPARATOR)
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._finish
        self.parser.CharacterDataHandler = self._read
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.Parse(packet, True)

    def _refuse(self, *_: object) -> None:
        raise ValueError("an XMP packet with a document type")  # entities are for bombs

    def _begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = _split(tag)
        named = {_split(key): value for key, value in attributes.items()}
        index = self.parser.CurrentByteIndex
        if len(self.path) and self.path[-1] == (RDF, "RDF"):
            self.outline.about = self.outline.about or named.get((RDF, "about"), named.get(("", "about"), ""))
            for key, value in named.items():
                if key[0] not in ("", RDF):
                    self.outline.simple[key] = value
                    self.outline.spans[key] = (index, index)
        self.path.append(name)
        self.outline.has_history |= name == HISTORY
        if self._in_history_entry():
            fields = {key[1]: value for key, value in named.items() if key[0] == EVENT}
            if len(self._below_history()) == 2:
                self.outline.history.append(fields)
            elif self.outline.history:
                self.outline.history[-1].update(fields)
        self.text = ""
        self.start = _tag_end(self.packet, index) + 1

    def _read(self, text: str) -> None:
        self.text += text

    def _finish(self, tag: str) -> None:
        name, index = _split(tag), self.parser.CurrentByteIndex
        # after an empty element the parser stands at whatever follows
        end_tag = self.packet[index : self.packet.find(b">", index) + 1]
        closes = re.fullmatch(rb"</(?:[\w.-]+:)?" + re.escape(name[1].encode()) + rb"\s*>", end_tag) is not None
        below = self._below_history()
        if name == (RDF, "RDF") and closes:
            self.outline.end = index
        elif below == [(RDF, "Seq")] and closes:
            self.outline.history_end = index
        elif len(below) >= 3 and name[0] == EVENT and self.outline.history:
            self.outline.history[-1][name[1]] = self.text
        elif len(self.path) >= 3 and self.path[-3] == (RDF, "RDF") and closes and self._is_leaf(index):
            self.outline.simple[name] = self.text
            self.outline.spans[name] = (self.start, index)
        self.path.pop()

    def _is_leaf(self, index: int) -> bool:
        return self.start <= index and b"<" not in self.packet[self.start : index]

    def _below_history(self) -> list[Name]:
        return self.path[self.path.index(HISTORY) + 1 :] if HISTORY in self.path else []

    def _in_history_entry(self) -> bool:
        return len(self._below_history()) >= 2


def outline_of(packet: bytes) -> Outline | None:
    """Return where things stand in a packet; None for one that is no XMP or damaged."""
    if not packet or len(packet) > _MOST_BYTES:
        return None
    try:
        outline = _Reader(packet).outline
    except (expat.ExpatError, ValueError, IndexError):
        return None
    return outline if outline.end > 0 else None


def readable(packet: bytes) -> bytes:
    """Return a packet in UTF-8 without the zeros that some writers leave after it."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if packet.startswith(mark):
            return packet[2:].decode(encoding, "replace").encode()
    return packet.rstrip(b"\0")


def with_open_history(packet: bytes) -> bytes:
    """Return a packet whose history, where it is an empty element, has an end tag to put entries before."""
    packet = re.sub(rb"<((?:[\w.-]+:)?Seq)\s*/>", rb"<\1></\1>", packet)
    return re.sub(rb"<((?:[\w.-]+:)?History)\s*(/>|>\s*</\1\s*>)", b"", packet)


def description(about: str, body: str, spaces: Mapping[str, str]) -> str:
    """Return a description with properties of its own."""
    declared = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in spaces.items())
    return f'<rdf:Description xmlns:rdf="{RDF}" rdf:about={quoteattr(about)}{declared}>{body}</rdf:Description>\n'


def bare(packet: bytes) -> bytes:
    """Return a packet without the processing instructions around it and the padding."""
    begin = packet.find(b"<", packet.find(b"?>") + 2) if packet.lstrip().startswith(b"<?xpacket") else 0
    return packet[begin : packet.rfind(b"<?xpacket") if b"<?xpacket end" in packet else len(packet)].strip()


def packet_of(descriptions: str) -> bytes:
    """Return a packet of its own around descriptions."""
    body = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">\n{descriptions}</rdf:RDF></x:xmpmeta>'
    return _HEAD + b"\n" + body.encode() + b'\n<?xpacket end="w"?>'


def inserted(packet: bytes, insertions: Mapping[int, str]) -> bytes:
    """Return a packet with text put in at positions."""
    for at in sorted(insertions, reverse=True):
        packet = packet[:at] + insertions[at].encode() + packet[at:]
    return packet


def replaced(packet: bytes, name: Name, value: str) -> bytes:
    """Return a packet in which the value of a top-level property is another one."""
    outline = outline_of(packet)
    if outline is None or name not in outline.spans:
        return packet
    start, end = outline.spans[name]
    if start < end or packet[start - 1 : start] == b">":
        return packet[:start] + escape(value).encode() + packet[end:]
    stop = _tag_end(packet, start)
    pattern = re.compile(rb"(\s[\w.-]+:" + name[1].encode() + rb"\s*=\s*)(\"[^\"]*\"|'[^']*')")
    tag = pattern.sub(lambda found: found[1] + quoteattr(value).encode(), packet[start:stop], count=1)
    return packet[:start] + tag + packet[stop:]


def _tag_end(packet: bytes, start: int) -> int:
    """Return the position of the ">" that ends the tag at ``start``; quotes may hold others."""
    quote = b""
    for at in range(start, len(packet)):
        byte = packet[at : at + 1]
        if quote:
            quote = b"" if byte == quote else quote
        elif byte in (b'"', b"'"):
            quote = byte
        elif byte == b">":
            return at
    return len(packet)


def joined(packet: bytes, extension: bytes) -> bytes | None:
    """Return a packet with what its extension holds (XMP Specification part 3, 1.1.3.1); None where they do not fit."""
    first, second = outline_of(packet), outline_of(extension)
    if first is None or second is None:
        return None
    begin = re.search(rb"<(?:[\w.-]+:)?RDF\b[^>]*>", extension)
    if begin is None:
        return None
    outer = re.findall(rb"\sxmlns:[\w.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*')", extension[: begin.end()])
    inner = extension[begin.end() : second.end]
    named = b"".join(dict.fromkeys(outer))
    if outer:  # the extension's own names stay declared
        inner = re.sub(
            rb"(<(?:[\w.-]+:)?Description\b)", lambda found: found[1] + _missing(inner, named), inner, count=1
        )
    result = packet[: first.end] + inner + packet[first.end :]
    pattern = rb"\s[\w.-]+:HasExtendedXMP\s*=\s*(?:\"[^\"]*\"|'[^']*')"
    result = re.sub(pattern, b"", result)
    result = re.sub(rb"<([\w.-]+:HasExtendedXMP)>[^<]*</\1>", b"", result)
    return result if outline_of(result) is not None else None


def _missing(inner: bytes, named: bytes) -> bytes:
    """Return the declarations that the first tag of ``inner`` does not make itself."""
    tag = inner[: inner.find(b">")]
    parts = re.findall(rb"\sxmlns:[\w.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*')", named)
    return b"".join(part for part in parts if part.split(b"=")[0].strip() not in tag)
