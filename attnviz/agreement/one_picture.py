"""One picture in detail: what everyone's map of it scores against those who looked at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from attnviz.agreement.dataset import LONGEST
from attnviz.agreement.ground_truth import BITS, KL, SCORES, GroundTruth, ground_truth_of
from attnviz.agreement.map_makers import MapMaker
from attnviz.errors import AttnvizError
from attnviz.metrics.densities import information_gain, kl
from attnviz.metrics.fixations import FixationSet
from attnviz.metrics.inter_observer import CentreBias
from attnviz.pictures import Picture, open_picture
from attnviz.progress import Progress
from attnviz.types import DoubleArray, FloatArray


@dataclass(frozen=True, eq=False)
class ScoredMap:
    """One contestant's map of the picture, and its scores.

    values: float32 [h, w] on the grid of comparison, None where none could be made. scores: by
    name, in the order of `SCORES`; KL and bits only for a density. why: what kept it from a map or
    from scores, a sentence, or empty.
    """

    name: str
    source: str = ""
    values: FloatArray | None = None
    scores: dict[str, float] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True, eq=False)
class PhotoScores:
    """A picture's own comparison.

    picture: reduced to the grid of comparison. truth: the density of all fixations, float64 [h, w].
    people: how well viewers predict each other, by score; empty for a single viewer.
    """

    picture: Picture
    truth: DoubleArray
    maps: tuple[ScoredMap, ...]
    people: dict[str, float]


def score_photo(
    found: FixationSet,
    others: CentreBias,
    number: int,
    contestants: Sequence[MapMaker],
    *,
    pixels_per_degree: float,
    progress: Progress | None = None,
) -> PhotoScores:
    """Score every contestant on the picture of that number.

    A contestant whose map cannot be made or scored says why; the others go on.

    Args:
        found: pictures and fixations, two pictures or more.
        others: of the same pictures.
        number: of the picture, counted from 0.
        contestants: drawn one after the other.
        pixels_per_degree: of the picture's own pixels.
        progress: told how many maps are done; what it raises stops the work.

    Raises PictureError for a picture that has gone, and VisionError for a degree that is none.
    """
    looked = found.pictures[number]
    picture = open_picture(looked.path).reduced(LONGEST)
    size = picture.height, picture.width
    ground = ground_truth_of(number, looked, size, others, pixels_per_degree)
    prior = others.prior(number, size)
    maps = []
    for done, one in enumerate(contestants, 1):
        maps.append(_scored(one, number, picture, ground, prior))
        if progress is not None:
            progress(done, len(contestants))
    people = ground.of_people() if len(looked.observers) > 1 else {}
    return PhotoScores(picture, ground.truth, tuple(maps), people)


def _scored(
    one: MapMaker, number: int, picture: Picture, ground: GroundTruth, prior: DoubleArray
) -> ScoredMap:
    try:
        drawn = one.draw(number, picture)
    except AttnvizError as error:
        return ScoredMap(one.name, why=str(error))
    try:
        scores = ground.scores(drawn.values)
        if one.density:
            scores[KL] = kl(drawn.values, ground.truth)
            scores[BITS] = information_gain(drawn.values, prior, *ground.places)
    except AttnvizError as error:  # such as a map of one value
        return ScoredMap(one.name, drawn.source, drawn.values, why=str(error))
    ordered = {score: scores[score] for score in SCORES if score in scores}
    return ScoredMap(one.name, drawn.source, drawn.values, ordered)
