"""Small files made by hand or by Pillow, and colour profiles written byte by byte."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

ORIENTATION = 0x0112


def rgb(*rows: Sequence[Sequence[int]]) -> Image.Image:
    """An image from rows of (r, g, b)."""
    return Image.fromarray(np.asarray(rows, dtype=np.uint8))


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The image as a file of Pillow's format `kind`, or "HEIC"."""
    buffer = io.BytesIO()
    if kind == "HEIC":
        pillow_heif.from_pillow(image).save(buffer, **options)
    else:
        image.save(buffer, kind, **options)
    return buffer.getvalue()


def orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION] = value
    return exif


def chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def png_header(width: int, height: int, depth: int, colour: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)


def png(width: int, depth: int, colour: int, rows: Sequence[bytes], extra: bytes = b"") -> bytes:
    """A PNG from unfiltered rows; colour 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGBA."""
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    header = png_header(width, len(rows), depth, colour)
    return header + extra + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def tiff(pixels: bytes, tags: dict[int, tuple[int, ...]]) -> bytes:
    """An uncompressed little-endian TIFF with one strip; `tags` in 16-bit values."""
    tags = {259: (1,), 278: tags[257], **tags}
    count = len(tags) + 2
    after = 8 + 2 + 12 * count + 4
    long_values = b""
    entries = []
    for tag, values in tags.items():
        packed = struct.pack(f"<{len(values)}H", *values)
        if len(packed) > 4:
            offset = struct.pack("<I", after + len(long_values))
            long_values += packed
            packed = offset
        entries.append((tag, struct.pack("<HHI", tag, 3, len(values)) + packed.ljust(4, b"\0")))
    strip = after + len(long_values)
    entries.append((273, struct.pack("<HHII", 273, 4, 1, strip)))
    entries.append((279, struct.pack("<HHII", 279, 4, 1, len(pixels))))
    body = b"".join(entry for _, entry in sorted(entries))
    directory = struct.pack("<H", count) + body + b"\0\0\0\0"
    return b"II*\0" + struct.pack("<I", 8) + directory + long_values + pixels


# Primaries adapted to D50, as the profiles of ICC, Adobe and Apple state them: columns R, G, B.
SRGB_TO_D50 = np.asarray(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
)
ADOBE_TO_D50 = np.asarray(
    [[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]]
)
P3_TO_D50 = np.asarray(
    [[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]
)
D50 = (0.9642, 1.0, 0.8249)


def rgb_profile(
    to_d50: np.ndarray, gamma: float | np.ndarray, paper: Sequence[float] | None = None
) -> bytes:
    """An ICC v2 profile from primaries and a gamma, or a curve [n] of values in 0..1.

    A display's; or a printer's, if `paper` is given, the XYZ of its white.
    """
    tags = {b"wtpt": _xyz(paper or D50)}
    for name, column in zip(b"rgb".decode(), to_d50.T, strict=True):
        tags[f"{name}XYZ".encode()] = _xyz(column)
        tags[f"{name}TRC".encode()] = _curve(gamma)
    return _profile(b"RGB ", tags, b"prtr" if paper else b"mntr")


def grey_profile(gamma: float) -> bytes:
    return _profile(b"GRAY", {b"wtpt": _xyz(D50), b"kTRC": _curve(gamma)})


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(one * 65536)) for one in values)


def _curve(gamma: float | np.ndarray) -> bytes:
    if isinstance(gamma, np.ndarray):
        values = np.rint(gamma * 65535).astype(">u2")
        return b"curv\0\0\0\0" + struct.pack(">I", len(values)) + values.tobytes()
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def _profile(space: bytes, tags: dict[bytes, bytes], device: bytes = b"mntr") -> bytes:
    start = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    header = (
        struct.pack(">I", start + len(body)) + b"\0\0\0\0\x02\x10\0\0" + device + space + b"XYZ "
    )
    header += b"\0" * 12 + b"acsp" + b"\0" * 28 + _xyz(D50)[8:]
    return header.ljust(128, b"\0") + table + body
