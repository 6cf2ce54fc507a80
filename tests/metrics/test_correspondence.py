"""Patches that are each other's nearest neighbour."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from attnviz.errors import FocusError
from attnviz.metrics.correspondence import Correspondence, correspondence
from attnviz.types import DoubleArray


def random_features(seed: int, rows: int = 4, columns: int = 5) -> DoubleArray:
    return np.random.default_rng(seed).standard_normal((rows, columns, 6))


def pairs(found: Correspondence) -> set[tuple[int, ...]]:
    return {
        (*one, *other)
        for one, other in zip(found.first.tolist(), found.second.tolist(), strict=True)
    }


# Angles of 0, 40 and 90 degrees against 30 and 100: nearest of 0 and 40 is 30, of 90 it is 100;
# nearest of 30 is 40, of 100 it is 90. So 0 has no counterpart; cosines are of 10 degrees, twice.
def test_three_patches_against_two_by_hand() -> None:
    three, two = (np.radians(angles) for angles in ([0, 40, 90], [30, 100]))
    first, second = (np.stack([np.cos(one), np.sin(one)], -1)[None] for one in (three, two))
    found = correspondence(first, second)
    assert pairs(found) == {(0, 1, 0, 0), (0, 2, 0, 1)}
    np.testing.assert_allclose(found.cosines, np.cos(np.radians([10, 10])), rtol=1e-6)
    np.testing.assert_allclose(found.best_first, [np.cos(np.radians([30, 10, 10]))], rtol=1e-6)
    np.testing.assert_allclose(found.best_second, [np.cos(np.radians([10, 10]))], rtol=1e-6)


def test_as_by_two_searches_for_neighbours() -> None:
    """Of unit vectors the nearest by cosine is the nearest by distance."""
    first, second = random_features(0), random_features(1, 3, 7)
    left, right = (one.reshape(-1, 6) for one in (first, second))
    left, right = (one / np.linalg.norm(one, axis=1, keepdims=True) for one in (left, right))
    there = NearestNeighbors(n_neighbors=1).fit(right).kneighbors(left)[1][:, 0]
    back = NearestNeighbors(n_neighbors=1).fit(left).kneighbors(right)[1][:, 0]
    expected = {
        (*divmod(one, 5), *divmod(int(there[one]), 7))
        for one in range(20)
        if back[there[one]] == one
    }
    found = correspondence(first, second)
    assert pairs(found) == expected
    assert (np.diff(found.cosines) <= 0).all()


def test_a_picture_corresponds_to_itself_place_by_place() -> None:
    features = random_features(2)
    found = correspondence(features, 3 * features)
    assert len(found.first) == 20
    np.testing.assert_array_equal(found.first, found.second)
    np.testing.assert_allclose(found.cosines, 1, rtol=1e-5)


def test_a_mirrored_picture_corresponds_to_the_mirrored_places() -> None:
    features = random_features(3)
    found = correspondence(features, features[:, ::-1])
    assert pairs(found) == {
        (row, column, row, 4 - column) for row in range(4) for column in range(5)
    }


def test_a_moved_thing_corresponds_to_where_it_went() -> None:
    features = random_features(4, 6, 6)
    other = random_features(5, 6, 6)
    other[3:6, 2:5] = features[0:3, 1:4]
    found = correspondence(features, other)
    moved = {(row, column, row + 3, column + 1) for row in range(3) for column in range(1, 4)}
    assert moved <= pairs(found)
    assert {tuple(one) for one in found.first[:9].tolist()} == {one[:2] for one in moved}


def test_the_order_of_the_pictures_does_not_matter() -> None:
    first, second = random_features(6), random_features(7, 3, 3)
    one, other = correspondence(first, second), correspondence(second, first)
    assert pairs(one) == {(*found[2:], *found[:2]) for found in pairs(other)}
    np.testing.assert_allclose(one.best_first, other.best_second, rtol=1e-5)


def test_of_neighbours_only_the_strongest_is_chosen() -> None:
    """Of 4 x 5 places that correspond to themselves, those at least three apart."""
    features = random_features(8)
    found = correspondence(features, features)
    chosen = found.first[found.spread_out(20, apart=2)]
    gaps = np.abs(chosen[:, None] - chosen[None]).max(-1) + 9 * np.eye(len(chosen), dtype=int)
    assert gaps.min() == 3
    assert len(found.spread_out(20, apart=-1)) == 20
    assert found.spread_out(3, apart=-1).tolist() == [0, 1, 2]
    assert found.spread_out(1).tolist() == [0]


def test_patches_without_features_have_no_counterpart() -> None:
    found = correspondence(np.zeros((2, 2, 6)), random_features(9))
    assert len(found.first) == 0
    assert found.spread_out(5).tolist() == []


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (np.ones((2, 2, 5)), "do not compare"),
        (np.ones((2, 6)), "finite features"),
        (np.full((2, 2, 6), np.inf), "finite features"),
    ],
)
def test_what_does_not_compare_is_refused(second: DoubleArray, said: str) -> None:
    with pytest.raises(FocusError, match=said):
        correspondence(random_features(0), second)
