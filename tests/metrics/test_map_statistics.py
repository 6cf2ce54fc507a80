"""Numbers of a map, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.metrics.map_statistics import MapStatistics, share_inside
from attnviz.pictures.geometry import PictureGeometry

WHOLE = PictureGeometry((64, 64), (0.0, 0.0, 64.0, 64.0), (64, 64))


def test_an_even_map() -> None:
    found = MapStatistics.of(np.ones((4, 4), np.float32), WHOLE)
    assert found.flat
    assert found.entropy == pytest.approx(1)
    assert (found.centre_y, found.centre_x) == pytest.approx((0.5, 0.5))
    assert found.spread == pytest.approx(np.sqrt(2 / 12), abs=1e-3)  # of two uniform variables
    assert found.focus_share == pytest.approx(0.5)


def test_one_cell_of_sixteen() -> None:
    values = np.zeros((4, 4), np.float32)
    values[1, 3] = 5
    found = MapStatistics.of(values, WHOLE)
    assert not found.flat
    assert found.entropy == 0
    assert (found.centre_y, found.centre_x) == pytest.approx((0.375, 0.86), abs=0.02)
    assert found.spread < 0.25


def test_two_cells_have_half_the_entropy_of_four() -> None:
    values = np.array([[1, 1], [0, -3]], np.float32)  # negative values count as 0
    assert MapStatistics.of(values, WHOLE).entropy == pytest.approx(0.5)


def test_the_centre_is_told_in_the_picture_and_not_in_the_crop() -> None:
    """The network saw the right half."""
    crop = PictureGeometry((64, 128), (0.0, 64.0, 64.0, 128.0), (64, 64))
    values = np.zeros((5, 5), np.float32)
    values[2, 2] = 1
    found = MapStatistics.of(values, crop)
    assert (found.centre_y, found.centre_x) == pytest.approx((0.5, 0.75), abs=0.01)


def test_the_share_inside_a_box() -> None:
    values = np.zeros((4, 4), np.float32)
    values[:, :2] = 1
    assert share_inside(values, WHOLE, (0.0, 0.0, 1.0, 1.0)) == pytest.approx(1)
    left, right = (share_inside(values, WHOLE, (x, 0.0, x + 0.5, 1.0)) for x in (0.0, 0.5))
    assert left + right == pytest.approx(1)
    assert left > 0.9
    even = np.ones((4, 4), np.float32)
    assert share_inside(even, WHOLE, (0.1, 0.0, 0.35, 1.0)) == pytest.approx(0.25)
