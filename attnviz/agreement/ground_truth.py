"""What the maps of one picture are compared with, and the scores that need nothing more."""

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

SMALL = (48, 64)  # cells on which maps are fitted to fixations
SURE = 0.9  # of the density that other people make; the rest is the prior of other pictures

NSS, AUC, SHUFFLED, CC, SIM, KL, BITS = SCORES = (
    "NSS", "AUC", "shuffled AUC", "CC", "SIM", "KL", "bits over centre",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """Where people looked in one picture and in all others, on one grid of (height, width).

    sigma: one degree, in cells. truth: density of all fixations. prior: density of other pictures'
    fixations, on `SMALL` cells.
    """

    looked: FixatedPicture
    size: tuple[int, int]
    sigma: float
    places: tuple[IntArray, IntArray]
    elsewhere: tuple[IntArray, IntArray]
    truth: DoubleArray
    prior: DoubleArray

    def scores(self, values: FloatArray) -> dict[str, float]:
        """What any map float32 [h, w] can be scored by, whatever its unit.

        SIM takes the map from its lowest value on. Raises VisionError for a map of one value.
        """
        return self.by_place(values, self.places) | {
            CC: cc(values, self.truth),
            SIM: sim(values - values.min(), self.truth),
        }

    def by_place(self, values: FloatArray, places: tuple[IntArray, IntArray]) -> dict[str, float]:
        """The scores that compare a map with single fixations."""
        return {
            NSS: nss(values, *places),
            AUC: auc(values, *places),
            SHUFFLED: shuffled_auc(values, *places, *self.elsewhere),
        }

    def small(self, values: FloatArray, places: tuple[IntArray, IntArray]) -> CalibrationSample:
        """The map with fixations on the cells on which maps are fitted."""
        counts = np.zeros(SMALL)
        rows, columns = (
            at * cells // side for at, cells, side in zip(places, SMALL, self.size, strict=True)
        )
        np.add.at(counts, (rows, columns), 1.0)
        reduced = cv2.resize(values, SMALL[::-1], interpolation=cv2.INTER_AREA)
        return CalibrationSample(np.asarray(reduced, np.float32), self.prior, counts)

    def small_truth(self) -> DoubleArray:
        """The density of all fixations on the cells on which maps are fitted."""
        return as_density(cv2.resize(self.truth, SMALL[::-1], interpolation=cv2.INTER_AREA))

    def of_people(self) -> dict[str, float]:
        """Mean over viewers of what the density of all others scores on each.

        Neither CC, SIM nor KL: one viewer's density is too rough to be compared with one of all.
        Raises VisionError for a single viewer.
        """
        scores: dict[str, list[float]] = {}
        for values, places in leave_one_observer_out(self.looked, self.size, self.sigma):
            found = self.by_place(values, places)
            seen = self.small(values, places)
            people = seen.values / seen.values.sum()
            found[BITS] = bits_over_prior(seen, SURE * people + (1 - SURE) * self.prior)
            for score, value in found.items():
                scores.setdefault(score, []).append(value)
        return {score: float(np.mean(values)) for score, values in scores.items()}


def ground_truth_of(
    number: int,
    looked: FixatedPicture,
    size: tuple[int, int],
    others: CentreBias,
    pixels_per_degree: float,
) -> GroundTruth:
    """The ground of the picture of that number in a set, on a grid of (height, width).

    pixels_per_degree: of the picture's own pixels. Raises VisionError unless it is above 0.
    """
    if not 0 < pixels_per_degree < 1e6:
        raise VisionError(f"{pixels_per_degree:g} pixels to a degree make no picture. Take 24.")
    sigma = pixels_per_degree * size[1] / looked.size[1]
    places = looked.cells(size)
    return GroundTruth(
        looked=looked,
        size=size,
        sigma=sigma,
        places=places,
        elsewhere=others.fixations(number, size),
        truth=density(*places, size, sigma),
        prior=others.prior(number, SMALL),
    )
