"""Patches that are alike, and attention that is carried on to them."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.errors import FocusError
from attnviz.metrics.patch_likeness import MOST_PATCHES, carried_on, cosines_of, likeness_limit
from attnviz.types import DoubleArray


def groups(*sizes: int) -> DoubleArray:
    """Features [1, n, k] of so many patches in each of k groups, the groups at right angles."""
    return np.eye(len(sizes))[None].repeat(sizes, 1)


def random_features(seed: int = 0) -> DoubleArray:
    return np.random.default_rng(seed).standard_normal((4, 6, 5))


def test_cosines_by_hand() -> None:
    features = np.asarray([[[3.0, 0.0], [1.0, 1.0]], [[0.0, 2.0], [-5.0, 0.0]]])
    half = 0.5**0.5
    expected = [[1, half, 0, -1], [half, 1, half, -half], [0, half, 1, 0], [-1, -half, 0, 1]]
    np.testing.assert_allclose(cosines_of(features), expected, atol=1e-12)


def test_the_limit_lies_between_alike_and_not() -> None:
    """Whatever all of them have in common."""
    for shared in (0.0, 1.0, 3.0):
        common = np.full((1, 7, 1), shared)
        cosines = cosines_of(np.concatenate([groups(4, 3), common], -1))
        limit = likeness_limit(cosines)
        assert limit is not None
        assert shared**2 / (1 + shared**2) <= limit < 1
        assert ((cosines > limit).sum(1) == [4] * 4 + [3] * 3).all()


def test_no_limit_where_all_are_alike() -> None:
    assert likeness_limit(cosines_of(np.ones((3, 4, 2)))) is None
    assert likeness_limit(cosines_of(np.ones((1, 1, 2)))) is None


# Two groups, of means 3 and 1: sqrt(9 * 3), sqrt(0 * 3), sqrt(0 * 3) and sqrt(2 * 1), 0.
def test_attention_is_carried_on_by_hand() -> None:
    attention = np.asarray([[9.0, 0.0, 0.0, 2.0, 0.0]])
    found = carried_on(attention, cosines_of(groups(3, 2)))
    np.testing.assert_allclose(found, [[27**0.5, 0, 0, 2**0.5, 0]], rtol=1e-6)


def test_a_peak_lifts_the_thing_and_leaves_its_surround() -> None:
    """A peak on one of four patches: the rest of them come closer to it, the others do not."""
    attention = np.asarray([[8.0, 1.0, 1.0, 1.0, 1.0, 1.0]])
    found = carried_on(attention, cosines_of(groups(4, 2)))[0]
    mean = (8 + 3) / 4
    np.testing.assert_allclose(found[1:4] / found[0], 8**-0.5, rtol=1e-6)
    np.testing.assert_allclose(found[4:] / found[0], (1 / (8 * mean)) ** 0.5, rtol=1e-6)


def test_even_attention_stays_as_it_is() -> None:
    found = carried_on(np.full((4, 6), 0.3), cosines_of(random_features()))
    np.testing.assert_allclose(found, 0.3, rtol=1e-6)


def test_it_is_mirrored_with_the_picture() -> None:
    features = random_features(3)
    attention = np.random.default_rng(4).random((4, 6))
    straight = carried_on(attention, cosines_of(features))
    mirrored = carried_on(attention[:, ::-1], cosines_of(features[:, ::-1]))
    np.testing.assert_allclose(mirrored, straight[:, ::-1], rtol=1e-5)


def test_twice_the_attention_is_twice_the_map() -> None:
    attention = np.random.default_rng(4).random((4, 6))
    cosines = cosines_of(random_features(5))
    np.testing.assert_allclose(
        carried_on(2 * attention, cosines), 2 * carried_on(attention, cosines), rtol=1e-6
    )


@pytest.mark.parametrize(
    ("features", "said"),
    [
        (np.ones((3, 4)), "finite features"),
        (np.full((3, 4, 2), np.nan), "finite features"),
        (np.ones((0, 4, 2)), "finite features"),
        (np.ones((1, MOST_PATCHES + 1, 2)), "At most"),
    ],
)
def test_what_cannot_be_compared_is_refused(features: DoubleArray, said: str) -> None:
    with pytest.raises(FocusError, match=said):
        cosines_of(features)


def test_attention_of_other_patches_is_refused() -> None:
    with pytest.raises(FocusError, match="does not fit"):
        carried_on(np.ones((4, 5)), cosines_of(random_features()))
