"""One picture's scores are those of the whole comparison, and what cannot be scored says why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnviz.errors import MethodError, PictureError, VisionError
from attnviz.metrics.fixations import FixationSet
from attnviz.metrics.inter_observer import CentreBias
from attnviz.people.dataset import OTHER_OBSERVERS, compare
from attnviz.people.ground_truth import AUC, BITS, CC, KL, NSS, SHUFFLED, SIM
from attnviz.people.map_makers import MapMaker, SourcedMap, baseline_map_makers
from attnviz.people.one_picture import ScoredMap, score_photo
from attnviz.pictures import Picture
from tests.people.test_dataset import PER_DEGREE, SIDES, bright, found

__all__ = ["found"]


def flat(number: int, picture: Picture) -> SourcedMap:
    return SourcedMap(np.full(SIDES, 0.3, np.float32), "one value")


def broken(number: int, picture: Picture) -> SourcedMap:
    raise MethodError("This network has none of that.")


def scored(found: FixationSet, number: int, *more: MapMaker) -> dict[str, ScoredMap]:
    others = CentreBias(found.pictures)
    made = [*baseline_map_makers(others), *more]
    done = score_photo(found, others, number, made, pixels_per_degree=PER_DEGREE)
    return {one.name: one for one in done.maps}


def test_scores_are_those_of_the_comparison(found: FixationSet) -> None:
    others = CentreBias(found.pictures)
    made = [*baseline_map_makers(others), MapMaker("bright", bright)]
    told: list[tuple[int, int]] = []
    one = score_photo(
        found, others, 3, made, pixels_per_degree=PER_DEGREE,
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    whole = compare(found, others, made, pixels_per_degree=PER_DEGREE)
    for drawn in one.maps:
        for score in (NSS, AUC, SHUFFLED, CC, SIM):
            assert drawn.scores[score] == whole.values[drawn.name][score][3]
    assert one.inter_observer == pytest.approx(
        {k: v[3] for k, v in whole.values[OTHER_OBSERVERS].items()}
    )
    assert told == [(n, 5) for n in range(1, 6)]
    assert one.truth.sum() == pytest.approx(1)
    assert one.picture.pixels.shape[:2] == one.truth.shape == SIDES


def test_divergence_and_gain_are_for_densities_alone(found: FixationSet) -> None:
    maps = scored(found, 0, MapMaker("bright", bright))
    prior, gauss = (
        maps[name].scores
        for name in ("centre, where people looked in other pictures", "centre, a Gaussian")
    )
    assert prior[BITS] == pytest.approx(0, abs=1e-6)  # the baseline gains nothing over itself
    assert prior[KL] > 0
    assert abs(gauss[BITS]) > 1e-3
    for name in ("bright", "spectral residual", "Itti-Koch"):
        assert not {KL, BITS} & maps[name].scores.keys()


def test_what_cannot_be_scored_says_why_and_the_others_go_on(found: FixationSet) -> None:
    maps = scored(
        found, 1, MapMaker("flat", flat), MapMaker("broken", broken), MapMaker("b", bright)
    )
    assert maps["flat"].scores == {}
    assert "same value everywhere" in maps["flat"].problem
    assert maps["flat"].values is not None
    assert maps["broken"].values is None
    assert maps["broken"].problem == "This network has none of that."
    assert maps["b"].scores[NSS] > 1
    assert all(np.isfinite(list(one.scores.values())).all() for one in maps.values())


def test_a_single_viewer_has_no_ceiling(found: FixationSet) -> None:
    alone = replace(found.pictures[0], observers=found.pictures[0].observers[:1])
    changed = replace(found, pictures=(alone, *found.pictures[1:]))
    others = CentreBias(changed.pictures)
    done = score_photo(
        changed, others, 0, baseline_map_makers(others), pixels_per_degree=PER_DEGREE
    )
    assert done.inter_observer == {}
    assert NSS in done.maps[0].scores


def test_a_degree_without_pixels_and_a_picture_that_has_gone(found: FixationSet) -> None:
    others = CentreBias(found.pictures)
    with pytest.raises(VisionError, match="0 pixels to a degree"):
        score_photo(found, others, 0, [], pixels_per_degree=0)
    gone = replace(found.pictures[0], path=found.pictures[0].path.with_name("gone.png"))
    changed = replace(found, pictures=(gone, *found.pictures[1:]))
    with pytest.raises(PictureError, match=r"gone\.png"):
        score_photo(changed, others, 0, [], pixels_per_degree=PER_DEGREE)
