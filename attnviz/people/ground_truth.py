"""The ground truth of one picture, and the scores that need nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from attnviz.errors import VisionError
from attnviz.metrics.calibration import CalibrationSample, bits_over_prior
from attnviz.metrics.densities import as_density, cc, density, sim
from attnviz.metrics.fixations import FixatedPicture
from attnviz.metrics.inter_observer import CentreBias, leave_one_observer_out
from attnviz.metrics.saliency import auc, nss, shuffled_auc
from attnviz.types import DoubleArray, FloatArray, IntArray

SMALL = (48, 64)  # rows and columns of the grid on which maps are fitted to fixations
OBSERVER_WEIGHT = 0.9  # of the other observers' density; the rest is the prior of other pictures

NSS, AUC, SHUFFLED, CC, SIM, KL, BITS = SCORES = (
    "NSS", "AUC", "shuffled AUC", "CC", "SIM", "KL", "bits over centre",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """Fixations on one picture and on all others, on one grid of (height, width).

    Attributes
    ----------
    fixated : FixatedPicture
    size : (int, int)
        Height and width of the grid.
    sigma : float
        One degree of visual angle, in cells.
    fixations, other_fixations : (int [n], int [n])
        Rows and columns on this picture, and on all others.
    truth : float64 [height, width]
        Density of all fixations.
    prior : float64
        Density of other pictures' fixations, on `SMALL` cells.
    """

    fixated: FixatedPicture
    size: tuple[int, int]
    sigma: float
    fixations: tuple[IntArray, IntArray]
    other_fixations: tuple[IntArray, IntArray]
    truth: DoubleArray
    prior: DoubleArray

    def scores(self, values: FloatArray) -> dict[str, float]:
        """The scores that any map can get, whatever its unit.

        SIM takes the map from its lowest value on.

        Parameters
        ----------
        values : float32 [h, w]

        Returns
        -------
        dict of str to float

        Raises
        ------
        VisionError
            For a constant map.
        """
        return self.location_scores(values, self.fixations) | {
            CC: cc(values, self.truth),
            SIM: sim(values - values.min(), self.truth),
        }

    def location_scores(
        self, values: FloatArray, fixations: tuple[IntArray, IntArray]
    ) -> dict[str, float]:
        """The location-based scores, which compare a map with single fixations."""
        return {
            NSS: nss(values, *fixations),
            AUC: auc(values, *fixations),
            SHUFFLED: shuffled_auc(values, *fixations, *self.other_fixations),
        }

    def low_resolution(
        self, values: FloatArray, fixations: tuple[IntArray, IntArray]
    ) -> CalibrationSample:
        """The map and fixations on the grid on which maps are fitted."""
        counts = np.zeros(SMALL)
        rows, columns = (
            at * cells // side for at, cells, side in zip(fixations, SMALL, self.size, strict=True)
        )
        np.add.at(counts, (rows, columns), 1.0)
        reduced = cv2.resize(values, SMALL[::-1], interpolation=cv2.INTER_AREA)
        return CalibrationSample(np.asarray(reduced, np.float32), self.prior, counts)

    def low_resolution_truth(self) -> DoubleArray:
        """The density of all fixations on the grid on which maps are fitted."""
        return as_density(cv2.resize(self.truth, SMALL[::-1], interpolation=cv2.INTER_AREA))

    def inter_observer_scores(self) -> dict[str, float]:
        """Inter-observer scores: the mean over observers of what the density of all others scores.

        Without CC, SIM and KL: one observer's density is too coarse to be compared with that of
        all.

        Raises
        ------
        VisionError
            For a single observer.
        """
        scores: dict[str, list[float]] = {}
        for values, fixations in leave_one_observer_out(self.fixated, self.size, self.sigma):
            result = self.location_scores(values, fixations)
            sample = self.low_resolution(values, fixations)
            observers = sample.values / sample.values.sum()
            result[BITS] = bits_over_prior(
                sample, OBSERVER_WEIGHT * observers + (1 - OBSERVER_WEIGHT) * self.prior
            )
            for score, value in result.items():
                scores.setdefault(score, []).append(value)
        return {score: float(np.mean(values)) for score, values in scores.items()}


def ground_truth_of(
    number: int,
    fixated: FixatedPicture,
    size: tuple[int, int],
    centre_bias: CentreBias,
    pixels_per_degree: float,
) -> GroundTruth:
    """Build the ground truth of one picture of a set.

    Parameters
    ----------
    number : int
        Index of the picture in the set.
    looked : FixatedPicture
    size : (int, int)
        Height and width of the grid.
    others : CentreBias
    pixels_per_degree : float
        Pixels of the original picture per degree of visual angle.

    Returns
    -------
    GroundTruth

    Raises
    ------
    VisionError
        If `pixels_per_degree` is not above 0.
    """
    if not 0 < pixels_per_degree < 1e6:
        raise VisionError(f"{pixels_per_degree:g} pixels to a degree are out of range. Choose 24.")
    sigma = pixels_per_degree * size[1] / fixated.size[1]
    fixations = fixated.cells(size)
    return GroundTruth(
        fixated=fixated,
        size=size,
        sigma=sigma,
        fixations=fixations,
        other_fixations=centre_bias.fixations(number, size),
        truth=density(*fixations, size, sigma),
        prior=centre_bias.prior(number, SMALL),
    )
