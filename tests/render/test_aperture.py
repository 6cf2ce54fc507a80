from __future__ import annotations

import math

import numpy as np
import pytest

from attnviz.errors import FocusError, UnknownNameError
from attnviz.render.aperture import Aperture, aperture_kernel, aperture_named

RADII = (0.0, 0.3, 1.0, 2.5, 7.3, 24.0)


@pytest.mark.parametrize("aperture", Aperture)
@pytest.mark.parametrize("radius", RADII)
def test_sum_is_one_and_nothing_is_negative(radius: float, aperture: Aperture) -> None:
    kernel = aperture_kernel(radius, aperture)
    assert kernel.sum(dtype=np.float64) == pytest.approx(1.0, abs=1e-6)
    assert kernel.min() >= 0
    assert np.allclose(kernel, kernel[::-1, ::-1], atol=1e-7)


@pytest.mark.parametrize("aperture", Aperture)
def test_all_shapes_have_the_area_of_the_disc(aperture: Aperture) -> None:
    # The middle pixel lies inside entirely, so its weight is 1 / area.
    middle = aperture_kernel(20.0, aperture).max()
    assert 1 / middle == pytest.approx(math.pi * 400, rel=0.005)


def test_disc_by_hand() -> None:
    # Radius 0.5 * sqrt(2) circumscribes a pixel; a little less leaves all weight in it but slivers.
    assert aperture_kernel(0.5).tolist() == [[1.0]]
    kernel = aperture_kernel(1.5)
    assert kernel.shape == (3, 3)
    assert kernel[1, 1] == pytest.approx(1 / (math.pi * 1.5**2), rel=0.03)
    assert kernel[0, 0] < kernel[0, 1] < kernel[1, 1] * 1.0001


@pytest.mark.parametrize(
    ("aperture", "moment"),
    [(Aperture.DISC, 0.5), (Aperture.HEXAGON, 0.50383), (Aperture.OCTAGON, 0.50113)],
)
def test_spread_is_that_of_the_shape(aperture: Aperture, moment: float) -> None:
    """Mean squared distance from the middle, in R^2, beside a pixel's own 1/6.

    An n-gon of the area pi has the squared circumradius c2 = 2 pi / (n sin(2 pi / n)) and the mean
    squared distance c2 / 6 * (1 + 2 cos(pi / n)^2).
    """
    kernel = aperture_kernel(20.0, aperture).astype(np.float64)
    half = kernel.shape[0] // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    assert (kernel * (y**2 + x**2)).sum() == pytest.approx(moment * 400 + 1 / 6, rel=0.0015)


def test_a_hexagon_points_right_and_is_flat_on_top() -> None:
    kernel = aperture_kernel(20.0, Aperture.HEXAGON)
    filled = kernel > kernel.max() / 2
    height, width = filled.any(axis=1).sum(), filled.any(axis=0).sum()
    assert width / height == pytest.approx(2 / math.sqrt(3), abs=0.03)


def test_kernels_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        aperture_kernel(3.0)[0, 0] = 1


@pytest.mark.parametrize("radius", [-1.0, math.nan, math.inf])
def test_impossible_radii_are_refused(radius: float) -> None:
    with pytest.raises(FocusError, match="radius"):
        aperture_kernel(radius)


def test_an_unknown_aperture_names_the_nearest() -> None:
    assert aperture_named("hexagon") is Aperture.HEXAGON
    with pytest.raises(UnknownNameError, match="octagon") as caught:
        aperture_named("octogon")
    assert caught.value.nearest[0] == "octagon"
