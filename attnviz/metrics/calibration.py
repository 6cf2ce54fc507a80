"""A map as a density of fixations: fitted on some pictures, used on others.

Any map can be stretched until it looks like a density, and its information gain then measures the
stretching. So it gets the best it could have of three numbers for all pictures, found on pictures
on which it is not scored (after Kümmerer et al., "Saliency benchmarking made easy", ECCV 2018):
`log p = a log prior + b r + c r^8 + constant`, where r in 0..1 is the rank of the map's value among
all of its places, which no monotone change of the map alters.
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
_FEW = 1e-3  # keeps weights finite where nothing in the pictures holds them
_STEPS = 30


@dataclass(frozen=True, eq=False)
class CalibrationSample:
    """A map [h, w], the density [h, w] of other pictures' fixations, and fixations at each cell."""

    values: AnyFloatArray
    prior: DoubleArray
    counts: AnyFloatArray

    def features(self) -> DoubleArray:
        """float64 [3, h * w]: log prior, rank and its eighth power."""
        rank = (rankdata(self.values.ravel()) - 0.5) / self.values.size
        return np.stack([np.log(as_density(self.prior + 1e-12)).ravel(), rank, rank**8])


def fit_density(pictures: Sequence[CalibrationSample]) -> DoubleArray:
    """The weights (a, b, c) under which the fixations are most likely; each picture counts alike.

    Newton's method on a concave likelihood. Raises VisionError without pictures, or for one
    without fixations.
    """
    if not pictures:
        raise VisionError("A map cannot be fitted to fixations without pictures.")
    features = [one.features() for one in pictures]
    shares = [as_density(one.counts).ravel() for one in pictures]
    weights = START.copy()
    for _ in range(_STEPS):
        slope = -_FEW * (weights - START)
        bend = _FEW * np.eye(len(START))
        for known, share in zip(features, shares, strict=True):
            likely = _softmax(weights @ known)
            mean = known @ likely
            slope += (known @ share - mean) / len(pictures)
            bend += ((known * likely) @ known.T - np.outer(mean, mean)) / len(pictures)
        step = np.linalg.solve(bend, slope)
        weights += step / max(1.0, float(np.abs(step).max()) / 2)  # far steps may overshoot
        if np.abs(step).max() < 1e-6:
            break
    return weights


def calibrated_density(picture: CalibrationSample, weights: DoubleArray) -> DoubleArray:
    """The map of a picture as a density, float64 [h, w], sums to 1."""
    density = _softmax(weights @ picture.features())
    return np.asarray(density.reshape(picture.values.shape), dtype=np.float64)


def bits_over_prior(picture: CalibrationSample, density: DoubleArray) -> float:
    """Mean bits per fixation that a density says more than the picture's prior."""
    gained = np.log2(density + 1e-12) - np.log2(as_density(picture.prior + 1e-12))
    return float((as_density(picture.counts) * gained).sum())


def cross_fit(pictures: Sequence[CalibrationSample]) -> list[DoubleArray]:
    """Each picture's map as a density, fitted on the other half (every second picture).

    Raises VisionError for fewer than two pictures.
    """
    if len(pictures) < 2:
        raise VisionError("A map is fitted on one half of the pictures: give two or more.")
    weights = [fit_density(pictures[1 - half :: 2]) for half in (0, 1)]
    return [calibrated_density(one, weights[n % 2]) for n, one in enumerate(pictures)]


def _softmax(scores: DoubleArray) -> DoubleArray:
    raised = np.exp(scores - scores.max())
    return np.asarray(raised / raised.sum(), dtype=np.float64)
