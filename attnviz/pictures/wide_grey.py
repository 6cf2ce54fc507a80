"""Grey values of more than 8 bits, and the range that they are meant to have."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PIL import Image

from attnviz.pictures.strips import STRIP
from attnviz.types import AnyArray, DoubleArray, Pixels

_PHOTOMETRIC, _BITS_PER_SAMPLE, _SAMPLE_FORMAT = 262, 258, 339  # TIFF tags
_TWELVE_BITS = 4095
_EIGHT_BITS, _SIXTEEN_BITS = 255, 65535


def wide_grey(image: Image.Image) -> tuple[Image.Image, Image.Image | None, tuple[str, ...]]:
    """Convert an image that holds one wide number a pixel (I;16, I, F) to 8 bits.

    Values of 16 bits retain their high byte, which is within one level of exact rounding. Where the
    file does not say what white is, the values decide: floats up to 1, and others up to 255 or
    65535, count as fractions of that. The rest is stretched: values that are negative or larger
    still, and those of 12 bits or fewer in a wider type, which would be nearly black.

    Parameters
    ----------
    image
        A decoded image.

    Returns
    -------
    grey : Image
        Of mode "L". NaN is black.
    alpha : Image or None
        Of mode "L": 0 where the value is the one that the file declares transparent.
    notes : tuple of str
        How the values were stretched, if they were.
    """
    tags: Any = getattr(image, "tag_v2", {})
    values = np.asarray(image)
    bits = tags.get(_BITS_PER_SAMPLE)
    if values.dtype == np.int32 and bits == (32,) and tags.get(_SAMPLE_FORMAT, (1,)) == (1,):
        values = values.view(np.uint32)  # Pillow has no unsigned mode of 32 bits
    transparent = image.info.get("transparency")
    opaque = values != transparent if isinstance(transparent, int) else None
    notes: tuple[str, ...] = ()
    if bits == (12,):
        grey = np.minimum(values >> 4, 255).astype(np.uint8)
    elif image.format == "PPM" and values.dtype.kind == "i":  # scaled to the file's own white
        grey = _divided(values, _SIXTEEN_BITS)
    else:
        grey, notes = _in_range(values, opaque)
    # Pillow inverts "white is zero" for 8 bits only.
    inverted = Image.fromarray(255 - grey if tags.get(_PHOTOMETRIC) == 0 else grey)
    alpha = None if opaque is None else Image.fromarray(opaque.astype(np.uint8) * np.uint8(255))
    return inverted, alpha, notes


def _in_range(values: AnyArray, opaque: AnyArray | None) -> tuple[Pixels, tuple[str, ...]]:
    """8-bit values, by the range of the opaque ones, and a note if they are stretched."""
    considered = values if opaque is None or not opaque.any() else values[opaque]
    low, high = _extremes(considered)
    white = _white(low, high, values.dtype)
    if white == _SIXTEEN_BITS and values.dtype.itemsize == 2:
        return (values >> 8).astype(np.uint8), ()
    if white is not None:
        return _divided(values, white), ()
    low = min(low, 0.0) if low >= 0 and high <= _TWELVE_BITS else low
    note = f"Its grey values, {low:g} to {high:g}, were stretched to black and white."
    return _divided(values, max(high - low, 1e-37), low), (note,) if high > low else ()


def _white(low: float, high: float, kind: np.dtype[Any]) -> float | None:
    """The value of white; None if the values are to be stretched by their own range."""
    if low < 0 or high > _SIXTEEN_BITS:
        return None
    if kind.kind == "f" and high <= 1:
        return 1.0
    if kind.itemsize > 2 and high <= _EIGHT_BITS:
        dim = kind.kind == "f" and high < 2  # 0..1 that overshoots, not nearly black
        return None if dim else _EIGHT_BITS
    return None if high <= _TWELVE_BITS else _SIXTEEN_BITS


def _divided(values: AnyArray, span: float, low: float = 0.0) -> Pixels:
    grey = np.empty(values.size, np.uint8)
    for start in range(0, values.size, STRIP):
        scaled = np.rint((_finite(values, start) - low) / span * 255).clip(0, 255)
        grey[start : start + STRIP] = scaled
    return grey.reshape(values.shape)


def _extremes(values: AnyArray) -> tuple[float, float]:
    low, high = math.inf, -math.inf
    for start in range(0, values.size, STRIP):
        strip = _finite(values, start)
        low, high = min(low, float(strip.min())), max(high, float(strip.max()))
    return low, high


def _finite(values: AnyArray, start: int) -> DoubleArray:
    """A strip of `values` as numbers whose differences stay finite: eight bytes for each."""
    strip = values.reshape(-1)[start : start + STRIP].astype(np.float64)
    return np.nan_to_num(strip).clip(-1e37, 1e37)
