"""What the viewers on a page were sent."""

from __future__ import annotations

import json
import struct
from typing import Any

from streamlit.testing.v1 import AppTest


def viewer_blobs(page: AppTest) -> list[bytes]:
    """The message of each viewer, in the order of the page."""
    return [
        part.proto.bytes
        for part in page.get("bidi_component")
        if part.proto.component_name == "attnviz.viewer"
    ]


def viewer_headers(page: AppTest) -> list[dict[str, Any]]:
    """The header of each message."""
    found = []
    for blob in viewer_blobs(page):
        (length,) = struct.unpack("<I", blob[:4])
        found.append(json.loads(blob[4 : 4 + length]))
    return found
