"""A map against one person's clicks, with how sure so few clicks leave its scores."""

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
    """NSS and AUC (`agreement`) and CC (`densities`) of a map, each with its 95 % interval."""

    nss: Interval
    auc: Interval
    cc: Interval

    def named(self) -> dict[str, Interval]:
        """By the names of `CHANCE`."""
        return {"NSS": self.nss, "AUC": self.auc, "CC": self.cc}


def score_clicks(
    values: FloatArray, rows: IntArray, columns: IntArray, sigma: float
) -> ClickScores:
    """Score a map by the clicks, which are drawn anew with replacement for the intervals.

    Args:
        values: float [H, W], over the whole picture.
        rows, columns: int [n], a click each.
        sigma: of the Gaussian that stands for a click in CC, in cells; a bubble's radius.

    Raises VisionError for a map of one value, whose scores are not defined, and without clicks.
    """
    return ClickScores(
        nss=bootstrap_interval(nss_at(values, rows, columns)),
        auc=bootstrap_interval(auc_at(values, rows, columns)),
        cc=_cc(values, rows, columns, sigma),
    )


def _cc(values: FloatArray, rows: IntArray, columns: IntArray, sigma: float) -> Interval:
    """Pearson's correlation with the clicks' density, as a mean over clicks.

    The density is a mean of one Gaussian for each click, and so is its covariance with the map.
    Its spread is held at what all clicks give: clicks that are drawn twice would make it peakier,
    and every drawn correlation lower than the one that is asked about. No bound leaves -1..1.
    """
    spots = np.stack([_spot(values.shape, *at, sigma) for at in zip(rows, columns, strict=True)])
    together = standard_deviation(values) * standard_deviation(spots.mean(0))
    centred = values.ravel() - values.mean(dtype=np.float64)
    found = bootstrap_interval(spots @ centred / (values.size * together))
    return Interval(found.mean, max(found.low, -1.0), min(found.high, 1.0))


def _spot(size: tuple[int, ...], row: int, column: int, sigma: float) -> DoubleArray:
    """A click's density, flat, sums to 1; what would lie outside is put back inside."""
    field = np.zeros(size, np.float64)
    field[row, column] = 1.0
    blurred = cv2.GaussianBlur(field, (0, 0), sigma, borderType=cv2.BORDER_REFLECT).ravel()
    return np.asarray(blurred / blurred.sum(), np.float64)
