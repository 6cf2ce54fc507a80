"""Scores on maps worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attnviz.errors import VisionError
from attnviz.metrics.saliency import auc, box_gain, centre_prior, nss, shuffled_auc


def test_nss_by_hand() -> None:
    values = np.asarray([[0, 0], [0, 4]], np.float32)  # mean 1, standard deviation sqrt(3)
    at = (np.asarray([1, 0]), np.asarray([1, 0]))
    assert nss(values, *at) == pytest.approx((4 + 0) / 2 / math.sqrt(3) - 1 / math.sqrt(3))


def test_nss_ignores_scale_and_offset_but_not_flat_maps() -> None:
    random = np.random.default_rng(0)
    values = random.random((20, 30)).astype(np.float32)
    rows, columns = random.integers(0, 20, 50), random.integers(0, 30, 50)
    assert nss(3 * values + 7, rows, columns) == pytest.approx(nss(values, rows, columns), abs=1e-4)
    with pytest.raises(VisionError, match="same value everywhere"):
        nss(np.full((20, 30), 0.3, np.float32), rows, columns)
    with pytest.raises(VisionError, match="no fixations"):
        nss(values, rows[:0], columns[:0])
    with pytest.raises(VisionError, match="outside the map of 30 x 20"):
        nss(values, rows - 15, columns)


def test_nss_of_a_single_bright_pixel() -> None:
    """Mean 1/n and variance 1/n - 1/n^2: sqrt(n - 1) on the pixel, -1/sqrt(n - 1) beside it."""
    values = np.zeros((10, 10), np.float32)
    values[3, 4] = 1
    on, beside = (np.asarray([3]), np.asarray([4])), (np.asarray([3]), np.asarray([5]))
    assert nss(values, *on) == pytest.approx(math.sqrt(99), rel=1e-5)
    assert nss(values, *beside) == pytest.approx(-1 / math.sqrt(99), rel=1e-5)


def test_auc_of_perfect_inverted_and_constant_maps() -> None:
    values = np.zeros((6, 6), np.float32)
    rows, columns = np.asarray([1, 4, 4]), np.asarray([1, 2, 2])
    values[rows, columns] = 5
    assert auc(values, rows, columns) == 1
    assert auc(-values, rows, columns) == 0
    assert auc(np.full((6, 6), 0.2, np.float32), rows, columns) == 0.5


def test_auc_counts_ties_half_and_each_fixation() -> None:
    values = np.asarray([[0, 1], [1, 2]], np.float32)
    # The fixated 1 stands above 0, level with the other 1, and below 2: (1 + 1/2 + 0) / 3
    assert auc(values, np.asarray([0]), np.asarray([1])) == pytest.approx(0.5)
    # 2 looked at twice beats 0 and 1; the fixated 1 beats 0 and ties with 1
    rows, columns = np.asarray([1, 1, 0]), np.asarray([1, 1, 1])
    assert auc(values, rows, columns) == pytest.approx((1 + 1 + 0.75) / 3)
    with pytest.raises(VisionError, match="Every pixel"):
        auc(values, np.asarray([0, 0, 1, 1]), np.asarray([0, 1, 0, 1]))


def test_auc_is_the_area_under_the_curve_of_all_thresholds() -> None:
    random = np.random.default_rng(4)
    values = random.integers(0, 6, (12, 15)).astype(np.float32)
    rows, columns = random.integers(0, 12, 30), random.integers(0, 15, 30)
    never = np.ones(values.shape, bool)
    never[rows, columns] = False
    levels = np.arange(7)[::-1]
    hits = [(values[rows, columns] >= level).mean() for level in levels]
    alarms = [(values[never] >= level).mean() for level in levels]
    assert auc(values, rows, columns) == pytest.approx(np.trapezoid(hits, alarms))


def test_shuffled_auc_takes_its_negatives_from_other_pictures() -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    rows, columns = np.asarray([1]), np.asarray([2])  # value 6
    others = (np.asarray([0, 1, 2, 0]), np.asarray([0, 2, 3, 1]))  # values 0, 6, 11, 1
    assert shuffled_auc(values, rows, columns, *others) == pytest.approx((2 + 0.5) / 4)
    assert shuffled_auc(values, *others, *others) == pytest.approx(0.5)


def test_a_place_looked_at_twice_counts_twice() -> None:
    values = np.asarray([[0, 0], [0, 4]], np.float32)
    twice = nss(values, np.asarray([1, 1, 0]), np.asarray([1, 1, 0]))
    assert twice == pytest.approx((8 / 3 - 1) / math.sqrt(3))


def test_box_gain_by_hand() -> None:
    values = np.asarray([[3, 1], [0, -5]], np.float32)
    inside = np.asarray([[True, False], [False, False]])
    assert box_gain(values, inside) == pytest.approx(0.75 / 0.25)
    assert box_gain(np.ones((2, 2), np.float32), inside) == 1
    assert math.isnan(box_gain(values, np.ones((2, 2), bool)))


def test_centre_prior_is_highest_and_symmetric_about_the_middle() -> None:
    prior = centre_prior(9, 15)
    assert np.unravel_index(prior.argmax(), prior.shape) == (4, 7)
    np.testing.assert_allclose(prior, prior[::-1, ::-1])
    assert prior[4, 7] == 1
    assert prior[4, 11] == pytest.approx(math.exp(-((4 / 15) ** 2) / (2 * 0.25**2)))
