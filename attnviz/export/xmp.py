"""Provenance as an XMP packet, which formats without text chunks of their own carry."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape, unescape

from attnviz.untrusted.values import checked_object, parse_json, sendable

_PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:attnviz="urn:attnviz:1"><attnviz:provenance>{text}</attnviz:provenance>'
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
)
# Sought as text: a parser of XML would follow what a hostile file declares.
_TEXT = re.compile(r"<attnviz:provenance>([^<]*)</attnviz:provenance>")


def provenance_text(provenance: Mapping[str, str]) -> str:
    """Write provenance as one line of JSON in ASCII, for comments and descriptions."""
    return json.dumps(dict(provenance))


def xmp_packet(provenance: Mapping[str, str]) -> bytes:
    """Write provenance as an XMP packet, in UTF-8."""
    return _PACKET.format(text=escape(provenance_text(provenance), quote=False)).encode()


def read_xmp_packet(packet: bytes) -> dict[str, str]:
    """Read what `xmp_packet` wrote; empty where there is nothing of it."""
    found = _TEXT.search(packet.decode("utf-8", "replace"))
    try:
        facts = checked_object(parse_json(unescape(found[1]))) if found else {}
    except ValueError:
        return {}
    return {sendable(key): sendable(str(value)) for key, value in facts.items()}
