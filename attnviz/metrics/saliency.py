"""How well a map agrees with where people looked, or with where things are.

Scores of a map against single fixations; those of densities are in `densities`. A map that cannot
be scored raises VisionError, it never scores NaN.
"""

from __future__ import annotations

import numpy as np

from attnviz.errors import VisionError
from attnviz.types import AnyFloatArray, BoolArray, DoubleArray, FloatArray, IntArray


def nss(values: FloatArray, rows: IntArray, columns: IntArray) -> float:
    """Normalised scanpath saliency (Peters et al. 2005): mean standardised value at fixations.

    Args:
        values: float [H, W], at the picture's size.
        rows: int [n], the row of each fixation; a place looked at twice counts twice.
        columns: int [n], their columns.

    Returns:
        0 for a map that has nothing to do with the fixations (chance); 1 if they lie one standard
        deviation above the map's mean.

    Raises VisionError for a map of one value, and without fixations.
    """
    return float(nss_at(values, rows, columns).mean())


def nss_at(values: FloatArray, rows: IntArray, columns: IntArray) -> DoubleArray:
    """What `nss` is the mean of: the map's standardised value at each fixation, float64 [n]."""
    at = at_fixations(values, rows, columns)
    return np.asarray((at - values.mean(dtype=np.float64)) / standard_deviation(values), np.float64)


def auc(values: FloatArray, rows: IntArray, columns: IntArray) -> float:
    """AUC-Judd: how often a fixated pixel has a higher value than one nobody looked at.

    The exact area under the ROC curve of every threshold (Judd et al. 2012), equal values counted
    half (Mann & Whitney), so that plateaus have no order. Chance, and a map of one value: 0.5.
    Arguments as for `nss`. Raises VisionError without fixations, or if every pixel was looked at.
    """
    return float(auc_at(values, rows, columns).mean())


def auc_at(values: FloatArray, rows: IntArray, columns: IntArray) -> DoubleArray:
    """What `auc` is the mean of, float64 [n]: the share of other pixels below each fixation's."""
    at = at_fixations(values, rows, columns)
    never = np.ones(values.shape, bool)
    never[rows, columns] = False
    if not never.any():
        raise VisionError("Every pixel was looked at, so no place tells a good map from a bad one.")
    return _ranked_above(at, values[never])


def shuffled_auc(
    values: FloatArray,
    rows: IntArray,
    columns: IntArray,
    other_rows: IntArray,
    other_columns: IntArray,
) -> float:
    """As `auc`, against where people looked in other pictures (Tatler et al. 2005; Zhang 2008).

    A map that knows only that people look at the middle scores 0.5. other_rows, other_columns: int
    [m], fixations of other pictures, brought to this one's size. All of them are compared, which is
    what random splits of them average to.
    """
    at = at_fixations(values, rows, columns)
    at_fixations(values, other_rows, other_columns)
    return float(_ranked_above(at, values[other_rows, other_columns]).mean())


def _ranked_above(positives: DoubleArray, negatives: AnyFloatArray) -> DoubleArray:
    ordered = np.sort(negatives)
    exact = positives.astype(ordered.dtype)  # back to the map's own type, in which ties are ties
    below = np.searchsorted(ordered, exact, "left")
    not_above = np.searchsorted(ordered, exact, "right")
    return np.asarray((below + not_above) / (2 * len(ordered)), np.float64)


def at_fixations(values: AnyFloatArray, rows: IntArray, columns: IntArray) -> DoubleArray:
    """The map at each fixation, float64 [n]; raises VisionError where that makes no sense."""
    if not len(rows):
        raise VisionError("There are no fixations to compare the map with.")
    if values.ndim != 2 or not np.isfinite(values).all():
        raise VisionError("The map holds NaN or infinity, so it cannot be scored.")
    height, width = values.shape
    if min(rows.min(), columns.min()) < 0 or rows.max() >= height or columns.max() >= width:
        raise VisionError(f"Some fixations lie outside the map of {width} x {height} cells.")
    return values[rows, columns].astype(np.float64)


def standard_deviation(values: AnyFloatArray) -> float:
    """Standard deviation of a map; raises VisionError if it has the same value everywhere."""
    spread = float(values.std(dtype=np.float64))
    if spread <= 1e-7 * float(np.abs(values).max(initial=0.0)) or spread == 0:
        raise VisionError(
            "The map has the same value everywhere, so it says nothing about where people look."
        )
    return spread


def box_gain(values: FloatArray, inside: BoolArray) -> float:
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
