"""What is asked of a server of looks: a picture's pixels, and the question as JSON.

The message is a blob (`attnviz.viewer.blob`) of one array. It comes from anybody, so each size is
compared before anything is reserved, and nothing is decoded: pixels are sent as they are.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from attnviz.errors import ServerError
from attnviz.pictures import Picture
from attnviz.types import AnyArray
from attnviz.untrusted.values import (
    UNREADABLE,
    checked_count,
    checked_list,
    checked_number,
    checked_object,
    parse_json,
    reason_of,
)
from attnviz.viewer.blob import pack_blob

PROTOCOL = 1
MESSAGE_TYPE = "application/x-attnviz-look"
MOST_PIXELS = 8_000_000
MOST_SECONDS = 600.0
LARGEST_INPUT = 2048
_MOST_HEADER = 20_000
_TABLE = 500  # bytes that the table of arrays takes of the header at most
_MOST_NAME = 200
_MOST_TARGETS = 8_000  # characters
MOST_BYTES = 3 * MOST_PIXELS + _MOST_HEADER + 16
_PICTURE = "picture"
_HEX = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True, eq=False)
class LookRequest:
    """One picture, and what a network of the catalogue is asked about it.

    Attributes
    ----------
    model
        Name of a network of the catalogue.
    side
        Side of its input in pixels.
    weights
        SHA-256 of its weights, in hexadecimal: others would give other maps.
    method
        Name of a method or a question.
    targets
        What to explain, as text; empty for what the method explains by itself.
    seconds
        How long whoever asks will wait for the answer.
    picture
        The picture, without name and notes, which are nobody's business.
    """

    model: str
    side: int
    weights: str
    method: str
    targets: str
    seconds: float
    picture: Picture = field(repr=False)

    def message(self) -> bytes:
        """Return the request as it is sent."""
        return pack_blob(self._header(), {_PICTURE: self.picture.pixels})

    @property
    def readable(self) -> bool:
        """Whether a server reads it: a joiner of emoji in its words, say, is not printable."""
        texts = (self.model, _MOST_NAME), (self.method, _MOST_NAME), (self.targets, _MOST_TARGETS)
        return (
            all(map(_is_plain, *zip(*texts, strict=True)))
            and all(map(_HEX.fullmatch, (self.weights, self.picture.sha256)))
            and len(json.dumps(self._header())) + _TABLE <= _MOST_HEADER
        )

    def _header(self) -> dict[str, Any]:
        return {
            "protocol": PROTOCOL,
            "model": self.model,
            "side": self.side,
            "weights": self.weights,
            "method": self.method,
            "targets": self.targets,
            "seconds": self.seconds,
            "sha256": self.picture.sha256,
        }


def can_be_sent(picture: Picture) -> bool:
    """Return whether a picture is small enough, and its pixels are all that is known of it."""
    return picture.channels is None and picture.height * picture.width <= MOST_PIXELS


def read_request(message: bytes) -> LookRequest:
    """Read a request that may come from anybody.

    Parameters
    ----------
    message
        Of bounded size: see `MOST_BYTES`.

    Returns
    -------
    LookRequest
        What it names need not exist.

    Raises
    ------
    ServerError
        It is no request, or one of another protocol.
    """
    try:
        return _request(message)
    except (*UNREADABLE, struct.error) as error:
        raise ServerError(
            f"The message cannot be read as a question about a picture: {reason_of(error)}. Use "
            "the same version of attnviz on both sides."
        ) from error


def _request(message: bytes) -> LookRequest:
    (length,) = struct.unpack_from("<I", message)
    if length > min(_MOST_HEADER, len(message) - 4):
        raise ValueError("its header is longer than allowed")
    facts = checked_object(parse_json(message[4 : 4 + length]))
    if facts.get("protocol") != PROTOCOL:
        raise ValueError(f"it is of protocol {facts.get('protocol')!r:.20}, not {PROTOCOL}")
    pixels = _pixels(checked_list(facts["arrays"], 1), message, 4 + length)
    seconds = checked_number(facts["seconds"], "the time to wait")
    if not 0 < seconds <= MOST_SECONDS:
        raise ValueError(f"the time to wait is none of at most {MOST_SECONDS:.0f} seconds")
    return LookRequest(
        _plain(facts["model"], _MOST_NAME),
        checked_count(facts["side"], 1, LARGEST_INPUT, "the side of the input"),
        _hexadecimal(facts["weights"]),
        _plain(facts["method"], _MOST_NAME),
        _plain(facts["targets"], _MOST_TARGETS),
        seconds,
        Picture(pixels, _PICTURE, _hexadecimal(facts["sha256"])),
    )


def _pixels(table: list[Any], message: bytes, begin: int) -> AnyArray:
    """The one array of a message, which takes all of it that follows the header."""
    entry = checked_object(table[0])
    height, width, colours = checked_list(entry["shape"], 3)
    if (entry["name"], entry["dtype"], entry["start"], colours) != (_PICTURE, "uint8", 0, 3):
        raise ValueError("it holds no picture of three colours")
    height = checked_count(height, 1, MOST_PIXELS, "the picture's height")
    width = checked_count(width, 1, MOST_PIXELS, "the picture's width")
    size = height * width * 3
    if height * width > MOST_PIXELS:
        raise ValueError(f"its picture has more than {MOST_PIXELS / 1e6:.0f} million pixels")
    if len(message) - begin != size + -size % 4:
        raise ValueError("its picture is not as large as it says")
    return np.frombuffer(message, np.uint8, size, begin).reshape(height, width, 3)


def _plain(value: Any, most: int) -> str:
    if not isinstance(value, str) or not _is_plain(value, most):
        raise ValueError("a text is too long, or is none")
    return value


def _is_plain(text: str, most: int) -> bool:
    return len(text) <= most and text.isprintable()


def _hexadecimal(value: Any) -> str:
    if not isinstance(value, str) or _HEX.fullmatch(value) is None:
        raise ValueError("a checksum is none")
    return value
