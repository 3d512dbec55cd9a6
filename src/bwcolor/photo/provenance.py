# SPDX-License-Identifier: Apache-2.0
"""What bwcolor says of itself in a file that it colored: that the color is made by an algorithm, by which, of what.

Properties of standard schemas only: IPTC's DigitalSourceType, xmp:CreatorTool, and an entry of xmpMM:History whose
parameters are a JSON object. A tool that knows none of them shows them; one that knows them understands.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from bwcolor import __version__
from bwcolor.photo import xmp

SOFTWARE = "bwcolor"
# https://cv.iptc.org/newscodes/digitalsourcetype/: a photograph with elements made by a trained network
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
SOURCE_TYPE = (xmp.IPTC_EXTENSION, "DigitalSourceType")
CREATOR_TOOL = (xmp.XMP, "CreatorTool")


@dataclass(frozen=True)
class Provenance:
    """By what a photo was colored.

    Attributes:
        model: Name of the network.
        weights_sha256: Hash of its weights; empty for a network without.
        options: All resolved options: a JSON object with sorted keys.
        version: Of bwcolor.
        source_type: IPTC DigitalSourceType of the output.
        stamp: ISO 8601 time to write in; None leaves it out, so that outputs can be reproduced byte for byte.
    """

    model: str
    weights_sha256: str = ""
    options: str = "{}"
    version: str = __version__
    source_type: str = COMPOSITE
    stamp: str | None = None


@dataclass(frozen=True)
class Mark:
    """What a file says of having been colored by bwcolor.

    Attributes:
        version: Of bwcolor.
        model: Name of the network.
        weights_sha256: Hash of its weights.
        source_sha256: Hash of the file that was colored.
        options: All resolved options.
        stamp: When, where the file says so.
        source_type: IPTC DigitalSourceType.
    """

    version: str
    model: str
    weights_sha256: str
    source_sha256: str
    options: dict[str, Any]
    stamp: str | None
    source_type: str


def marked(packet: bytes | None, provenance: Provenance, source_sha256: str) -> tuple[bytes, tuple[str, ...]]:
    """Add to an XMP packet that, and how, a photo was colored.

    Args:
        packet: The scan's; None without.
        provenance: By what.
        source_sha256: Hash of the scan's file.

    Returns:
        The packet with everything that was in it (a DigitalSourceType, which would be false now, is replaced and kept
        in the history entry), and names of what was lost: a packet that is no XMP.
    """
    packet = xmp.readable(packet) if packet else None
    outline = xmp.outline_of(packet) if packet else None
    if packet and outline and outline.has_history and outline.history_end is None:
        packet = xmp.with_open_history(packet)
        outline = xmp.outline_of(packet)
    if packet is None or outline is None:
        body = _tool(provenance) + _type(provenance) + f"<xmpMM:History><rdf:Seq>{_entry(provenance, source_sha256)}"
        body += "</rdf:Seq></xmpMM:History>"
        return xmp.packet_of(xmp.description("", body, _SPACES)), ("XMP (damaged)",) if packet else ()
    body = "" if CREATOR_TOOL in outline.simple else _tool(provenance)
    before = outline.simple.get(SOURCE_TYPE, "")
    body += "" if before else _type(provenance)
    entry = _entry(provenance, source_sha256, before)
    insertions: dict[int, str] = {}
    if outline.history_end is None:
        body += f"<xmpMM:History><rdf:Seq>{entry}</rdf:Seq></xmpMM:History>"
    else:
        # declared where they stand: what prefixes the packet uses does not matter
        insertions[outline.history_end] = entry
    if body:
        insertions[outline.end] = xmp.description(outline.about, body, _SPACES)
    packet = xmp.inserted(packet, insertions)
    return xmp.replaced(packet, SOURCE_TYPE, provenance.source_type) if before else packet, ()


_SPACES = {"xmp": xmp.XMP, "xmpMM": xmp.MEDIA, "Iptc4xmpExt": xmp.IPTC_EXTENSION}


def _tool(provenance: Provenance) -> str:
    return f"<xmp:CreatorTool>{SOFTWARE} {escape(provenance.version)}</xmp:CreatorTool>"


def _type(provenance: Provenance) -> str:
    return f"<Iptc4xmpExt:DigitalSourceType>{escape(provenance.source_type)}</Iptc4xmpExt:DigitalSourceType>"


def _entry(provenance: Provenance, source_sha256: str, type_before: str = "") -> str:
    """Return an entry of the history."""
    parameters = {
        "model": provenance.model,
        "weights_sha256": provenance.weights_sha256,
        "source_sha256": source_sha256,
        "options": json.loads(provenance.options),
    }
    if type_before:
        parameters["digital_source_type_before"] = type_before
    fields = {
        "action": "edited",
        "softwareAgent": f"{SOFTWARE} {provenance.version}",
        "parameters": json.dumps(parameters, sort_keys=True, ensure_ascii=False),
        **({"when": provenance.stamp} if provenance.stamp else {}),
    }
    inner = "".join(f"<stEvt:{name}>{escape(value)}</stEvt:{name}>" for name, value in fields.items())
    return f'<rdf:li xmlns:rdf="{xmp.RDF}" xmlns:stEvt="{xmp.EVENT}" rdf:parseType="Resource">{inner}</rdf:li>'


def mark_of(packet: bytes | None) -> Mark | None:
    """Return what a file's XMP says of having been colored by bwcolor; None where it was not."""
    outline = xmp.outline_of(xmp.readable(packet)) if packet else None
    if outline is None:
        return None
    for entry in reversed(outline.history):
        name, _, version = entry.get("softwareAgent", "").partition(" ")
        if name != SOFTWARE:
            continue
        try:
            parameters = json.loads(entry.get("parameters", "{}"))
        except ValueError:
            parameters = {}
        if not isinstance(parameters, dict):
            parameters = {}
        return Mark(
            version,
            str(parameters.get("model", "")),
            str(parameters.get("weights_sha256", "")),
            str(parameters.get("source_sha256", "")),
            parameters["options"] if isinstance(parameters.get("options"), dict) else {},
            entry.get("when"),
            outline.simple.get(SOURCE_TYPE, ""),
        )
    return None
