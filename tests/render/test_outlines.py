"""Outlines of regions, and the colours that tell them apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from attnviz.errors import FocusError
from attnviz.render.outlines import outlined
from attnviz.render.palette import OBJECT_COLOURS, css_colour, ink_on, luminance, object_colour

# What people without red, without green, and without blue cones see of linear light
# (Machado, Oliveira & Fernandes 2009, severity 1).
BLINDNESS = {
    "red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998]],
    "green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
              [-0.011820, 0.042940, 0.968881]],
}  # fmt: skip


def square(size: int, start: int, stop: int) -> np.ndarray:
    region = np.zeros((size, size), bool)
    region[start:stop, start:stop] = True
    return region


def test_the_line_runs_along_the_edge_and_nowhere_else() -> None:
    photo = np.full((100, 100, 3), 90, np.uint8)
    shown = outlined(photo, [square(100, 30, 70)], [(230, 159, 0)])
    assert tuple(shown[30, 50]) == (230, 159, 0)
    assert tuple(shown[50, 69]) == (230, 159, 0)
    for row, column in ((50, 50), (10, 10), (50, 20), (50, 80), (36, 50)):
        assert tuple(shown[row, column]) == (90, 90, 90)
    assert (shown[27:30, 50].max(1) < 90).any(), "the casing is darker than the photo"
    assert (photo == 90).all()


def test_later_regions_lie_on_top_and_empty_ones_draw_nothing() -> None:
    photo = np.full((60, 60, 3), 200, np.uint8)
    region = square(60, 20, 40)
    shown = outlined(photo, [region, region], [(1, 2, 3), (0, 114, 178)])
    assert tuple(shown[20, 30]) == (0, 114, 178)
    np.testing.assert_array_equal(outlined(photo, [square(60, 0, 0)], [(1, 2, 3)]), photo)


def test_a_region_that_fills_the_picture_is_outlined_at_its_border() -> None:
    photo = np.full((50, 50, 3), 200, np.uint8)
    shown = outlined(photo, [square(50, 0, 50)], [(0, 158, 115)])
    assert tuple(shown[0, 25]) == (0, 158, 115)
    assert tuple(shown[25, 25]) == (200, 200, 200)


def test_what_does_not_fit_is_refused() -> None:
    photo = np.zeros((50, 50, 3), np.uint8)
    with pytest.raises(FocusError, match="as many colours"):
        outlined(photo, [square(50, 0, 5)], [])
    with pytest.raises(FocusError, match="does not fit"):
        outlined(photo, [square(40, 0, 5)], [(0, 0, 0)])


@pytest.mark.parametrize("cones", [None, *BLINDNESS])
def test_the_colours_can_be_told_apart(cones: str | None) -> None:
    """Distances in linear light, after what the missing cones leave of them."""
    light = (np.asarray(OBJECT_COLOURS) / 255) ** 2.2
    if cones is not None:
        light = np.clip(light @ np.asarray(BLINDNESS[cones]).T, 0, 1)
    shown = light ** (1 / 2.2)
    for one, other in combinations(range(6), 2):  # as many objects as are shown at once
        assert np.linalg.norm(shown[one] - shown[other]) > 0.15, (one, other)


def test_a_label_has_contrast_to_its_colour() -> None:
    assert luminance((255, 255, 255)) == pytest.approx(1)
    assert luminance((0, 0, 0)) == 0
    assert luminance((255, 0, 0)) == pytest.approx(0.2126)
    for colour in OBJECT_COLOURS:
        bright, ink = luminance(colour) + 0.05, luminance(ink_on(colour)) + 0.05
        assert max(bright, ink) / min(bright, ink) >= 4.5, colour


def test_colours_as_css_and_around() -> None:
    assert css_colour((0, 158, 115)) == "#009e73"
    assert object_colour(0) == object_colour(len(OBJECT_COLOURS)) == (230, 159, 0)
