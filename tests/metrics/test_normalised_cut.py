"""Objects as groups of patches: planted, mirrored, moved, and on cases worked by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.linalg import eig

from attnviz.errors import FocusError
from attnviz.metrics.normalised_cut import CutSettings, cut_objects
from attnviz.types import AnyArray, BoolArray, DoubleArray

TWO = CutSettings(count=2)


def planted(mask: BoolArray, seed: int = 0, noise: float = 0.1) -> DoubleArray:
    """Features [h, w, 8] of two groups of patches: along one axis outside, another inside."""
    random = np.random.default_rng(seed)
    features = noise * random.standard_normal((*mask.shape, 8))
    features[..., 0] += 1 - mask
    features[..., 1] += mask
    return features


def rectangle(top: int, left: int, height: int, width: int) -> BoolArray:
    mask = np.zeros((9, 12), bool)
    mask[top : top + height, left : left + width] = True
    return mask


@pytest.mark.parametrize("threshold", [None, 0.3, 0.6])
@pytest.mark.parametrize("seed", range(3))
def test_a_planted_object_is_found_exactly(seed: int, threshold: float | None) -> None:
    mask = rectangle(2, 3, 4, 5)
    found = cut_objects(planted(mask, seed), settings=CutSettings(threshold=threshold))
    assert len(found) == 1
    np.testing.assert_array_equal(found[0], mask)


def turned(planes: AnyArray) -> AnyArray:
    """Rows and columns exchanged."""
    return planes.swapaxes(0, 1)


@pytest.mark.parametrize("flip", [np.fliplr, np.flipud, turned])
def test_a_mirrored_picture_has_the_mirrored_object(flip: Callable[[AnyArray], AnyArray]) -> None:
    features = planted(rectangle(1, 7, 5, 4), noise=0.4)
    (straight,), (mirrored,) = cut_objects(features), cut_objects(flip(features).copy())
    assert 0 < straight.sum() < straight.size
    np.testing.assert_array_equal(mirrored, flip(straight))


def test_a_moved_object_is_found_where_it_went() -> None:
    features = planted(rectangle(1, 2, 4, 4), noise=0.3)
    (here,) = cut_objects(features)
    (there,) = cut_objects(np.roll(features, (3, 5), (0, 1)))
    np.testing.assert_array_equal(there, np.roll(here, (3, 5), (0, 1)))


def test_the_length_of_features_does_not_matter() -> None:
    features = planted(rectangle(2, 3, 4, 5), noise=0.4)
    lengths = np.random.default_rng(1).uniform(0.1, 9, (9, 12, 1))
    np.testing.assert_array_equal(cut_objects(features), cut_objects(features * lengths))


# Patches a, b, c, d in a row; a and b are alike, c and d are, and b and c a bit (cosine 0.5).
# At a threshold of 0.4: W = [[1,1,0,0],[1,1,1,0],[0,1,1,1],[0,0,1,1]], D = (2, 3, 3, 2), and the
# cut is in the middle. By the mirror the two halves are equal; attention chooses the right one.
def test_four_patches_by_hand() -> None:
    angles = np.radians([0, 45, 105, 150])
    features = np.stack([np.cos(angles), np.sin(angles)], -1)[None]
    attention = np.asarray([[1.0, 0.0, 2.0, 3.0]])
    (found,) = cut_objects(features, attention, CutSettings(threshold=0.4))
    assert found.tolist() == [[False, False, True, True]]
    (other,) = cut_objects(features, attention[:, ::-1], CutSettings(threshold=0.4))
    assert other.tolist() == [[True, True, False, False]]


def test_the_cut_is_the_generalised_eigenproblem_of_the_paper() -> None:
    """Solved here as it is written there, by a general solver."""
    features = planted(rectangle(2, 3, 4, 5), seed=4, noise=0.5)
    flat = features.reshape(-1, 8)
    units = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    weights = np.where(units @ units.T > 0.2, 1.0, 1e-5)
    degrees = np.diag(weights.sum(1))
    values, vectors = eig(degrees - weights, degrees)
    second = vectors[:, np.argsort(values.real)[1]].real
    strongest = np.abs(second).argmax()
    above = second > second.mean()
    side = (above == above[strongest]).reshape(9, 12)
    (found,) = cut_objects(features, settings=CutSettings(threshold=0.2))
    assert found.ravel()[strongest]
    assert not (found & ~side).any()  # one region of that side


def test_attention_chooses_the_side_and_the_region() -> None:
    left, right = rectangle(1, 1, 3, 3), rectangle(4, 8, 4, 3)
    attention = np.full((9, 12), 0.1)
    attention[left | right] = 1.0
    attention[2, 2] = 9.0
    features = planted(left | right)
    (found,) = cut_objects(features, attention)
    np.testing.assert_array_equal(found, left)
    attention[6, 9] = 99.0
    (found,) = cut_objects(features, attention)
    np.testing.assert_array_equal(found, right)
    (surround,) = cut_objects(features, np.where(left | right, 0.0, 1.0))
    np.testing.assert_array_equal(surround, ~(left | right))


def test_several_objects_of_different_kinds() -> None:
    first, second = rectangle(1, 1, 3, 4), rectangle(5, 7, 3, 3)
    features = planted(first)
    features[second] = 0.1 * np.random.default_rng(2).standard_normal((9, 8)) + np.eye(8)[2]
    attention = np.where(first, 3.0, np.where(second, 2.0, 0.1))
    found = cut_objects(features, attention, TWO)
    assert len(found) == 2
    assert not (found[0] & found[1]).any()
    both = {one.tobytes() for one in found}
    assert both == {first.tobytes(), second.tobytes()}


def test_nothing_to_find_where_all_patches_are_alike() -> None:
    assert cut_objects(np.ones((4, 5, 3)), settings=TWO) == []
    assert cut_objects(np.zeros((4, 5, 3)), settings=TWO) == []
    assert cut_objects(np.ones((1, 1, 3)), settings=TWO) == []


def test_specks_are_no_objects() -> None:
    """One patch of 108 that is unlike all others; what comes after it is one."""
    speck, thing = rectangle(0, 0, 1, 1), rectangle(3, 4, 4, 5)
    features = planted(thing)
    features[speck] = np.eye(8)[5]
    attention = np.where(speck, 90.0, np.where(thing, 5.0, 0.1))
    found = cut_objects(features, attention, CutSettings(count=3))
    assert all(one.sum() > 1 for one in found)
    assert any((one == thing).all() for one in found)


def test_attention_on_another_grid_is_refused() -> None:
    with pytest.raises(FocusError, match="does not fit"):
        cut_objects(planted(rectangle(1, 1, 3, 3)), np.ones((9, 11)))
