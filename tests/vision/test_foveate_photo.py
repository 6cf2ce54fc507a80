"""Foveation of a picture by points as shares of its sides."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz
from attnviz.errors import VisionError
from attnviz.vision.foveation import foveate
from attnviz.vision.retina import Retina, ViewingGeometry

PIXELS = np.random.default_rng(0).integers(0, 256, (120, 200, 3)).astype(np.uint8)


def test_a_point_of_the_picture_is_the_same_in_pixels() -> None:
    shown = attnviz.foveate(
        attnviz.open_picture(PIXELS), (0.25, 0.5), pixels_per_degree=10, coarser=2
    )
    expected = foveate(PIXELS, [(60.0, 50.0)], ViewingGeometry(10.0), Retina(coarser=2))
    np.testing.assert_array_equal(shown, expected)
    two = attnviz.foveate(PIXELS, [(0.25, 0.5), (1, 0)], pixels_per_degree=10)
    same = foveate(PIXELS, [(60.0, 50.0), (0.0, 200.0)], ViewingGeometry(10.0), Retina())
    np.testing.assert_array_equal(two, same)


@pytest.mark.parametrize("points", [[], 0.5, "middle", [(1, 2, 3)], [(0.1, 0.2), (0.3,)]])
def test_what_is_no_point_is_refused(points: object) -> None:
    with pytest.raises(VisionError, match="fixation"):
        attnviz.foveate(PIXELS, points)
