"""Which classes have their evidence at a point of the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnviz.analysis.class_maps import ClassMaps
from attnviz.types import FloatArray


@dataclass(frozen=True)
class Presence:
    """Evidence for a class at a point of the picture.

    Parameters
    ----------
    index
        Index of the class.
    label
        Its label.
    relative
        Value of its map at the point, relative to the map's maximum, in 0..1.
    probability
        Probability of the class, in 0..1.
    """

    index: int
    label: str
    relative: float
    probability: float

    @property
    def rank(self) -> float:
        """`relative * probability`: high where a likely class has its evidence at the point."""
        return self.relative * self.probability


def classes_at(maps: ClassMaps, x: float, y: float) -> tuple[Presence, ...]:
    """Return the classes with evidence at a point of the picture, ranked.

    The rank of a class is `map(point) / max(map) * probability`, with the map interpolated
    bilinearly.

    Parameters
    ----------
    maps
        Maps of the classes to consider.
    x, y
        The point, in 0..1 of the picture's width and height, from the left and from the top.

    Returns
    -------
    tuple
        One entry per class with a positive map at the point, the highest rank first; empty if the
        network did not see the point.
    """
    point = maps.geometry.input_point(x, y)
    if point is None:
        return ()
    presences = []
    for index, prediction, values in zip(maps.classes, maps.predictions, maps.maps, strict=True):
        highest = float(values.max())
        here = _bilinear(values, *point)
        if highest > 0 and here > 0:
            presences.append(
                Presence(index, prediction.label, here / highest, prediction.probability)
            )
    return tuple(sorted(presences, key=lambda one: -one.rank))


def _bilinear(values: FloatArray, y: float, x: float) -> float:
    """Interpolate a map bilinearly at a point (y, x) of the input, in 0..1."""
    rows, columns = values.shape
    down = min(max(y * rows - 0.5, 0.0), rows - 1.0)
    across = min(max(x * columns - 0.5, 0.0), columns - 1.0)
    top, left = min(int(down), max(rows - 2, 0)), min(int(across), max(columns - 2, 0))
    corners = values[top : top + 2, left : left + 2].astype(np.float64)
    along = corners[:, 0] + (corners[:, -1] - corners[:, 0]) * (across - left)
    return float(along[0] + (along[-1] - along[0]) * (down - top))
