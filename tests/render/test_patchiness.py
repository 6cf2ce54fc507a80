"""Into how many patches a focus falls, on regions whose outline is known."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.render.patchiness import is_patchy, patchiness

SIDE = 400


def discs(*places: tuple[float, float, float], shape: tuple[int, int] = (SIDE, SIDE)) -> np.ndarray:
    """1 inside discs (x, y, radius) in px, 0 elsewhere."""
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    inside = [(x - left) ** 2 + (y - top) ** 2 < radius**2 for left, top, radius in places]
    return np.any(inside, axis=0).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_equal_discs_count_one_each(count: int) -> None:
    corners = [(100, 100, 60), (300, 300, 60), (100, 300, 60), (300, 100, 60)]
    ratio = patchiness(discs(*corners[:count]))
    assert ratio == pytest.approx(count, rel=0.08)
    assert is_patchy(discs(*corners[:count])) == (count > 2)


def test_specks_beside_a_disc_hardly_count_and_many_small_ones_do() -> None:
    disc = (200, 200, 130)
    speck = [(20, 20, 8), (380, 380, 8)]
    # L = 2 pi (130 + 2 x 8), A = pi (130² + 2 x 8²).
    assert patchiness(discs(disc, *speck)) == pytest.approx(146**2 / 17028, rel=0.1)
    grid = [(x, y, 20) for x in range(50, 400, 100) for y in range(50, 400, 100)]
    assert patchiness(discs(*grid)) == pytest.approx(16, rel=0.1)


def test_a_ragged_region_is_patchy_though_it_hangs_together() -> None:
    comb = np.zeros((SIDE, SIDE), np.float32)
    comb[40:80, 40:360] = 1
    for left in range(40, 360, 80):
        comb[80:360, left : left + 30] = 1
    assert is_patchy(comb)
    bar = np.zeros((SIDE, SIDE), np.float32)
    bar[150:250, 50:350] = 1
    assert patchiness(bar) == pytest.approx((np.pi / 4 * 800) ** 2 / (4 * np.pi * 30000), rel=0.02)
    assert not is_patchy(bar)


def test_the_pictures_edge_is_no_outline() -> None:
    assert patchiness(discs((0, 200, 100))) == pytest.approx(0.5, rel=0.08)
    assert patchiness(np.ones((30, 40))) == 0
    assert patchiness(np.zeros((30, 40))) == 0
    half = np.zeros((200, 100), np.float32)
    half[:100] = 1
    # One straight line of 50 px over 50 x 50 px of the reduced copy, times pi/4 for its direction.
    assert patchiness(half) == pytest.approx(np.pi / 64 * 64**2 / 64**2, rel=0.02)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (3, 2000), (64, 64), (1200, 1600)])
def test_it_is_the_same_for_every_size_and_turn(shape: tuple[int, int]) -> None:
    height, width = shape
    one = discs((width / 2, height / 2, min(shape) / 4), shape=shape)
    assert patchiness(one) == pytest.approx(patchiness(one.T), rel=0.02)
    if min(shape) >= 64:
        assert patchiness(one) == pytest.approx(1, rel=0.1)


def test_soft_edges_count_where_they_pass_a_half() -> None:
    y, x = np.mgrid[:SIDE, :SIDE]
    soft = np.exp(-((x - 200) ** 2 + (y - 200) ** 2) / (2 * 60**2))
    assert patchiness(soft) == pytest.approx(1, rel=0.08)
