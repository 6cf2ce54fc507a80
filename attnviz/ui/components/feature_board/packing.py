"""The data that the board's browser side receives.

A blob (see `viewer.blob`) with the arrays ``photo 0``, JPEG, ``colours 0``, uint8 [h, w, 3], and
``features 0``, int8 [h, w, C], and so on for each picture. The header is ``{"id", "coarser",
"pictures": [{"name", "size": [H, W], "box": [top, left, bottom, right]}, ...]}``; the box is what
the network saw, as shares of the picture, and the grids of colours and features cover it.

Each feature is divided by its number with the largest magnitude: cosines depend on directions
alone, and 8 bits keep them to about 0.003.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attnviz.analysis.features import PatchFeatures
from attnviz.pictures.jpeg import jpeg
from attnviz.types import AnyArray, DoubleArray, FloatArray, Pixels
from attnviz.viewer.blob import content_id, pack_blob

MOST_BYTES = 12_000_000
"""What the features of all pictures may take; beyond it they are averaged on a coarser grid."""
SHOWN_SIDE = 1000
_QUALITY = 88


@dataclass(frozen=True, eq=False)
class BoardPicture:
    """A picture of the board.

    Attributes
    ----------
    name : str
        Shown as plain text.
    features : PatchFeatures
        Its features.
    colours : uint8 [h, w, 3]
        Its principal components as colours.
    """

    name: str
    features: PatchFeatures
    colours: Pixels


def pack(pictures: Sequence[BoardPicture]) -> bytes:
    """Pack pictures with their features.

    Parameters
    ----------
    pictures : sequence of BoardPicture
        With features from the same layer of the same model.

    Returns
    -------
    bytes
        The blob; deterministic.
    """
    whole = sum(one.features.values.size for one in pictures)
    shrink = min(1.0, math.sqrt(MOST_BYTES / whole))
    arrays: dict[str, AnyArray | bytes] = {}
    entries = []
    for index, one in enumerate(pictures):
        values, geometry = one.features.values, one.features.geometry
        rows, columns = (max(1, int(side * shrink)) for side in values.shape[:2])
        height, width = geometry.picture_size
        top, left, bottom, right = geometry.box
        arrays[f"photo {index}"] = jpeg(one.features.picture.reduced(SHOWN_SIDE).pixels, _QUALITY)
        arrays[f"colours {index}"] = one.colours
        arrays[f"features {index}"] = directions(averaged(values, rows, columns))
        box = [top / height, left / width, bottom / height, right / width]
        entries.append({"name": one.name, "size": [height, width], "box": box})
    header = {"pictures": entries, "coarser": shrink < 1}
    return pack_blob({"id": content_id(header, arrays), **header}, arrays)


def directions(values: FloatArray) -> AnyArray:
    """Return features [..., C] as int8, the largest magnitude of each at 127; zeros stay zeros."""
    largest = np.abs(values).max(-1, keepdims=True)
    codes: AnyArray = np.rint(values / np.where(largest > 0, largest, 1) * 127).astype(np.int8)
    return codes


def averaged(values: FloatArray, rows: int, columns: int) -> FloatArray:
    """Return features [h, w, C] as means over the cells of a coarser grid [rows, columns, C]."""
    height, width = values.shape[:2]
    if (rows, columns) == (height, width):
        return values
    down, across = _shares(rows, height), _shares(columns, width)
    return np.asarray(np.einsum("rh,hwc,kw->rkc", down, values, across, optimize=True), np.float32)


def _shares(coarse: int, fine: int) -> DoubleArray:
    """[coarse, fine]: how much of each coarse cell lies in each fine one; rows sum to 1."""
    step = fine / coarse
    begin = np.arange(coarse)[:, None] * step
    cells = np.arange(fine)[None, :]
    overlap = np.minimum(begin + step, cells + 1) - np.maximum(begin, cells)
    return np.asarray(overlap.clip(0) / step, np.float64)
