from __future__ import annotations

import numpy as np
import pytest

from attnviz.errors import FocusError
from attnviz.pictures.bicubic import cubic_matrix
from attnviz.pictures.geometry import (
    Fit,
    PictureGeometry,
    checked_map,
    fit_picture,
    resample,
)

RANDOM = np.random.default_rng(3)


def _whole(height: int, width: int, size: tuple[int, int] = (224, 224)) -> PictureGeometry:
    return PictureGeometry((height, width), (0.0, 0.0, float(height), float(width)), size)


def test_a_map_at_the_pictures_size_stays_as_it_is() -> None:
    values = RANDOM.random((17, 23)).astype(np.float32)
    assert _whole(17, 23).spread(values) == pytest.approx(values, abs=1e-5)


@pytest.mark.parametrize("shape", [(40, 60), (1, 1), (20000, 3), (3, 5000)])
@pytest.mark.parametrize("grid", [(1, 1), (7, 7), (14, 9)])
def test_a_constant_map_stays_constant(shape: tuple[int, int], grid: tuple[int, int]) -> None:
    spread = _whole(*shape).spread(np.full(grid, 0.37))
    assert spread.shape == shape
    assert spread.dtype == np.float32
    assert np.abs(spread - 0.37).max() < 1e-6


def test_a_slope_stays_a_slope() -> None:
    """Keys' cubic reproduces straight lines: pixel x shows (x + 0.5) / 4 - 0.5 of columns 0..9."""
    grid = np.tile(np.arange(10.0), (3, 1))
    spread = _whole(12, 40).spread(grid)
    inner = np.arange(8, 32)
    assert spread[6, inner] == pytest.approx((inner + 0.5) / 4 - 0.5, abs=1e-4)


@pytest.mark.parametrize(
    ("fit", "resize"), [(Fit.SQUASH, None), (Fit.WHOLE, None), (Fit.CROP, 256), (Fit.CROP, None)]
)
@pytest.mark.parametrize("size", [(300, 500), (500, 300), (400, 400), (37, 91)])
def test_an_impulse_lands_where_its_cell_lies(
    fit: Fit, resize: int | None, size: tuple[int, int]
) -> None:
    geometry = fit_picture(size, 224, fit, resize=resize)
    rows, columns = 8, 10
    grid = np.zeros((rows, columns), dtype=np.float32)
    grid[2, 7] = 1
    spread = geometry.spread(grid)
    height, width = geometry.input_size
    y, x = geometry.to_picture(2.5 * height / rows, 7.5 * width / columns)
    mass = spread / spread.sum()
    ys, xs = np.mgrid[: size[0], : size[1]] + 0.5
    assert ((mass * ys).sum(), (mass * xs).sum()) == pytest.approx((y, x), abs=0.25)


@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("size", [(300, 500), (20000, 3), (1, 1), (333, 222)])
def test_points_come_back(fit: Fit, size: tuple[int, int]) -> None:
    geometry = fit_picture(size, 224, fit, resize=256, multiple=16)
    for point in ((0.0, 0.0), (size[0], size[1]), (size[0] / 3, size[1] / 5)):
        assert geometry.to_picture(*geometry.to_input(*point)) == pytest.approx(point, abs=1e-6)


def test_corners_of_the_input_are_corners_of_the_box() -> None:
    geometry = fit_picture((300, 500), 224, Fit.CROP, resize=256)
    kept = 300 * 224 / 256
    assert geometry.box == pytest.approx(
        (150 - kept / 2, 250 - kept / 2, 150 + kept / 2, 250 + kept / 2)
    )
    assert geometry.to_picture(0, 0) == pytest.approx(geometry.box[:2])
    assert geometry.to_picture(224, 224) == pytest.approx(geometry.box[2:])


def test_what_a_crop_leaves_out_is_filled() -> None:
    geometry = fit_picture((100, 200), 50, Fit.CROP)
    grid = 1 + RANDOM.random((5, 5))
    filled = geometry.spread(grid, outside=-1.0)
    seen = np.zeros((100, 200), dtype=bool)
    seen[:, 50:150] = True
    assert np.array_equal(filled == -1.0, ~seen)
    assert geometry.spread(grid)[:, :50] == pytest.approx(grid.min())
    assert filled[seen].min() >= grid.min() - 1e-6


def test_bicubic_overshoot_is_clipped() -> None:
    grid = (RANDOM.random((6, 6)) > 0.5).astype(np.float32)
    spread = _whole(90, 90).spread(grid)
    assert spread.min() == 0
    assert spread.max() == 1


def test_one_wild_row_does_not_reach_further_than_two_cells() -> None:
    grid = np.zeros((10, 4))
    grid[3] = 1
    spread = _whole(100, 40).spread(grid)
    assert (spread[:15] == 0).all()
    assert (spread[56:] == 0).all()
    assert spread[35, 20] > 0.9


def test_rows_of_thecubic_matrix_sum_to_one() -> None:
    positions = np.linspace(-1, 9, 77, dtype=np.float32)
    matrix = cubic_matrix(positions, 8)
    assert matrix.sum(axis=1) == pytest.approx(1.0, abs=1e-6)
    # Half-way between two samples Keys' cubic weighs (-1, 9, 9, -1) / 16.
    half = cubic_matrix(np.array([3.5], dtype=np.float32), 8)[0]
    assert half.tolist() == pytest.approx([0, 0, -1 / 16, 9 / 16, 9 / 16, -1 / 16, 0, 0])


@pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((0, 2)), [[np.nan]], [[np.inf]], [[[1.0]]]])
def test_what_is_no_map_is_refused(bad: object) -> None:
    with pytest.raises(FocusError):
        checked_map(bad)


@pytest.mark.parametrize(
    ("size", "want"),
    [((300, 600), (224, 448)), ((600, 300), (448, 224)), ((224, 224), (224, 224))],
)
def test_whole_keeps_the_aspect_ratio(size: tuple[int, int], want: tuple[int, int]) -> None:
    assert fit_picture(size, 224, Fit.WHOLE, multiple=16).input_size == want


def test_a_panorama_cannot_ask_for_all_the_memory() -> None:
    assert fit_picture((3, 20000), 224, Fit.WHOLE, multiple=16).input_size == (224, 896)


def test_a_crop_never_reaches_beyond_the_picture() -> None:
    geometry = fit_picture((120, 160), 256, Fit.CROP, resize=224)
    assert geometry.box == (0.0, 20.0, 120.0, 140.0)
    pixels = np.zeros((120, 160, 3), dtype=np.uint8)
    pixels[:, 20:140] = 200
    assert (resample(pixels, geometry) == 200).all()


@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("size", [(300, 500), (100, 50), (1, 1), (3, 2000), (2000, 3)])
def test_a_constant_picture_stays_constant_for_the_network(fit: Fit, size: tuple[int, int]) -> None:
    pixels = np.full((*size, 3), (9, 100, 250), dtype=np.uint8)
    geometry = fit_picture(size, 64, fit, resize=72)
    shown = resample(pixels, geometry)
    assert shown.shape == (*geometry.input_size, 3)
    assert (shown == (9, 100, 250)).all()


def test_shrinking_averages_each_side_for_itself() -> None:
    """Stripes of one pixel become even grey, also where the other side has to be enlarged."""
    pixels = np.zeros((8, 640, 3), dtype=np.uint8)
    pixels[:, ::2] = 200
    squashed = resample(pixels, fit_picture((8, 640), 64, Fit.SQUASH))
    assert np.abs(squashed.astype(int) - 100).max() <= 1


def test_the_networks_view_is_the_box() -> None:
    pixels = np.zeros((60, 100, 3), dtype=np.uint8)
    pixels[:, 20:80] = 255
    seen = resample(pixels, fit_picture((60, 100), 30, Fit.CROP))
    assert (seen == 255).all()
    seen[:] = 0
    assert pixels.max() == 255


def test_a_smaller_copy_has_the_same_geometry_at_its_own_scale() -> None:
    cut = fit_picture((300, 400), 224, Fit.CROP, resize=256)
    small = cut.resized((75, 100))
    assert small.picture_size == (75, 100)
    assert small.box == tuple(edge / 4 for edge in cut.box)
    y, x = cut.to_picture(10, 20)
    assert small.to_picture(10, 20) == (y / 4, x / 4)


def test_a_reduced_copy_has_the_longer_side_that_is_asked_for_and_is_never_enlarged() -> None:
    cut = fit_picture((300, 400), 224, Fit.CROP, resize=256)
    assert cut.reduced(100) == cut.resized((75, 100))
    assert cut.reduced(500) == cut
    assert fit_picture((2, 4000), 224, Fit.SQUASH).reduced(100).picture_size == (1, 100)


def test_the_scale_is_that_of_the_diagonals() -> None:
    assert fit_picture((300, 400), 30, Fit.CROP).scale == pytest.approx(10)
    assert fit_picture((90, 120), 30, Fit.SQUASH).scale == pytest.approx(150 / 30 / 2**0.5)
