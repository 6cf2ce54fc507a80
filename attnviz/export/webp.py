"""WebP files that carry their provenance."""

from __future__ import annotations

import io
from collections.abc import Mapping

from PIL import Image

from attnviz.export.xmp import xmp_packet
from attnviz.types import Pixels

_QUALITY = 92
LONGEST_SIDE = 16383
"""Of a picture in this format, in pixels."""


def webp_with_provenance(pixels: Pixels, provenance: Mapping[str, str]) -> bytes:
    """Encode a picture as WebP with its provenance.

    Parameters
    ----------
    pixels : uint8 [H, W, 3]
        The picture, sRGB. One that is longer than the format allows is made smaller.
    provenance : mapping of str to str
        Written into the file as XMP.

    Returns
    -------
    bytes
        The WebP file; its colours are not exactly those of the picture, as in a JPEG.
    """
    image = Image.fromarray(pixels)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "WEBP", quality=_QUALITY, method=4, xmp=xmp_packet(provenance))
    return file.getvalue()
