"""Boxes of ISO media files, among which are HEIC, AVIF and videos."""

from __future__ import annotations


def media_brands(data: bytes) -> set[bytes]:
    """Brands in the ftyp box of an ISO media file; empty for others."""
    if data[4:8] != b"ftyp":
        return set()
    length = min(int.from_bytes(data[:4], "big"), 256)
    return {data[8:12]} | {data[at : at + 4] for at in range(16, length - 3, 4)}
