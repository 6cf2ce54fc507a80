"""The field around a chosen point, and what becomes sharp there."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attnviz.pictures import open_sample
from attnviz.pictures.geometry import Fit, PictureGeometry, fit_picture
from attnviz.render.focus import Edges, FocusSettings, focus_map
from attnviz.render.pointed import REACH, pointed_map


def test_it_is_a_gaussian_in_the_pictures_pixels() -> None:
    geometry = PictureGeometry((300, 400), (0, 0, 300, 400), (64, 64))
    values = pointed_map(geometry, 0.5, 0.25)
    assert values is not None
    rows, columns = values.shape
    for row, column in ((3, 10), (15, 31), (60, 5)):
        down = (row + 0.5) / rows * 300 - 75
        across = (column + 0.5) / columns * 400 - 200
        reach = REACH * 500
        expected = math.exp(-(down**2 + across**2) / (2 * reach**2))
        assert float(values[row, column]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("fit", [Fit.SQUASH, Fit.CROP])
def test_it_peaks_at_the_point_and_is_round_in_the_picture(fit: Fit) -> None:
    geometry = fit_picture((240, 400), 128, fit)
    values = pointed_map(geometry, 0.45, 0.6)
    assert values is not None
    shown = geometry.spread(values, outside=0.0)
    y, x = np.unravel_index(int(shown.argmax()), shown.shape)
    assert abs(y + 0.5 - 0.6 * 240) < 4
    assert abs(x + 0.5 - 0.45 * 400) < 4
    down, across = shown[144 + 20, 180], shown[144, 180 + 20]
    assert down == pytest.approx(across, abs=0.02)


def test_a_point_that_the_network_does_not_see_has_none() -> None:
    geometry = fit_picture((200, 600), 128, Fit.CROP)
    assert pointed_map(geometry, 0.02, 0.5) is None
    assert pointed_map(geometry, 0.5, 0.5) is not None


@pytest.mark.parametrize(("x", "y"), [(0.36, 0.3), (0.8, 0.9), (0.6, 0.1), (0.05, 0.5)])
def test_the_thing_at_the_point_is_sharp_and_far_away_is_not(x: float, y: float) -> None:
    picture = open_sample("china").reduced(320)
    height, width = picture.pixels.shape[:2]
    geometry = fit_picture((height, width), 128, Fit.SQUASH)
    values = pointed_map(geometry, x, y)
    assert values is not None
    settings = FocusSettings(edges=Edges.OBJECT)
    focus = focus_map(values, geometry, settings, pixels=picture.pixels).values
    assert focus[int(y * height), int(x * width)] > 0.5
    assert focus[int((1 - y) * (height - 1)), int((1 - x) * (width - 1))] < 0.5
    assert focus.mean() < 0.4
