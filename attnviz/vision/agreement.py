"""How well a map agrees with where people looked, or with where things are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


def nss(values: FloatArray, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> float:
    """Normalised scanpath saliency (Peters et al. 2005): mean standardised value at fixations.

    Args:
        values: float [H, W], at the picture's size.
        rows: int [n], the row of each fixation; a place looked at twice counts twice.
        columns: int [n], their columns.

    Returns:
        0 for a map that has nothing to do with the fixations, and for a map without any spread;
        1 means the fixations lie one standard deviation above the map's mean. NaN if n = 0.
    """
    if not len(rows):
        return float("nan")
    spread = float(values.std())
    if spread <= 1e-12 * max(1.0, float(np.abs(values).max())):
        return 0.0
    return float((values[rows, columns].mean(dtype=np.float64) - values.mean()) / spread)


def box_gain(values: FloatArray, inside: npt.NDArray[np.bool_]) -> float:
    """Share of the map's mass that lies inside, over the share of the area that does.

    values: float [H, W], negative values count as zero. inside: bool [H, W]. 1 for an even map; NaN
    where nothing or everything is inside or the map is empty.
    """
    positive = np.maximum(values, 0)
    total, area = float(positive.sum(dtype=np.float64)), float(inside.mean())
    if total <= 0 or area in (0.0, 1.0):
        return float("nan")
    return float(positive[inside].sum(dtype=np.float64)) / total / area


def centre_prior(height: int, width: int, spread: float = 0.25) -> FloatArray:
    """A Gaussian in the middle, its standard deviation `spread` of each side; peak 1."""
    y = (np.arange(height) + 0.5) / height - 0.5
    x = (np.arange(width) + 0.5) / width - 0.5
    return np.exp(-(y[:, None] ** 2 + x[None] ** 2) / (2 * spread**2)).astype(np.float32)
