"""What a file that cannot be opened as a picture is."""

from __future__ import annotations

import zlib

from attnviz.pictures.containers import media_brands

_BY_FIRST_BYTES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"8BPS", "a Photoshop file"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\0\0\x01\0", "an icon"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"%!PS", "a PostScript file"),
    (b"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (b"#?RADIANCE", "a Radiance picture"),
    (b"#?RGBE", "a Radiance picture"),
    (b"P7\n", "a PAM picture"),
    (b"PF\n", "a colour PFM picture"),
    (b"SIMPLE  =", "a FITS file"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"NRRD0", "an NRRD volume"),
    # DICOM without its preamble begins with the first element of a group.
    (b"\x02\0\0\0UL", "a DICOM file"),
    (b"\x02\0\x10\0UI", "a DICOM file"),
    (b"\x08\0\x05\0CS", "a DICOM file"),
    (b"\x08\0\x08\0CS", "a DICOM file"),
)
_GZIP = b"\x1f\x8b"
_HEADER = 352  # bytes of NIfTI's header, with its magic at the end


def describe_other(data: bytes) -> str:
    """What an unrecognised file seems to be, as a complement of "This file is ..."."""
    scientific = _medical(data)
    if scientific is not None:
        return scientific
    for signature, what in _BY_FIRST_BYTES:
        if data.startswith(signature):
            return what
    if media_brands(data):
        return "a video or another media file"
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if b"<svg" in start:
        return "an SVG drawing"
    # Text holds no control characters but tab, line feed, form feed, carriage return and escape.
    if start and not any(byte < 32 and byte not in b"\t\n\f\r\x1b" for byte in start):
        return "a text file"
    return "a compressed archive" if data.startswith(_GZIP) else "of an unknown kind"


def _medical(data: bytes) -> str | None:
    """DICOM and NIfTI, whose magic stands behind a preamble or header; NIfTI is often gzipped."""
    if data[128:132] == b"DICM":
        return "a DICOM file"
    header = data[:_HEADER]
    if header.startswith(_GZIP):
        try:
            header = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, _HEADER)
        except zlib.error:
            return None
    first = header[344:348] in (b"n+1\0", b"ni1\0")
    second = header[4:8] in (b"n+2\0", b"ni2\0")
    return "a NIfTI volume" if first or second else None
