"""The comparison itself: every map of every picture against the people who looked at it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from attnviz.errors import VisionError
from attnviz.people.contestants import Contestant
from attnviz.pictures import Picture, open_picture
from attnviz.vision.agreement import Indices, auc, nss, shuffled_auc
from attnviz.vision.calibration import Seen, bits_gained, cross_fitted
from attnviz.vision.densities import Density, cc, density
from attnviz.vision.fixations import FixationSet, Looked
from attnviz.vision.people import OtherPictures, expected_by_others

FloatArray = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]

# Maps are compared at this size: finer than any map, and fixations are no more exact.
LONGEST = 400
SMALL = (48, 64)  # cells on which maps are fitted to fixations
AHEAD = 4  # pictures that are opened while the models work
PEOPLE = "other people"
SURE = 0.9  # of the density that other people make; the rest is the prior of other pictures

NSS, AUC, SHUFFLED, CC, BITS = SCORES = ("NSS", "AUC", "shuffled AUC", "CC", "bits over centre")


@dataclass
class Results:
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


@dataclass(frozen=True, eq=False)
class _Ground:
    """What the maps of one picture are compared with, on its grid."""

    looked: Looked
    size: tuple[int, int]
    sigma: float
    places: tuple[Indices, Indices]
    elsewhere: tuple[Indices, Indices]
    truth: Density
    prior: Density

    def by_place(self, values: FloatArray, places: tuple[Indices, Indices]) -> dict[str, float]:
        return {
            NSS: nss(values, *places),
            AUC: auc(values, *places),
            SHUFFLED: shuffled_auc(values, *places, *self.elsewhere),
        }

    def small(self, values: FloatArray, places: tuple[Indices, Indices]) -> Seen:
        counts = np.zeros(SMALL)
        rows, columns = (
            at * cells // side for at, cells, side in zip(places, SMALL, self.size, strict=True)
        )
        np.add.at(counts, (rows, columns), 1.0)
        reduced = cv2.resize(values, SMALL[::-1], interpolation=cv2.INTER_AREA)
        return Seen(np.asarray(reduced, np.float32), self.prior, counts)


def compare(
    found: FixationSet,
    others: OtherPictures,
    contestants: Sequence[Contestant],
    *,
    pixels_per_degree: float,
    progress: Progress | None = None,
) -> Results:
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
    if not 0 < pixels_per_degree < 1e6:
        raise VisionError(f"{pixels_per_degree:g} pixels to a degree make no picture. Take 24.")
    results = Results()
    kept: dict[str, list[Seen]] = {one.name: [] for one in contestants}
    for number, (looked, picture) in enumerate(_opened(found.photos)):
        ground = _ground(number, looked, picture, others, pixels_per_degree)
        for one in contestants:
            seen = _scored(one, number, picture, ground, results)
            if seen is not None:
                kept[one.name].append(seen)
        if len(looked.viewers) > 1:
            results.add(PEOPLE, _of_people(ground))
        if progress is not None:
            progress(number + 1, len(found.photos))
    for name, maps in kept.items():
        if len(maps) > 1:
            results.values[name][BITS] = cross_fitted(maps)
    return results


def _scored(
    one: Contestant, number: int, picture: Picture, ground: _Ground, results: Results
) -> Seen | None:
    """Add a contestant's scores on a picture, and return its map for the fit; None without any."""
    drawn = one.draw(number, picture)
    results.sources[one.name] = drawn.source
    try:
        scores = ground.by_place(drawn.values, ground.places)
        scores[CC] = cc(drawn.values, ground.truth)
    except VisionError as error:  # such as a map of one value
        results.unscored.setdefault(one.name, []).append(str(error))
        return None
    results.add(one.name, scores)
    return ground.small(drawn.values, ground.places)


def _opened(photos: Sequence[Looked]) -> Iterator[tuple[Looked, Picture]]:
    """Each photo, reduced; the next ones are opened on a thread while one is worked on."""

    def opened(photo: Looked) -> Picture:
        return open_picture(photo.path).reduced(LONGEST)

    with ThreadPoolExecutor(1, thread_name_prefix="open-pictures") as pool:
        waiting: deque[tuple[Looked, Future[Picture]]] = deque()
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


def _ground(
    number: int, looked: Looked, picture: Picture, others: OtherPictures, per_degree: float
) -> _Ground:
    size = picture.height, picture.width
    sigma = per_degree * picture.width / looked.size[1]
    places = looked.cells(size)
    return _Ground(
        looked=looked,
        size=size,
        sigma=sigma,
        places=places,
        elsewhere=others.fixations(number, size),
        truth=density(*places, size, sigma),
        prior=others.prior(number, SMALL),
    )


def _of_people(ground: _Ground) -> dict[str, float]:
    """Mean over viewers of what the density of all others scores on each.

    No CC: one viewer's density is too rough to be compared with one of all.
    """
    scores: dict[str, list[float]] = {}
    for values, places in expected_by_others(ground.looked, ground.size, ground.sigma):
        found = ground.by_place(values, places)
        seen = ground.small(values, places)
        people = seen.values / seen.values.sum()
        found[BITS] = bits_gained(seen, SURE * people + (1 - SURE) * ground.prior)
        for score, value in found.items():
            scores.setdefault(score, []).append(value)
    return {score: float(np.mean(values)) for score, values in scores.items()}
