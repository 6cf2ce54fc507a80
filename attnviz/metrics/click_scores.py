"""Scores of a map against one person's clicks, with intervals that show how uncertain they are."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from attnviz.metrics.bootstrap import Interval, bootstrap_interval
from attnviz.metrics.saliency import auc_at, nss_at, standard_deviation
from attnviz.types import DoubleArray, FloatArray, IntArray

CHANCE = {"NSS": 0.0, "AUC": 0.5, "CC": 0.0}


@dataclass(frozen=True)
class ClickScores:
    """NSS and AUC (`saliency`) and CC (`densities`) of a map, each with its 95 % interval."""

    nss: Interval
    auc: Interval
    cc: Interval

    def by_name(self) -> dict[str, Interval]:
        """The intervals by the names of `CHANCE`."""
        return {"NSS": self.nss, "AUC": self.auc, "CC": self.cc}


def score_clicks(
    values: FloatArray, rows: IntArray, columns: IntArray, sigma: float
) -> ClickScores:
    """Score a map by clicks, which are resampled for the intervals.

    Parameters
    ----------
    values : float [H, W]
        Map over the whole picture.
    rows, columns : int [n]
        Cell of each click.
    sigma : float
        Standard deviation in cells of the Gaussian that stands for a click in CC: a bubble's
        radius.

    Returns
    -------
    ClickScores

    Raises
    ------
    VisionError
        For a constant map, whose scores are not defined, and without clicks.
    """
    return ClickScores(
        nss=bootstrap_interval(nss_at(values, rows, columns)),
        auc=bootstrap_interval(auc_at(values, rows, columns)),
        cc=_cc(values, rows, columns, sigma),
    )


def _cc(values: FloatArray, rows: IntArray, columns: IntArray, sigma: float) -> Interval:
    """Pearson's correlation with the density of the clicks, as a mean over clicks.

    The density is a mean of one Gaussian for each click, and so is its covariance with the map. Its
    standard deviation is fixed at that of all clicks: repeated clicks in a resample would make it
    peakier, and so lower every resampled correlation. The bounds are clipped to -1..1.
    """
    densities = np.stack(
        [_click_density(values.shape, *at, sigma) for at in zip(rows, columns, strict=True)]
    )
    scale = standard_deviation(values) * standard_deviation(densities.mean(0))
    deviations = values.ravel() - values.mean(dtype=np.float64)
    interval = bootstrap_interval(densities @ deviations / (values.size * scale))
    return Interval(interval.mean, max(interval.low, -1.0), min(interval.high, 1.0))


def _click_density(size: tuple[int, ...], row: int, column: int, sigma: float) -> DoubleArray:
    """A click's density, flattened, which sums to 1; what would lie outside is reflected inside."""
    field = np.zeros(size, np.float64)
    field[row, column] = 1.0
    blurred = cv2.GaussianBlur(field, (0, 0), sigma, borderType=cv2.BORDER_REFLECT).ravel()
    return np.asarray(blurred / blurred.sum(), np.float64)
