"""The comparison itself: every map of every picture against the people who looked at it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from attnviz.agreement.ground_truth import BITS, KL, GroundTruth, ground_truth_of
from attnviz.agreement.map_makers import MapMaker
from attnviz.errors import VisionError
from attnviz.metrics.calibration import CalibrationSample, bits_over_prior, cross_fit
from attnviz.metrics.densities import kl
from attnviz.metrics.fixations import FixatedPicture, FixationSet
from attnviz.metrics.inter_observer import CentreBias
from attnviz.pictures import Picture, open_picture
from attnviz.progress import Progress
from attnviz.types import DoubleArray

# Maps are compared at this size: finer than any map, and fixations are no more exact.
LONGEST = 400
AHEAD = 4  # pictures that are opened while the models work
OTHER_OBSERVERS = "other people"


@dataclass
class AgreementResults:
    """Scores by contestant and score, one value for each picture that could be scored.

    sources: method and layer behind a contestant. unscored: why a contestant's map of a picture has
    no score, a sentence for each such picture; it is left out for that contestant.
    """

    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    unscored: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, scores: dict[str, float]) -> None:
        """One picture's scores."""
        for score, value in scores.items():
            self.values.setdefault(name, {}).setdefault(score, []).append(value)


def compare(
    found: FixationSet,
    others: CentreBias,
    contestants: Sequence[MapMaker],
    *,
    pixels_per_degree: float,
    progress: Progress | None = None,
) -> AgreementResults:
    """Score every contestant, and people against each other, on every picture.

    Args:
        found: pictures and fixations, two pictures or more.
        others: of the same pictures.
        contestants: drawn one after the other; pictures are opened meanwhile.
        pixels_per_degree: of the pictures' own pixels; a density blurs fixations by one degree.
        progress: told how many pictures are done; what it raises stops the work.

    Raises VisionError for a set that cannot be scored, PictureError for a picture that has gone,
    and whatever `explain` raises.
    """
    results = AgreementResults()
    kept: dict[str, list[tuple[CalibrationSample, DoubleArray]]] = {
        one.name: [] for one in contestants
    }
    for number, (looked, picture) in enumerate(_opened(found.pictures)):
        size = picture.height, picture.width
        ground = ground_truth_of(number, looked, size, others, pixels_per_degree)
        truth = ground.small_truth()
        for one in contestants:
            seen = _scored(one, number, picture, ground, results)
            if seen is not None:
                kept[one.name].append((seen, truth))
        if len(looked.observers) > 1:
            results.add(OTHER_OBSERVERS, ground.of_people())
        if progress is not None:
            progress(number + 1, len(found.pictures))
    for name, maps in kept.items():
        if len(maps) > 1:
            _add_fitted(name, maps, results)
    return results


def _add_fitted(
    name: str, maps: Sequence[tuple[CalibrationSample, DoubleArray]], results: AgreementResults
) -> None:
    """The scores of densities, for maps that were made into some on the other half of the set."""
    densities = cross_fit([seen for seen, _ in maps])
    for fitted, (seen, truth) in zip(densities, maps, strict=True):
        results.add(name, {KL: kl(fitted, truth), BITS: bits_over_prior(seen, fitted)})


def _scored(
    one: MapMaker, number: int, picture: Picture, ground: GroundTruth, results: AgreementResults
) -> CalibrationSample | None:
    """Add a contestant's scores on a picture, and return its map for the fit; None without any."""
    drawn = one.draw(number, picture)
    results.sources[one.name] = drawn.source
    try:
        scores = ground.scores(drawn.values)
    except VisionError as error:  # such as a map of one value
        results.unscored.setdefault(one.name, []).append(str(error))
        return None
    results.add(one.name, scores)
    return ground.small(drawn.values, ground.places)


def _opened(photos: Sequence[FixatedPicture]) -> Iterator[tuple[FixatedPicture, Picture]]:
    """Each photo, reduced; the next ones are opened on a thread while one is worked on."""

    def opened(photo: FixatedPicture) -> Picture:
        return open_picture(photo.path).reduced(LONGEST)

    with ThreadPoolExecutor(1, thread_name_prefix="open-pictures") as pool:
        waiting: deque[tuple[FixatedPicture, Future[Picture]]] = deque()
        try:
            for photo in photos:
                waiting.append((photo, pool.submit(opened, photo)))
                if len(waiting) > AHEAD:
                    first, future = waiting.popleft()
                    yield first, future.result()
            for first, future in waiting:
                yield first, future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
