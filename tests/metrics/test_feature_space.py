"""Cosines and principal components against values by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from attnviz.errors import FocusError
from attnviz.metrics.feature_space import (
    cosine_similarity,
    principal_basis,
    principal_colours,
    unit_vectors,
)


def cloud(count: int, length: int, seed: int = 0) -> np.ndarray:
    """Features whose axes have different variances, far from the origin."""
    random = np.random.default_rng(seed)
    spread = np.linspace(3, 0.5, min(count, length))
    turn, _ = np.linalg.qr(random.normal(size=(length, length)))
    return (random.normal(size=(count, len(spread))) * spread) @ turn[: len(spread)] + 7


def test_cosines_by_hand() -> None:
    values = np.array([[[2.0, 0.0], [0.0, 5.0]], [[-1.0, 0.0], [3.0, 3.0]]])
    expected = [[1, 0], [-1, np.sqrt(0.5)]]
    np.testing.assert_allclose(cosine_similarity(np.array([4.0, 0.0]), values), expected, atol=1e-7)


def test_a_feature_of_zeros_is_like_nothing() -> None:
    values = np.array([[0.0, 0.0], [1.0, 0.0]])
    assert cosine_similarity(values[0], values).tolist() == [0, 0]
    assert cosine_similarity(values[1], values).tolist() == [0, 1]
    assert unit_vectors(values).tolist() == values.tolist()


def test_long_features_do_not_overflow() -> None:
    huge = np.full((2, 3), 1e30, np.float32)
    assert cosine_similarity(huge[0], huge).tolist() == [1, 1]


def test_features_of_other_lengths_are_refused() -> None:
    with pytest.raises(FocusError, match=r"feature of 3 numbers .* features of 2"):
        cosine_similarity(np.ones(3), np.ones((4, 2)))


def test_components_by_hand() -> None:
    """A cross: along x it is 4 wide, along y 1; both arms are at right angles."""
    points = np.array([[14.0, 5.0], [6.0, 5.0], [10.0, 6.0], [10.0, 4.0]])
    basis = principal_basis(points, 2)
    assert basis.mean.tolist() == [10, 5]
    np.testing.assert_allclose(basis.axes, [[1, 0], [0, 1]], atol=1e-12)
    np.testing.assert_allclose(basis.shares, [32 / 34, 2 / 34])
    expected = [[4, 0], [-4, 0], [0, 1], [0, -1]]
    np.testing.assert_allclose(basis.components(points), expected, atol=1e-6)


@pytest.mark.parametrize(("count", "length"), [(200, 24), (30, 80)])
def test_components_are_those_of_scikit_learn(count: int, length: int) -> None:
    points = cloud(count, length)
    basis, peer = principal_basis(points, 3), PCA(3, svd_solver="full").fit(points)
    signs = np.sign((basis.axes * peer.components_).sum(1))
    np.testing.assert_allclose(basis.axes, signs[:, None] * peer.components_, atol=1e-8)
    np.testing.assert_allclose(basis.components(points), signs * peer.transform(points), atol=1e-4)
    np.testing.assert_allclose(basis.shares, peer.explained_variance_ratio_)


@pytest.mark.parametrize(("count", "length"), [(200, 24), (30, 80)])
def test_signs_and_order_do_not_depend_on_the_order_of_patches(count: int, length: int) -> None:
    points = cloud(count, length)
    axes = principal_basis(points, 3).axes
    np.testing.assert_allclose(principal_basis(points[::-1], 3).axes, axes, atol=1e-8)
    strongest = np.abs(axes).argmax(1)
    assert (axes[np.arange(3), strongest] > 0).all()


def test_features_on_a_line_have_one_component() -> None:
    points = np.outer(np.arange(5.0), [0.0, 3.0, 4.0])
    basis = principal_basis(points, 3)
    np.testing.assert_allclose(basis.shares, [1, 0, 0])
    np.testing.assert_allclose(basis.axes[0], [0, 0.6, 0.8])
    assert not basis.axes[1:].any()
    np.testing.assert_allclose(basis.components(points)[:, 0], [-10, -5, 0, 5, 10])


def test_equal_features_have_no_component() -> None:
    basis = principal_basis(np.ones((6, 4)), 3)
    assert not basis.axes.any()
    assert basis.shares.tolist() == [0, 0, 0]


@pytest.mark.parametrize("points", [np.ones((0, 3)), np.ones(3), np.array([[1.0, np.nan]])])
def test_what_has_no_components_is_refused(points: np.ndarray) -> None:
    with pytest.raises(FocusError, match="finite features"):
        principal_basis(points)
    with pytest.raises(FocusError, match="no 0 principal components"):
        principal_basis(np.ones((2, 2)), 0)


def test_colours_share_one_scale() -> None:
    """Of the values 0..100 the 1st and 99th percentile are 1 and 99."""
    ramp = np.repeat(np.arange(101.0, dtype=np.float32)[None, :, None], 3, 2)
    ramp[..., 2] = 5
    (alone,) = principal_colours(ramp)
    assert alone[0, [0, 1, 50, 99, 100], 0].tolist() == [0, 0, 128, 255, 255]
    assert (alone[..., 2] == 128).all()
    first, second = principal_colours(ramp, ramp[:, :51])
    assert (second == first[:, :51]).all()
    assert second[0, -1, 0] > alone[0, 50, 0]
