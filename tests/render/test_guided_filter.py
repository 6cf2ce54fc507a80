from __future__ import annotations

import numpy as np
import pytest

from attnviz.errors import FocusError
from attnviz.render.guided_filter import guided_filter
from benchmarks.reference_bokeh import textured


def _naive(guide: np.ndarray, values: np.ndarray, radius: int, eps: float) -> np.ndarray:
    """The filter as the paper writes it: one least-squares fit for each window, then their mean."""
    height, width = values.shape
    frame = ((radius, radius), (radius, radius))
    colours = np.pad(guide / 255, (*frame, (0, 0)), mode="edge")
    target = np.pad(values, frame, mode="edge")
    a, b = np.zeros((height, width, 3)), np.zeros((height, width))
    side = 2 * radius + 1
    for y in range(height):
        for x in range(width):
            window = colours[y : y + side, x : x + side].reshape(-1, 3)
            own = target[y : y + side, x : x + side].ravel()
            centred = window - window.mean(axis=0)
            covariance = centred.T @ centred / len(own) + eps * np.eye(3)
            a[y, x] = np.linalg.solve(covariance, centred.T @ (own - own.mean()) / len(own))
            b[y, x] = own.mean() - a[y, x] @ window.mean(axis=0)
    a, b = np.pad(a, (*frame, (0, 0)), mode="edge"), np.pad(b, frame, mode="edge")
    result = np.empty((height, width))
    for y in range(height):
        for x in range(width):
            mean_a = a[y : y + side, x : x + side].mean(axis=(0, 1))
            mean_b = b[y : y + side, x : x + side].mean()
            result[y, x] = mean_a @ (guide[y, x] / 255) + mean_b
    return result


@pytest.mark.parametrize(("radius", "eps"), [(1, 1e-2), (2, 1e-3), (3, 1e-4)])
def test_equals_the_fit_window_by_window(radius: int, eps: float) -> None:
    guide = textured(14, 17, seed=9)
    values = np.random.default_rng(9).random((14, 17))
    shown = guided_filter(guide, values, radius, eps=eps)
    assert np.abs(shown - _naive(guide, values, radius, eps)).max() < 2e-4


def test_a_map_moves_to_the_edge_of_the_picture() -> None:
    guide = np.zeros((40, 60, 3), dtype=np.uint8)
    guide[:, 30:] = (220, 120, 40)
    ramp = np.tile(np.clip((np.arange(60) - 23) / 8, 0, 1), (40, 1))  # half at column 27
    shown = guided_filter(guide, ramp, 8)
    assert shown[20, 30] - shown[20, 29] > 0.4
    assert np.abs(np.diff(shown[20]))[[*range(27), *range(32, 59)]].max() < 0.1


@pytest.mark.parametrize("reduction", [1, 2])
def test_an_even_map_or_an_even_picture_change_nothing(reduction: int) -> None:
    guide = textured(30, 31)
    even = guided_filter(guide, np.full((30, 31), 0.7), 4, reduction=reduction)
    assert even == pytest.approx(0.7, abs=1e-4)
    grey = np.full_like(guide, 90)
    impulse = np.zeros((30, 31))
    impulse[15, 15] = 1
    shown = guided_filter(grey, impulse, 1)
    # Without edges it is two means of 3 x 3.
    assert shown[13:18, 15] == pytest.approx(np.array([1, 2, 3, 2, 1]) * 3 / 81, abs=1e-5)


def test_a_reduced_fit_stays_close_and_as_sharp() -> None:
    guide = np.zeros((64, 64, 3), dtype=np.uint8)
    guide[:, 32:] = 200
    ramp = np.tile(np.clip((np.arange(64) - 24) / 12, 0, 1), (64, 1))
    exact, reduced = guided_filter(guide, ramp, 8), guided_filter(guide, ramp, 8, reduction=4)
    assert np.abs(exact - reduced).max() < 0.08
    assert reduced[32, 32] - reduced[32, 31] > 0.9 * (exact[32, 32] - exact[32, 31])


def test_wrong_sizes_and_parameters_are_refused() -> None:
    guide, values = textured(8, 9), np.zeros((8, 9))
    with pytest.raises(FocusError, match="fit"):
        guided_filter(guide, np.zeros((9, 8)), 2)
    for bad in ({"radius": 0}, {"radius": 1, "eps": 0.0}, {"radius": 1, "reduction": 0}):
        with pytest.raises(FocusError, match="needs"):
            guided_filter(guide, values, **bad)
