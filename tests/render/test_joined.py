"""Two pictures side by side, joined by lines."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.errors import FocusError
from attnviz.render.joined import joined
from attnviz.render.palette import object_colour
from attnviz.types import Pixels


def grey(height: int, width: int, value: int = 128) -> Pixels:
    return np.full((height, width, 3), value, np.uint8)


def test_without_pairs_the_pictures_are_as_they_are() -> None:
    first, second = grey(100, 80, 40), grey(100, 60, 200)
    shown = joined(first, second, [])
    assert shown.shape == (100, 80 + 2 + 60, 3)
    np.testing.assert_array_equal(shown[:, :80], first)
    np.testing.assert_array_equal(shown[:, 82:], second)
    assert (shown[:, 80:82] == 255).all()


def test_the_lower_picture_is_enlarged_to_the_height_of_the_other() -> None:
    shown = joined(grey(50, 40, 40), grey(100, 60, 200), [])
    assert shown.shape == (100, 80 + 2 + 60, 3)
    assert (shown[:, :80] == 40).all()


# Points at a half of 80 x 100, and at a quarter and a half of 60 x 100 behind 80 + 2 columns.
def test_a_line_runs_between_the_points() -> None:
    shown = joined(grey(100, 80), grey(100, 60), [((0.5, 0.5), (0.25, 0.5))])
    for column in (60, 81, 90):  # between the rings at 40 and 82 + 15
        assert tuple(shown[50, column]) == object_colour(0)
    untouched = shown[:, :82].copy()
    assert (untouched[:30, :80] == 128).all()
    assert (shown[70:, 82:] == 128).all()


def test_points_at_the_edge_are_inside() -> None:
    shown = joined(grey(100, 80), grey(100, 60), [((0.0, 0.0), (1.0, 1.0))])
    assert (shown != 128)[:8, :8].any()
    assert (shown != 128)[-8:, -8:].any()


def test_the_first_pair_lies_on_top() -> None:
    same = ((0.5, 0.5), (0.5, 0.5))
    shown = joined(grey(100, 80), grey(100, 60), [same, same, same])
    assert tuple(shown[50, 70]) == object_colour(0)


def test_points_outside_are_refused() -> None:
    with pytest.raises(FocusError, match="outside"):
        joined(grey(20, 20), grey(20, 20), [((0.5, 1.5), (0.5, 0.5))])
