"""Where a map lies and how wide it is, in a few numbers by which pictures of a set compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnviz.pictures.geometry import PictureGeometry
from attnviz.render.focus import focus_map, is_flat
from attnviz.types import DoubleArray, FloatArray

_SIDE = 64  # pixels of the longer side of the copy of a picture on which a map is measured


@dataclass(frozen=True)
class MapStatistics:
    """Numbers of one map. Negative values of the map count as 0, as in focus pictures.

    Attributes
    ----------
    focus_share
        Mean of the focus over the picture, in 0..1.
    entropy
        Of the map's shares on its own grid, in 0..1: 0 if one cell has all, 1 if all have the same.
    centre_y, centre_x
        Centre of mass, in 0..1 of the picture's height and width.
    spread
        Standard deviation of the mass around it, root of both directions' variances summed, in
        sides of the picture; .41 where all positions have the same.
    flat
        Whether the map hardly varies: then it has no focus.
    """

    focus_share: float
    entropy: float
    centre_y: float
    centre_x: float
    spread: float
    flat: bool

    @classmethod
    def of(cls, values: FloatArray, geometry: PictureGeometry) -> MapStatistics:
        """Measure a map.

        Parameters
        ----------
        values
            float [h, w], finite, on its own grid.
        geometry
            How the network's input was taken from the picture.

        Returns
        -------
        MapStatistics
        """
        positive = np.maximum(values, 0).astype(np.float64)
        small = geometry.reduced(_SIDE)
        focus = focus_map(values, small)
        mass = focus.scaled.astype(np.float64)
        total = mass.sum()
        if total == 0:
            mass, total = np.ones_like(mass), float(mass.size)
        rows, columns = ((np.arange(side) + 0.5) / side for side in mass.shape)
        down, across = mass.sum(1) / total, mass.sum(0) / total
        y, x = float(down @ rows), float(across @ columns)
        variance = down @ (rows - y) ** 2 + across @ (columns - x) ** 2
        return cls(
            float(focus.values.mean()),
            _entropy(positive),
            y,
            x,
            float(np.sqrt(variance)),
            is_flat(positive.astype(np.float32)),
        )


def _entropy(values: DoubleArray) -> float:
    total = values.sum()
    if total == 0 or values.size == 1:
        return 1.0
    shares = values[values > 0] / total
    return float(-(shares * np.log(shares)).sum() / np.log(values.size))


def share_inside(
    values: FloatArray, geometry: PictureGeometry, box: tuple[float, float, float, float]
) -> float:
    """Return how much of a map's mass lies in a box.

    Parameters
    ----------
    values, geometry
        As for `MapStatistics.of`.
    box
        (x0, y0, x1, y1) in shares of the picture's width and height.

    Returns
    -------
    float
        In 0..1; of a flat map the box's share of the picture.
    """
    mass = focus_map(values, geometry.reduced(_SIDE)).scaled.astype(np.float64)
    x0, y0, x1, y1 = box
    down, across = _covered(mass.shape[0], y0, y1), _covered(mass.shape[1], x0, x1)
    total = mass.sum()
    return float(down @ mass @ across / total) if total else float(down.mean() * across.mean())


def _covered(count: int, start: float, end: float) -> DoubleArray:
    """How much of each of `count` pixels lies between two shares of their side."""
    pixels = np.arange(count)
    inside = np.minimum(pixels + 1, end * count) - np.maximum(pixels, start * count)
    return np.asarray(inside.clip(0, 1), dtype=np.float64)
