"""One picture in detail: the scores of every map against the observers' fixations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from attnviz.errors import AttnvizError
from attnviz.metrics.densities import information_gain, kl
from attnviz.metrics.fixations import FixationSet
from attnviz.metrics.inter_observer import CentreBias
from attnviz.people.dataset import LONGEST
from attnviz.people.ground_truth import BITS, KL, SCORES, GroundTruth, ground_truth_of
from attnviz.people.map_makers import MapMaker
from attnviz.pictures import Picture, open_picture
from attnviz.progress import Progress, report_progress
from attnviz.types import DoubleArray, FloatArray


@dataclass(frozen=True, eq=False)
class ScoredMap:
    """One map maker's map of the picture, and its scores.

    Attributes
    ----------
    name, source : str
    values : float32 [h, w] or None
        On the grid of comparison; None if it could not be made.
    scores : dict of str to float
        In the order of `SCORES`; KL and bits only for a density.
    problem : str
        Why there is no map or no score; otherwise empty.
    """

    name: str
    source: str = ""
    values: FloatArray | None = None
    scores: dict[str, float] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, eq=False)
class PhotoScores:
    """The comparison of one picture.

    Attributes
    ----------
    picture : Picture
        Reduced to the grid of comparison.
    truth : float64 [h, w]
        Density of all fixations.
    maps : tuple of ScoredMap
    inter_observer : dict of str to float
        Inter-observer scores; empty for a single observer.
    """

    picture: Picture
    truth: DoubleArray
    maps: tuple[ScoredMap, ...]
    inter_observer: dict[str, float]


def score_photo(
    fixations: FixationSet,
    centre_bias: CentreBias,
    number: int,
    makers: Sequence[MapMaker],
    *,
    pixels_per_degree: float,
    progress: Progress | None = None,
) -> PhotoScores:
    """Score every map maker on one picture.

    A map that cannot be made or scored gets a `problem`; the others go on.

    Parameters
    ----------
    found : FixationSet
        Two pictures or more.
    others : CentreBias
        Of the same pictures.
    number : int
        Index of the picture.
    contestants : sequence of MapMaker
        Run one after the other.
    pixels_per_degree : float
        Image pixels per degree of visual angle.
    progress : Progress, optional
        Called with the number of maps done; what it raises stops the work.

    Returns
    -------
    PhotoScores

    Raises
    ------
    PictureError
        For a picture that no longer exists.
    VisionError
        If `pixels_per_degree` is not above 0.
    """
    fixated = fixations.pictures[number]
    picture = open_picture(fixated.path).reduced(LONGEST)
    size = picture.height, picture.width
    truth = ground_truth_of(number, fixated, size, centre_bias, pixels_per_degree)
    prior = centre_bias.prior(number, size)
    maps = []
    for done, maker in enumerate(makers, 1):
        maps.append(_score(maker, number, picture, truth, prior))
        report_progress(progress, done, len(makers))
    inter_observer = truth.inter_observer_scores() if len(fixated.observers) > 1 else {}
    return PhotoScores(picture, truth.truth, tuple(maps), inter_observer)


def _score(
    maker: MapMaker, number: int, picture: Picture, truth: GroundTruth, prior: DoubleArray
) -> ScoredMap:
    """Make and score one map."""
    try:
        made = maker.make(number, picture)
    except AttnvizError as error:
        return ScoredMap(maker.name, problem=str(error))
    try:
        scores = truth.scores(made.values)
        if maker.density:
            scores[KL] = kl(made.values, truth.truth)
            scores[BITS] = information_gain(made.values, prior, *truth.fixations)
    except AttnvizError as error:  # such as a constant map
        return ScoredMap(maker.name, made.source, made.values, problem=str(error))
    ordered = {score: scores[score] for score in SCORES if score in scores}
    return ScoredMap(maker.name, made.source, made.values, ordered)
