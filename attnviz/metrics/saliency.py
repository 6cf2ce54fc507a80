"""Scores of a map against single fixations, or against the position of objects.

Scores of densities are in `densities`. A map that cannot be scored raises VisionError; no score is
ever NaN, except `box_gain`.
"""

from __future__ import annotations

import numpy as np

from attnviz.errors import VisionError
from attnviz.types import AnyFloatArray, BoolArray, DoubleArray, FloatArray, IntArray


def nss(values: FloatArray, rows: IntArray, columns: IntArray) -> float:
    """Normalised scanpath saliency (Peters et al. 2005): mean standardised value at the fixations.

    Parameters
    ----------
    values : float [H, W]
        The map at the picture's size.
    rows, columns : int [n]
        Cell of each fixation; repeated fixations count each time.

    Returns
    -------
    float
        0 for a map that is unrelated to the fixations (chance); 1 if they lie one standard
        deviation above the map's mean.

    Raises
    ------
    VisionError
        For a constant map, and without fixations.
    """
    return float(nss_at(values, rows, columns).mean())


def nss_at(values: FloatArray, rows: IntArray, columns: IntArray) -> DoubleArray:
    """The map's standardised value at each fixation, float64 [n]; `nss` is their mean."""
    at = at_fixations(values, rows, columns)
    return np.asarray((at - values.mean(dtype=np.float64)) / standard_deviation(values), np.float64)


def auc(values: FloatArray, rows: IntArray, columns: IntArray) -> float:
    """AUC-Judd: how often a fixated pixel has a higher value than one that nobody fixated.

    The exact area under the ROC curve over all thresholds, equal values counted half (Mann &
    Whitney), so that plateaus have no order.

    Parameters
    ----------
    values : float [H, W]
    rows, columns : int [n]
        As for `nss`.

    Returns
    -------
    float
        0..1; 0.5 by chance and for a constant map.

    Raises
    ------
    VisionError
        Without fixations, or if every pixel is fixated.

    References
    ----------
    Judd et al., "A benchmark of computational models of saliency to predict human fixations", 2012.
    """
    return float(auc_at(values, rows, columns).mean())


def auc_at(values: FloatArray, rows: IntArray, columns: IntArray) -> DoubleArray:
    """Share of unfixated pixels below each fixation's, float64 [n]; `auc` is their mean."""
    at = at_fixations(values, rows, columns)
    unfixated = np.ones(values.shape, bool)
    unfixated[rows, columns] = False
    if not unfixated.any():
        raise VisionError("Every pixel is fixated, so no pixel is left to compare with.")
    return _ranked_above(at, values[unfixated])


def shuffled_auc(
    values: FloatArray,
    rows: IntArray,
    columns: IntArray,
    other_rows: IntArray,
    other_columns: IntArray,
) -> float:
    """AUC against fixations of other pictures (Tatler et al. 2005; Zhang et al. 2008).

    A map that only knows the centre bias scores 0.5. All other fixations are compared, which is the
    mean over random samples of them.

    Parameters
    ----------
    values : float [H, W]
    rows, columns : int [n]
        As for `nss`.
    other_rows, other_columns : int [m]
        Fixations of other pictures, scaled to this one's size.

    Returns
    -------
    float
        0..1; 0.5 by chance.

    Raises
    ------
    VisionError
        As `auc` does.
    """
    at = at_fixations(values, rows, columns)
    at_fixations(values, other_rows, other_columns)
    return float(_ranked_above(at, values[other_rows, other_columns]).mean())


def _ranked_above(positives: DoubleArray, negatives: AnyFloatArray) -> DoubleArray:
    """Share of negatives below each positive, equal ones counted half."""
    ordered = np.sort(negatives)
    exact = positives.astype(ordered.dtype)  # back to the map's own type, in which ties are ties
    below = np.searchsorted(ordered, exact, "left")
    not_above = np.searchsorted(ordered, exact, "right")
    return np.asarray((below + not_above) / (2 * len(ordered)), np.float64)


def at_fixations(values: AnyFloatArray, rows: IntArray, columns: IntArray) -> DoubleArray:
    """The map's value at each fixation.

    Parameters
    ----------
    values : float [H, W]
    rows, columns : int [n]

    Returns
    -------
    float64 [n]

    Raises
    ------
    VisionError
        Without fixations, for a map that is not finite, and for fixations outside the map.
    """
    if not len(rows):
        raise VisionError("There are no fixations to compare the map with.")
    if values.ndim != 2 or not np.isfinite(values).all():
        raise VisionError("The map holds NaN or infinity, so it cannot be scored.")
    height, width = values.shape
    if min(rows.min(), columns.min()) < 0 or rows.max() >= height or columns.max() >= width:
        raise VisionError(f"Some fixations lie outside the map of {width} x {height} cells.")
    return values[rows, columns].astype(np.float64)


def standard_deviation(values: AnyFloatArray) -> float:
    """Standard deviation of a map.

    Raises
    ------
    VisionError
        If the map is constant.
    """
    spread = float(values.std(dtype=np.float64))
    if spread <= 1e-7 * float(np.abs(values).max(initial=0.0)) or spread == 0:
        raise VisionError(
            "The map has the same value everywhere, so it says nothing about where people look."
        )
    return spread


def box_gain(values: FloatArray, inside: BoolArray) -> float:
    """Share of the map's mass inside a region, relative to the region's share of the area.

    Parameters
    ----------
    values : float [H, W]
        Negative values count as zero.
    inside : bool [H, W]

    Returns
    -------
    float
        1 for a uniform map; NaN where nothing or everything is inside, or the map is zero.
    """
    positive = np.maximum(values, 0)
    total, area = float(positive.sum(dtype=np.float64)), float(inside.mean())
    if total <= 0 or area in (0.0, 1.0):
        return float("nan")
    return float(positive[inside].sum(dtype=np.float64)) / total / area


def centre_prior(height: int, width: int, spread: float = 0.25) -> FloatArray:
    """Gaussian centre bias, float32 [height, width] with peak 1.

    Parameters
    ----------
    height, width : int
    spread : float
        Standard deviation as a share of each side.

    Returns
    -------
    float32 [height, width]
    """
    y = (np.arange(height) + 0.5) / height - 0.5
    x = (np.arange(width) + 0.5) / width - 0.5
    return np.exp(-(y[:, None] ** 2 + x[None] ** 2) / (2 * spread**2)).astype(np.float32)
