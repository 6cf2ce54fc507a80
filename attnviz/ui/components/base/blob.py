"""What a component is sent: a JSON header with its length in front, and bytes behind it."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any


def blob(header: Mapping[str, Any], body: bytes) -> bytes:
    """A little-endian uint32 length, the header as JSON of that length, and `body`."""
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<I", len(text)) + text + body
