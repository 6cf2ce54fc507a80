"""How a JPEG or PNG is put together, counted before anything decodes it.

A photo has a few dozen segments and about ten scans. A file made of millions of empty ones is small
and takes minutes: its header is read in Python, and each scan goes over all pixels.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from attnviz.errors import PictureError

MOST_SEGMENTS = 4096  # of a JPEG: 25 MB of metadata have 400, as each holds 64 kB
MOST_SCANS = 64  # of a JPEG: as fine as tools that save bytes divide a picture
MOST_FILL = 65_536  # bytes that stand between a JPEG's segments and mean nothing
MOST_CHUNKS = 65_536  # of a PNG: 25 MB in the smallest pieces that encoders write

_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # but for restarts, stuffed and fill bytes
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # markers with the picture's size behind them
_SCAN, _END, _FIRST_SEGMENT = 0xDA, 0xD9, 2
_WITHOUT_LENGTH = {0x01, 0xD8}
_PNG_SIGNATURE = 8


@dataclass(frozen=True)
class JpegStructure:
    """What a JPEG consists of; counting ends where a limit is exceeded.

    Attributes
    ----------
    segments, scans
        How many there are.
    fill
        Bytes between segments.
    size
        (height, width) in pixels; None if the file does not say.
    """

    segments: int
    scans: int
    fill: int
    size: tuple[int, int] | None


def jpeg_structure(data: bytes) -> JpegStructure:
    """Walk through the segments of a JPEG."""
    segments = scans = fill = 0
    size, at, in_scan = None, _FIRST_SEGMENT, False
    while segments <= MOST_SEGMENTS and (found := _MARKER.search(data, at)) is not None:
        if not in_scan:
            fill += found.start() - at
        marker, body = data[found.start() + 1], found.end()
        segments += 1
        if marker == _END:
            break
        if marker in _FRAMES and size is None and len(data) >= body + 7:
            height, width = struct.unpack_from(">HH", data, body + 3)
            size = height, width
        in_scan = marker == _SCAN
        scans += in_scan
        length = 0 if marker in _WITHOUT_LENGTH else int.from_bytes(data[body : body + 2], "big")
        at = body + length
    else:
        fill += 0 if in_scan else max(len(data) - at, 0)
    return JpegStructure(segments, scans, fill, size)


def check_jpeg(data: bytes, name: str) -> None:
    """Raise PictureError if a JPEG has more segments, scans or fill bytes than any photo."""
    found = jpeg_structure(data)
    for count, most, what in (
        (found.segments, MOST_SEGMENTS, "segments"),
        (found.scans, MOST_SCANS, "scans"),
        (found.fill, MOST_FILL, "bytes between its segments"),
    ):
        if count > most:
            raise _refused(name, "JPEG", most, what)


def check_png(data: bytes, name: str) -> None:
    """Raise PictureError if a PNG has more chunks than any picture."""
    at, chunks, end = _PNG_SIGNATURE, 0, len(data)
    while at < end:
        chunks += 1
        if chunks > MOST_CHUNKS:
            raise _refused(name, "PNG", MOST_CHUNKS, "chunks")
        at += 12 + int.from_bytes(data[at : at + 4], "big")


def _refused(name: str, kind: str, most: int, what: str) -> PictureError:
    return PictureError(
        f"{name} is a {kind} of more than {most:,} {what}: so many would only keep this computer "
        "busy. Save it again as JPEG or PNG."
    )
