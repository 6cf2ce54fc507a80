"""Scores on maps worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attnviz.vision.agreement import box_gain, centre_prior, nss


def test_nss_by_hand() -> None:
    values = np.asarray([[0, 0], [0, 4]], np.float32)  # mean 1, standard deviation sqrt(3)
    at = (np.asarray([1, 0]), np.asarray([1, 0]))
    assert nss(values, *at) == pytest.approx((4 + 0) / 2 / math.sqrt(3) - 1 / math.sqrt(3))


def test_nss_ignores_scale_and_offset_but_not_flat_maps() -> None:
    random = np.random.default_rng(0)
    values = random.random((20, 30)).astype(np.float32)
    rows, columns = random.integers(0, 20, 50), random.integers(0, 30, 50)
    assert nss(3 * values + 7, rows, columns) == pytest.approx(nss(values, rows, columns), abs=1e-4)
    assert nss(np.full((20, 30), 0.3, np.float32), rows, columns) == 0
    assert math.isnan(nss(values, rows[:0], columns[:0]))


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
