"""Densities and what compares them, worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attnviz.errors import VisionError
from attnviz.metrics.bootstrap import bootstrap_interval
from attnviz.metrics.densities import as_density, cc, density, information_gain, kl, sim


def test_a_density_is_a_gaussian_for_each_fixation() -> None:
    found = density(np.asarray([30, 30, 60]), np.asarray([40, 40, 20]), (90, 80), 3.0)
    assert found.sum() == pytest.approx(1)
    # far from the border, two of three fixations in one place
    assert found[30, 40] == pytest.approx(2 / 3 / (2 * math.pi * 9), rel=0.01)
    assert found[60, 20] == pytest.approx(1 / 3 / (2 * math.pi * 9), rel=0.01)
    assert found[30, 43] == pytest.approx(found[30, 40] * math.exp(-0.5), rel=0.01)
    corner = density(np.asarray([0]), np.asarray([0]), (90, 80), 3.0)
    assert corner.sum() == pytest.approx(1)
    assert corner.argmax() == 0


def test_cc_by_hand() -> None:
    truth = np.asarray([[0.0, 1.0], [2.0, 3.0]])
    assert cc(3 * truth - 7, truth) == pytest.approx(1)
    assert cc(-truth, truth) == pytest.approx(-1)
    # deviations (1, -1, 1, -1) against (-3, -1, 1, 3) / 2
    values = np.asarray([[1.0, -1.0], [1.0, -1.0]])
    assert cc(values, truth) == pytest.approx(-2 / math.sqrt(4 * 5))


def test_sim_and_kl_by_hand() -> None:
    half, most = np.asarray([[1.0, 1.0]]), np.asarray([[3.0, 1.0]])
    assert sim(half, most) == pytest.approx(0.75)
    assert sim(half, half) == pytest.approx(1)
    assert sim(np.asarray([[1.0, 0.0]]), np.asarray([[0.0, 1.0]])) == 0
    assert kl(half, most) == pytest.approx(0.75 * math.log(1.5) + 0.25 * math.log(0.5))
    assert kl(most, half) == pytest.approx(0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(2))
    assert kl(most, most) == pytest.approx(0, abs=1e-12)
    assert kl(np.asarray([[1.0, 0.0]]), half) > 10


def test_equal_densities_have_no_divergence() -> None:
    values = as_density(np.random.default_rng(0).random((40, 50)))
    assert kl(values, values) == pytest.approx(0, abs=1e-9)


def test_information_gain_in_bits() -> None:
    base = np.full((2, 2), 0.25)
    sure = np.asarray([[0.5, 0.5], [0.0, 0.0]])
    rows, columns = np.asarray([0, 0]), np.asarray([0, 1])
    assert information_gain(sure, base, rows, columns) == pytest.approx(1)
    assert information_gain(base, base, rows, columns) == 0
    assert information_gain(sure, base, np.asarray([1]), np.asarray([1])) < -40


def test_maps_of_one_value_or_none_have_no_score() -> None:
    flat, truth = np.full((3, 3), 0.4), np.arange(9.0).reshape(3, 3)
    with pytest.raises(VisionError, match="same value everywhere"):
        cc(flat, truth)
    with pytest.raises(VisionError, match="no value above zero"):
        kl(np.zeros((3, 3)), truth)
    with pytest.raises(VisionError, match="no value above zero"):
        sim(-truth, truth)
    with pytest.raises(VisionError, match="cannot be compared"):
        cc(truth[:2], truth)
    with pytest.raises(VisionError, match="no fixations"):
        density(np.asarray([], np.int64), np.asarray([], np.int64), (3, 3), 1.0)
    with pytest.raises(VisionError, match="sigma of 0"):
        density(np.asarray([1]), np.asarray([1]), (3, 3), 0.0)
    assert kl(flat, flat) == pytest.approx(0, abs=1e-12)  # the even density is one


def test_the_bootstrap_interval_is_that_of_the_mean() -> None:
    values = np.random.default_rng(3).normal(5, 2, 400)
    mean, low, high = bootstrap_interval(values)
    assert mean == pytest.approx(values.mean())
    # 1.96 standard errors of 2 / sqrt(400)
    assert high - mean == pytest.approx(0.196, rel=0.15)
    assert mean - low == pytest.approx(0.196, rel=0.15)
    assert bootstrap_interval(values) == (mean, low, high)
    assert bootstrap_interval([7.0]) == (7, 7, 7)
    with pytest.raises(VisionError, match="finite values"):
        bootstrap_interval([])
    with pytest.raises(VisionError, match="finite values"):
        bootstrap_interval([1.0, float("nan")])
