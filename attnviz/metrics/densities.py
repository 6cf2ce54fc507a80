"""Maps as densities of fixations: made from fixations, and compared with each other.

Definitions as in Bylinskii et al., "What do different evaluation metrics tell us about saliency
models?" (TPAMI 2019). `kl` and `information_gain` make sense for densities alone: a map that was
not fitted to fixations (`calibration`) gets numbers from them that say nothing.
"""

from __future__ import annotations

import cv2
import numpy as np

from attnviz.errors import VisionError
from attnviz.metrics.saliency import at_fixations, standard_deviation
from attnviz.types import AnyFloatArray, DoubleArray, IntArray

EPSILON = 2.2e-16  # keeps logarithms finite where a density is zero


def density(rows: IntArray, columns: IntArray, size: tuple[int, int], sigma: float) -> DoubleArray:
    """Fixations as a density, float64 (height, width), which sums to 1.

    rows, columns: int [n], each fixation counted. sigma: of the Gaussian that replaces each, in
    pixels; one degree of the visual field is usual. What would lie outside is put back inside.

    Raises VisionError without fixations, for one outside, or for a sigma that is not above zero.
    """
    if not (0 < sigma < np.inf):
        raise VisionError(f"Fixations cannot be blurred with a sigma of {sigma:g} pixels.")
    counts = np.zeros(size, np.float64)
    at_fixations(counts, rows, columns)  # none outside
    np.add.at(counts, (rows, columns), 1.0)
    blurred = cv2.GaussianBlur(counts, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return as_density(blurred)


def as_density(values: AnyFloatArray) -> DoubleArray:
    """A map without its negative values, made to sum to 1; raises VisionError if nothing is left.

    A map of one value becomes the even density.
    """
    kept = np.maximum(np.asarray(values, np.float64), 0)
    total = float(kept.sum())
    if not (0 < total < np.inf):
        raise VisionError("The map has no value above zero, so it is no density of fixations.")
    return np.asarray(kept / total, dtype=np.float64)


def cc(values: AnyFloatArray, truth: AnyFloatArray) -> float:
    """Pearson's correlation of a map with a density, both [H, W]. Chance 0, equal 1.

    Raises VisionError if either has the same value everywhere.
    """
    _same_size(values, truth)
    spread = standard_deviation(values) * standard_deviation(truth)
    together = (values - values.mean(dtype=np.float64)) * (truth - truth.mean(dtype=np.float64))
    return float(together.mean(dtype=np.float64) / spread)


def sim(values: AnyFloatArray, truth: AnyFloatArray) -> float:
    """What two densities have in common, 0..1: the sum of the smaller at each place."""
    _same_size(values, truth)
    return float(np.minimum(as_density(values), as_density(truth)).sum())


def kl(values: AnyFloatArray, truth: AnyFloatArray) -> float:
    """Kullback-Leibler divergence of `truth` from `values`, in nats: 0 if equal, else above.

    Not symmetric: a place that people looked at and the map calls impossible costs most.
    """
    _same_size(values, truth)
    wanted = as_density(truth)
    return float((wanted * np.log(EPSILON + wanted / (as_density(values) + EPSILON))).sum())


def information_gain(
    values: AnyFloatArray, baseline: AnyFloatArray, rows: IntArray, columns: IntArray
) -> float:
    """Bits per fixation that a density says more than `baseline` (Kümmerer et al. 2015).

    values, baseline: [H, W], such as a fitted map and the density of other pictures' fixations.
    Negative where the baseline knows better. Raises VisionError as `density` does.
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
