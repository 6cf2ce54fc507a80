from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from attnviz.errors import FocusError
from attnviz.pictures.geometry import Fit, fit_picture
from attnviz.render.object_matte import object_matte, object_mattes

SIZE = (240, 320)


def scene(centre: tuple[int, int] = (118, 131), radius: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """A red disc on a textured green ground, uint8 [240, 320, 3], and its mask."""
    random = np.random.default_rng(4)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    mask = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2
    ground = random.normal((50, 120, 60), 18, (*SIZE, 3))
    ground += 25 * np.sin(x / 9 + y / 14)[..., None]
    ground[mask] = random.normal((190, 45, 40), 14, (int(mask.sum()), 3))
    return ground.clip(0, 255).astype(np.uint8), mask


def attention(mask: np.ndarray, cells: int = 7) -> np.ndarray:
    """What a coarse map of the mask is at the picture's size, between 0 and 1."""
    grid = cv2.resize(mask.astype(np.float32), (cells, cells), interpolation=cv2.INTER_AREA)
    grid = cv2.GaussianBlur(grid, (0, 0), 0.8)
    field = fit_picture(mask.shape, 64, Fit.SQUASH).spread(grid / grid.max())
    return np.clip(field, 0, 1)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union."""
    return float((one & other).sum() / (one | other).sum())


def test_a_coarse_field_becomes_the_disc() -> None:
    pixels, mask = scene()
    field = attention(mask)
    best = max(overlap(field > share, mask) for share in (0.25, 0.5))
    assert best < 0.75
    matte = object_matte(pixels, field)
    assert matte.dtype == np.float32
    assert matte.shape == SIZE
    assert matte.min() >= 0
    assert matte.max() <= 1
    assert overlap(matte > 0.5, mask) > 0.95
    # Sure inside and outside, and soft only in a band of a few pixels along the outline.
    assert np.mean((matte > 0.02) & (matte < 0.98)) < 0.05


def test_a_large_picture_is_cut_at_its_own_pixels() -> None:
    pixels, mask = scene(radius=52)
    large = cv2.resize(pixels, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    whole = cv2.resize(mask.astype(np.float32), None, fx=4, fy=4) > 0.5
    matte = object_matte(large, attention(whole))
    assert overlap(matte > 0.5, whole) > 0.97


def test_the_matte_moves_with_the_picture() -> None:
    pixels, mask = scene()
    field = attention(mask)
    step = (8, 24)
    moved = [np.roll(one, step, axis=(0, 1)) for one in (pixels, field)]
    back = np.roll(object_matte(*moved), (-8, -24), axis=(0, 1))
    part = np.s_[20:-20, 40:-40]
    assert np.abs(back[part] - object_matte(pixels, field)[part]).mean() < 0.01


def test_how_the_field_is_scaled_does_not_matter() -> None:
    pixels, mask = scene()
    field = attention(mask)
    weak = object_matte(pixels, 0.2 + 0.1 * field)
    assert np.abs(weak - object_matte(pixels, field)).mean() < 1e-3


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_a_field_without_differences_points_at_nothing(level: float) -> None:
    assert not object_matte(scene()[0], np.full(SIZE, level)).any()


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 2), (3, 20000), (20000, 3), (9, 9), (8, 300)])
def test_pictures_of_any_shape_give_a_matte(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (*size, 3), np.uint8)
    field = np.linspace(0, 1, size[0] * size[1], dtype=np.float32).reshape(size)
    matte = object_matte(pixels, field)
    assert matte.shape == size
    assert np.isfinite(matte).all()
    assert 0 <= matte.min() <= matte.max() <= 1


def test_in_a_picture_of_one_colour_the_field_decides() -> None:
    grey = np.full((*SIZE, 3), 90, np.uint8)
    field = attention(scene()[1])
    matte = object_matte(grey, field)
    assert np.abs(matte - field).mean() < 0.05


@pytest.mark.parametrize("share", [0.0005, 0.9995])
def test_next_to_no_object_and_next_to_no_surround(share: float) -> None:
    pixels = scene()[0]
    field = (np.arange(pixels[..., 0].size).reshape(SIZE) < share * pixels[..., 0].size) * 1.0
    matte = object_matte(pixels, field)
    assert np.isfinite(matte).all()
    assert 0 <= matte.min() <= matte.max() <= 1


def test_where_nothing_can_be_cut_the_fitted_field_is_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pixels, mask = scene()
    field = attention(mask)

    def all_ground(_: object, labels: np.ndarray, *__: object) -> None:
        labels[:] = cv2.GC_PR_BGD

    monkeypatch.setattr(cv2, "grabCut", all_ground)
    matte = object_matte(pixels, field)
    assert np.abs(matte - field).mean() < 0.15
    assert matte[mask].mean() > matte[~mask].mean() + 0.3


def test_the_same_input_gives_the_same_bits_from_any_thread() -> None:
    pixels, mask = scene()
    fields = [attention(mask), attention(mask, 14), attention(~mask)]
    first = object_mattes(pixels, fields)
    cv2.setRNGSeed(99)  # the caller's own random numbers change nothing
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: object_mattes(pixels, fields), range(2)))
    for again in [*runs, [object_matte(pixels, field) for field in fields]]:
        assert all((one == other).all() for one, other in zip(first, again, strict=True))


def test_the_callers_random_numbers_are_left_alone() -> None:
    pixels, mask = scene()
    cv2.setRNGSeed(5)
    expected = cv2.randu(np.zeros(4, np.float32), 0, 1)
    cv2.setRNGSeed(5)
    object_matte(pixels, attention(mask))
    assert (cv2.randu(np.zeros(4, np.float32), 0, 1) == expected).all()


def test_shapes_that_do_not_fit_are_refused() -> None:
    pixels = scene()[0]
    with pytest.raises(FocusError, match="does not fit"):
        object_matte(pixels, np.zeros((3, 3)))
    with pytest.raises(FocusError, match="uint8"):
        object_matte(pixels.astype(np.float32), np.zeros(SIZE))
    with pytest.raises(FocusError, match="NaN"):
        object_matte(pixels, np.full(SIZE, np.nan))
    assert object_mattes(pixels, []) == []
