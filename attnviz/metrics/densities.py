"""Maps as densities of fixations: estimated from fixations, and compared with each other.

Definitions follow Bylinskii et al., "What do different evaluation metrics tell us about saliency
models?" (TPAMI 2019). `kl` and `information_gain` are meaningful for densities only: for a map that
was not fitted to fixations (`calibration`) their values say nothing.
"""

from __future__ import annotations

import cv2
import numpy as np

from attnviz.errors import VisionError
from attnviz.metrics.saliency import at_fixations, standard_deviation
from attnviz.types import AnyFloatArray, DoubleArray, IntArray

EPSILON = 2.2e-16  # keeps logarithms finite where a density is zero


def density(rows: IntArray, columns: IntArray, size: tuple[int, int], sigma: float) -> DoubleArray:
    """Estimate the density of fixations, which sums to 1.

    Parameters
    ----------
    rows, columns : int [n]
        Cell of each fixation; repeated ones count each time.
    size : (int, int)
        Height and width of the grid.
    sigma : float
        Standard deviation in pixels of the Gaussian that replaces each fixation; one degree of
        visual angle is usual. What would lie outside is reflected inside.

    Returns
    -------
    float64 [height, width]

    Raises
    ------
    VisionError
        Without fixations, for one outside, or for a sigma that is not above zero.
    """
    if not (0 < sigma < np.inf):
        raise VisionError(f"Fixations cannot be blurred with a sigma of {sigma:g} pixels.")
    counts = np.zeros(size, np.float64)
    at_fixations(counts, rows, columns)  # none outside
    np.add.at(counts, (rows, columns), 1.0)
    blurred = cv2.GaussianBlur(counts, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return as_density(blurred)


def as_density(values: AnyFloatArray) -> DoubleArray:
    """Clip a map's negative values and normalise it to sum 1.

    A constant map becomes the uniform density.

    Raises
    ------
    VisionError
        If no value is above zero.
    """
    clipped = np.maximum(np.asarray(values, np.float64), 0)
    total = float(clipped.sum())
    if not (0 < total < np.inf):
        raise VisionError("The map has no value above zero, so it is no density of fixations.")
    return np.asarray(clipped / total, dtype=np.float64)


def cc(values: AnyFloatArray, truth: AnyFloatArray) -> float:
    """Correlation coefficient (Pearson) of a map with a density, both [H, W].

    Returns
    -------
    float
        -1..1; 0 by chance, 1 if they are equal.

    Raises
    ------
    VisionError
        If either is constant.
    """
    _same_size(values, truth)
    spread = standard_deviation(values) * standard_deviation(truth)
    products = (values - values.mean(dtype=np.float64)) * (truth - truth.mean(dtype=np.float64))
    return float(products.mean(dtype=np.float64) / spread)


def sim(values: AnyFloatArray, truth: AnyFloatArray) -> float:
    """Similarity of two densities, 0..1: the sum of the smaller value at each position."""
    _same_size(values, truth)
    return float(np.minimum(as_density(values), as_density(truth)).sum())


def kl(values: AnyFloatArray, truth: AnyFloatArray) -> float:
    """Kullback-Leibler divergence of the map from the true density, in nats; 0 if they are equal.

    Not symmetric: a position that observers fixated and the map calls impossible costs most.

    Parameters
    ----------
    values : float [H, W]
        The map.
    truth : float [H, W]
        Density of the fixations.

    Returns
    -------
    float
    """
    _same_size(values, truth)
    target = as_density(truth)
    return float((target * np.log(EPSILON + target / (as_density(values) + EPSILON))).sum())


def information_gain(
    values: AnyFloatArray, baseline: AnyFloatArray, rows: IntArray, columns: IntArray
) -> float:
    """Information gain of a density over a baseline, in bits per fixation.

    Parameters
    ----------
    values, baseline : float [H, W]
        Such as a fitted map and the density of other pictures' fixations.
    rows, columns : int [n]
        Cell of each fixation.

    Returns
    -------
    float
        Negative where the baseline predicts better.

    Raises
    ------
    VisionError
        As `density` does.

    References
    ----------
    Kümmerer et al., "Information-theoretic model comparison unifies saliency metrics", PNAS 2015.
    """
    _same_size(values, baseline)
    ours, theirs = (
        np.log2(EPSILON + at_fixations(as_density(one), rows, columns))
        for one in (values, baseline)
    )
    return float((ours - theirs).mean())


def _same_size(values: AnyFloatArray, truth: AnyFloatArray) -> None:
    if values.shape != truth.shape:
        raise VisionError(
            f"A map of {values.shape} cannot be compared with one of {truth.shape}. "
            "Bring both to the picture's size."
        )
