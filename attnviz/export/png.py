"""PNG files that carry their provenance."""

from __future__ import annotations

import io
from collections.abc import Mapping

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from attnviz.export.xmp import read_xmp_packet
from attnviz.types import Pixels

KEY = "attnviz"


def png_with_provenance(pixels: Pixels, provenance: Mapping[str, str]) -> bytes:
    """Encode a picture as PNG with its provenance.

    Parameters
    ----------
    pixels : uint8 [H, W, 3]
        The picture, sRGB.
    provenance : mapping of str to str
        Each entry becomes a text chunk `attnviz <key>`.

    Returns
    -------
    bytes
        The PNG file.
    """
    chunks = PngInfo()
    for key, value in provenance.items():
        chunks.add_itxt(f"{KEY} {key}", value)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", pnginfo=chunks, compress_level=4)
    return file.getvalue()


def read_provenance(source: bytes) -> dict[str, str]:
    """Read the provenance that a PNG or WebP file of ours carries; empty if there is none."""
    with Image.open(io.BytesIO(source), formats=["PNG", "WEBP"]) as image:
        image.load()
        text = getattr(image, "text", {})
        packet = image.info.get("xmp", b"")
    found = {
        name.removeprefix(KEY + " "): str(value)
        for name, value in text.items()
        if name.startswith(KEY + " ")
    }
    return found or read_xmp_packet(packet)
