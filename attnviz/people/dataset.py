"""The comparison on a data set: every map of every picture against the observers' fixations."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice

from attnviz.errors import VisionError
from attnviz.metrics.calibration import CalibrationSample, bits_over_prior, cross_fit
from attnviz.metrics.densities import kl
from attnviz.metrics.fixations import FixatedPicture, FixationSet
from attnviz.metrics.inter_observer import CentreBias
from attnviz.people.ground_truth import BITS, KL, GroundTruth, ground_truth_of
from attnviz.people.map_makers import MapMaker, SourcedMap
from attnviz.pictures import Picture, open_picture
from attnviz.progress import Progress, report_progress
from attnviz.types import DoubleArray

# Longest side at which maps are compared: finer than any map, and than the accuracy of fixations.
LONGEST = 400
TOGETHER = 16  # pictures that a model sees at once; as many are opened meanwhile
OTHER_OBSERVERS = "other people"


@dataclass
class AgreementResults:
    """Scores of all map makers, one value for each picture that could be scored.

    Attributes
    ----------
    values : dict
        Lists of values by map maker and score.
    sources : dict
        Method and layer of each map maker.
    unscored : dict
        By map maker, one sentence for each picture whose map could not be scored.
    """

    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    unscored: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, scores: dict[str, float]) -> None:
        """Add one picture's scores."""
        for score, value in scores.items():
            self.values.setdefault(name, {}).setdefault(score, []).append(value)


def compare(
    fixations: FixationSet,
    centre_bias: CentreBias,
    makers: Sequence[MapMaker],
    *,
    pixels_per_degree: float,
    progress: Progress | None = None,
) -> AgreementResults:
    """Score every map maker, and observers against each other, on every picture.

    Parameters
    ----------
    found : FixationSet
        Two pictures or more.
    others : CentreBias
        Of the same pictures.
    contestants : sequence of MapMaker
        Run one after the other, while the next pictures are opened.
    pixels_per_degree : float
        Image pixels per degree of visual angle; a density blurs fixations by one degree.
    progress : Progress, optional
        Called with the number of pictures done; what it raises stops the work.

    Returns
    -------
    AgreementResults

    Raises
    ------
    VisionError
        For a set that cannot be scored.
    PictureError
        For a picture that no longer exists.
    AttnvizError
        What `explain` raises.
    """
    results = AgreementResults()
    samples: dict[str, list[tuple[CalibrationSample, DoubleArray]]] = {
        maker.name: [] for maker in makers
    }
    for number, fixated, picture, mapped in _mapped(fixations.pictures, makers):
        size = picture.height, picture.width
        truth_grid = ground_truth_of(number, fixated, size, centre_bias, pixels_per_degree)
        truth = truth_grid.low_resolution_truth()
        for maker, made in zip(makers, mapped, strict=True):
            sample = _score(maker.name, made, truth_grid, results)
            if sample is not None:
                samples[maker.name].append((sample, truth))
        if len(fixated.observers) > 1:
            results.add(OTHER_OBSERVERS, truth_grid.inter_observer_scores())
        report_progress(progress, number + 1, len(fixations.pictures))
    for name, maps in samples.items():
        if len(maps) > 1:
            _add_fitted(name, maps, results)
    return results


def _add_fitted(
    name: str, maps: Sequence[tuple[CalibrationSample, DoubleArray]], results: AgreementResults
) -> None:
    """Add the density scores of maps that were fitted on the other half of the set."""
    densities = cross_fit([sample for sample, _ in maps])
    for fitted, (sample, truth) in zip(densities, maps, strict=True):
        results.add(name, {KL: kl(fitted, truth), BITS: bits_over_prior(sample, fitted)})


def _mapped(
    pictures: Sequence[FixatedPicture], makers: Sequence[MapMaker]
) -> Iterator[tuple[int, FixatedPicture, Picture, tuple[SourcedMap, ...]]]:
    """The number of each picture, what is known of it, itself, and its map by each maker."""
    opened, first = _opened(pictures), 0
    with closing(opened):
        while some := list(islice(opened, TOGETHER)):
            seen = [picture for _, picture in some]
            made = [maker.maps(first, seen) for maker in makers]
            for place, one in enumerate(some):
                yield first + place, *one, tuple(maps[place] for maps in made)
            first += len(some)


def _score(
    name: str, made: SourcedMap, truth: GroundTruth, results: AgreementResults
) -> CalibrationSample | None:
    """Add a map maker's scores for a picture; return its sample for the fit, if it was scored."""
    results.sources[name] = made.source
    try:
        scores = truth.scores(made.values)
    except VisionError as error:  # such as a constant map
        results.unscored.setdefault(name, []).append(str(error))
        return None
    results.add(name, scores)
    return truth.low_resolution(made.values, truth.fixations)


def _opened(
    pictures: Sequence[FixatedPicture],
) -> Generator[tuple[FixatedPicture, Picture], None, None]:
    """Open each picture, reduced; the next ones are opened on a thread meanwhile."""

    def opened(photo: FixatedPicture) -> Picture:
        return open_picture(photo.path).reduced(LONGEST)

    with ThreadPoolExecutor(1, thread_name_prefix="open-pictures") as pool:
        waiting: deque[tuple[FixatedPicture, Future[Picture]]] = deque()
        try:
            for picture_record in pictures:
                waiting.append((picture_record, pool.submit(opened, picture_record)))
                if len(waiting) > TOGETHER:
                    picture_record, future = waiting.popleft()
                    yield picture_record, future.result()
            for picture_record, future in waiting:
                yield picture_record, future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
