"""Two maps on a common grid, and where they differ; by hand."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.errors import FocusError
from attnviz.metrics.map_difference import difference, on_common_grid
from attnviz.metrics.map_similarity import normalised_ranks, top_iou
from attnviz.pictures.geometry import PictureGeometry

WHOLE = PictureGeometry((40, 40), (0, 0, 40, 40), (8, 8))


def seen(top: float, left: float, bottom: float, right: float) -> PictureGeometry:
    return PictureGeometry((40, 40), (top, left, bottom, right), (8, 8))


def test_shares_of_ranks_are_those_of_the_order_with_ties_in_the_middle() -> None:
    values = np.array([[3.0, 100.0], [3.0, -1.0]])
    np.testing.assert_allclose(normalised_ranks(values), [[0.5, 1.0], [0.5, 0.0]])
    np.testing.assert_allclose(normalised_ranks(np.full((2, 3), 7.0)), np.full((2, 3), 0.5))
    assert normalised_ranks(np.array([[4.0]])) == 0.5


def test_intersection_over_union_follows_from_the_overlap() -> None:
    a = np.arange(10.0).reshape(2, 5)
    assert top_iou(a, a) == 1
    b = a.copy()
    b[1, 3], b[0, 0] = b[0, 0], b[1, 3]  # of the two highest one stays: 1 of 3
    assert top_iou(a, b) == pytest.approx(1 / 3)
    assert top_iou(a, -a) == 0


def test_maps_of_different_grids_that_say_the_same_agree() -> None:
    ramp = np.linspace(0, 1, 5, dtype=np.float32)[None].repeat(5, 0)
    finer = np.linspace(0, 40, 20, dtype=np.float32)[None].repeat(20, 0)
    found = difference(ramp, WHOLE, finer, WHOLE)
    assert found.spearman > 0.99
    assert found.iou > 0.9
    assert found.values.shape == (64, 64)
    assert np.abs(found.values).max() < 0.1


def test_opposite_maps_differ_most_at_the_ends_and_the_sign_names_the_first() -> None:
    ramp = np.linspace(0, 1, 8, dtype=np.float32)[None].repeat(8, 0)
    found = difference(ramp, WHOLE, ramp[:, ::-1], WHOLE)
    assert found.spearman == pytest.approx(-1, abs=0.01)
    assert found.iou == 0
    assert (found.values[:, -4:] > 0.8).all()
    assert (found.values[:, :4] < -0.8).all()
    np.testing.assert_allclose(found.values, -found.values[:, ::-1], atol=0.02)


def test_only_what_both_networks_saw_is_compared() -> None:
    left, right = seen(0, 0, 40, 30), seen(10, 10, 40, 40)
    grid = np.arange(64, dtype=np.float32).reshape(8, 8)
    one, other, box = on_common_grid(grid, left, grid, right, side=4)
    assert box == (0.25, 0.25, 1.0, 0.75)
    assert one.shape == other.shape == (3, 2)
    with pytest.raises(FocusError, match="no common part"):
        on_common_grid(grid, seen(0, 0, 40, 10), grid, seen(0, 20, 40, 40), side=4)


def test_a_cell_of_the_common_grid_is_the_mean_of_what_lies_in_it() -> None:
    checks = np.indices((64, 64)).sum(0).astype(np.float32) % 2
    one, _, _ = on_common_grid(checks, WHOLE, checks, WHOLE, side=4)
    np.testing.assert_allclose(one, np.full((4, 4), 0.5), atol=0.2)


def test_an_oblong_picture_keeps_its_shape_and_negative_values_count_as_none() -> None:
    wide = PictureGeometry((20, 80), (0, 0, 20, 80), (8, 8))
    signs = np.array([[-5.0, -1.0], [0.0, 2.0]], np.float32)
    one, _, box = on_common_grid(signs, wide, signs, wide)
    assert one.shape == (16, 64)
    assert box == (0, 0, 1, 1)
    assert one.min() == 0
    assert one[0].max() < 0.02 < 1.9 < one[-1, -1]


def test_a_uniform_map_has_no_order() -> None:
    ramp = np.linspace(0, 1, 8, dtype=np.float32)[None].repeat(8, 0)
    with pytest.raises(FocusError, match="same value everywhere"):
        difference(ramp, WHOLE, np.full((3, 3), 0.1, np.float32), WHOLE)
    with pytest.raises(FocusError, match="NaN"):
        difference(ramp, WHOLE, np.full((3, 3), np.nan, np.float32), WHOLE)
