"""Flicker, lag and cuts, in numbers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from attnviz.video.cuts import change_between, find_cuts, thumbnail
from attnviz.video.steadying import WEIGHT, followed, steadied
from tests.video.films import drawn

NO_CUTS = np.zeros(200, bool)
EVEN = np.arange(200)


def test_a_value_by_hand() -> None:
    before, newest = np.float32([[1.0, 0.0]]), np.float32([[0.0, 0.5]])
    np.testing.assert_allclose(followed(before, newest), [[1 - WEIGHT, 0.5 * WEIGHT]], rtol=1e-6)
    after_two = 1 - (1 - WEIGHT) ** 2  # a pause of two intervals counts as two frames
    np.testing.assert_allclose(followed(before, newest, 2), [[1 - after_two, 0.5 * after_two]])
    np.testing.assert_array_equal(followed(before, newest, 0.1), followed(before, newest))


def test_a_static_noisy_scene_flickers_less_than_half_as_much() -> None:
    noise = np.random.default_rng(0).normal(0.5, 0.1, (200, 12, 16)).astype(np.float32)
    steady = steadied(noise, EVEN, NO_CUTS)
    share = np.abs(np.diff(steady, axis=0)).mean() / np.abs(np.diff(noise, axis=0)).mean()
    assert share == pytest.approx(WEIGHT / np.sqrt(2 - WEIGHT), abs=0.01)
    assert share <= 0.5


def test_a_motion_is_followed_within_two_frames() -> None:
    """A peak that moves by half a cell a frame, and its centre of mass."""
    columns = np.arange(120)
    place = 10 + 0.5 * EVEN
    maps = np.exp(-((columns - place[:, None]) ** 2) / 18).astype(np.float32)[:, None]
    steady = steadied(maps, EVEN, NO_CUTS)[:, 0]
    centre = (steady * columns).sum(1) / steady.sum(1)
    lag = (place - centre)[20:] / 0.5
    assert lag.max() == pytest.approx((1 - WEIGHT) / WEIGHT, abs=0.05)
    assert lag.max() <= 2


def test_a_step_is_mostly_there_after_two_frames_at_any_rate() -> None:
    maps = np.zeros((40, 1, 1), np.float32)
    maps[20:] = 1
    for times in (np.arange(40), np.cumsum([0, *[10, 10, 40] * 13])):
        steady = steadied(maps, times, np.zeros(40, bool))[:, 0, 0]
        assert steady[19] == 0
        assert steady[21] > 0.5
        assert (np.diff(steady) >= 0).all()


def test_nothing_is_carried_across_a_cut() -> None:
    random = np.random.default_rng(1)
    maps = random.random((10, 3, 4)).astype(np.float32)
    cuts = np.zeros(10, bool)
    cuts[[0, 6]] = True
    steady = steadied(maps, np.arange(10), cuts)
    np.testing.assert_array_equal(steady[6], maps[6])
    alone = steadied(maps[6:], np.arange(4), cuts[6:])
    np.testing.assert_array_equal(steady[6:], alone)


def _changes(frames: list[np.ndarray]) -> list[float]:
    small = [thumbnail(frame) for frame in frames]
    return [0.0, *(change_between(*pair) for pair in pairwise(small))]


def test_a_cut_is_found_and_motion_noise_and_a_pan_are_none() -> None:
    moving = [drawn(20 + 6 * n, 48, seed=n) for n in range(15)]
    other = [np.full_like(frame, 200) - frame // 2 for frame in moving]
    found = find_cuts(_changes([*moving, *other]))
    assert found.nonzero()[0].tolist() == [0, 15]

    wide = np.random.default_rng(2).integers(0, 255, (9, 200, 3)).astype(np.uint8)
    wide = wide.repeat(12, 0).repeat(12, 1)
    pan = [wide[:, 10 * n : 10 * n + 160] for n in range(40)]
    assert max(_changes(pan)) > 0.08  # quick enough to look like cuts, but for what came before
    assert find_cuts(_changes(pan)).nonzero()[0].tolist() in ([0], [0, 1])


def test_no_change_at_all_is_no_cut() -> None:
    assert find_cuts([0.0] * 5).tolist() == [True, False, False, False, False]
    assert find_cuts([0.0]).tolist() == [True]
