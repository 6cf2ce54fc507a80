"""Calibrate a map as a density of fixations: fitted on some pictures, used on others.

Any map can be stretched until it looks like a density, and its information gain then measures the
stretching. So each map gets the best three weights over all pictures, fitted on pictures on which
it is not scored (after Kümmerer et al., "Saliency benchmarking made easy", ECCV 2018):
`log p = a log prior + b r + c r^8 + constant`, where r in 0..1 is the rank of the map's value among
all positions, which no monotone change of the map alters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from attnviz.errors import VisionError
from attnviz.metrics.densities import as_density
from attnviz.types import AnyFloatArray, DoubleArray

START: DoubleArray = np.asarray([1.0, 0.0, 0.0])  # the prior alone
_RIDGE = 1e-3  # keeps weights finite where the pictures do not determine them
_STEPS = 30


@dataclass(frozen=True, eq=False)
class CalibrationSample:
    """A map, the prior and the fixations of one picture.

    Attributes
    ----------
    values : float [h, w]
        The map.
    prior : float64 [h, w]
        Density of other pictures' fixations.
    counts : float [h, w]
        Number of fixations in each cell.
    """

    values: AnyFloatArray
    prior: DoubleArray
    counts: AnyFloatArray

    def features(self) -> DoubleArray:
        """float64 [3, h * w]: log prior, rank and its eighth power."""
        rank = (rankdata(self.values.ravel()) - 0.5) / self.values.size
        return np.stack([np.log(as_density(self.prior + 1e-12)).ravel(), rank, rank**8])


def fit_density(pictures: Sequence[CalibrationSample]) -> DoubleArray:
    """Fit the weights (a, b, c) that maximise the likelihood of the fixations.

    Newton's method on a concave likelihood; every picture counts alike.

    Parameters
    ----------
    pictures : sequence of CalibrationSample

    Returns
    -------
    float64 [3]

    Raises
    ------
    VisionError
        Without pictures, or if one has no fixations.
    """
    if not pictures:
        raise VisionError("Fitting a map to fixations needs pictures.")
    features = [picture.features() for picture in pictures]
    shares = [as_density(picture.counts).ravel() for picture in pictures]
    weights = START.copy()
    for _ in range(_STEPS):
        gradient = -_RIDGE * (weights - START)
        hessian = _RIDGE * np.eye(len(START))
        for values, share in zip(features, shares, strict=True):
            probability = _softmax(weights @ values)
            mean = values @ probability
            gradient += (values @ share - mean) / len(pictures)
            hessian += ((values * probability) @ values.T - np.outer(mean, mean)) / len(pictures)
        step = np.linalg.solve(hessian, gradient)
        weights += step / max(1.0, float(np.abs(step).max()) / 2)  # far steps may overshoot
        if np.abs(step).max() < 1e-6:
            break
    return weights


def calibrated_density(picture: CalibrationSample, weights: DoubleArray) -> DoubleArray:
    """Turn a picture's map into a density, float64 [h, w], which sums to 1."""
    density = _softmax(weights @ picture.features())
    return np.asarray(density.reshape(picture.values.shape), dtype=np.float64)


def bits_over_prior(picture: CalibrationSample, density: DoubleArray) -> float:
    """Information gain of a density over the picture's prior, in mean bits per fixation."""
    gained = np.log2(density + 1e-12) - np.log2(as_density(picture.prior + 1e-12))
    return float((as_density(picture.counts) * gained).sum())


def cross_fit(pictures: Sequence[CalibrationSample]) -> list[DoubleArray]:
    """Turn each picture's map into a density fitted on the other half (every second picture).

    Raises
    ------
    VisionError
        For fewer than two pictures.
    """
    if len(pictures) < 2:
        raise VisionError(
            "A map is fitted on one half of the pictures and scored on the other: give two or more."
        )
    weights = [fit_density(pictures[1 - half :: 2]) for half in (0, 1)]
    return [calibrated_density(picture, weights[n % 2]) for n, picture in enumerate(pictures)]


def _softmax(scores: DoubleArray) -> DoubleArray:
    exponentials = np.exp(scores - scores.max())
    return np.asarray(exponentials / exponentials.sum(), dtype=np.float64)
