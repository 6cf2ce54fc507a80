"""Scores of a map against a few clicks, worked by hand, and their intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attnviz.errors import VisionError
from attnviz.metrics.click_scores import CHANCE, score_clicks
from attnviz.metrics.densities import cc, density
from attnviz.metrics.saliency import auc, auc_at, nss, nss_at


def clicks(*places: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = zip(*places, strict=True)
    return np.asarray(rows), np.asarray(columns)


def field(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((30, 40)).astype(np.float32)


def test_each_click_by_hand() -> None:
    values = np.asarray([[0, 0], [0, 4]], np.float32)  # mean 1, standard deviation sqrt(3)
    at = clicks((1, 1), (0, 0))
    np.testing.assert_allclose(nss_at(values, *at), [math.sqrt(3), -1 / math.sqrt(3)])
    # Not clicked: two zeros. 4 beats both, 0 ties with both.
    np.testing.assert_allclose(auc_at(values, *at), [1, 0.5])
    scores = score_clicks(values, *at, 0.5)
    assert scores.nss.mean == pytest.approx(1 / math.sqrt(3))
    assert scores.auc.mean == pytest.approx(0.75)
    # The draws of two clicks: both the first, both the second, or one of each.
    assert (scores.auc.low, scores.auc.high) == (0.5, 1)


def test_means_are_the_published_scores() -> None:
    values = field()
    at = clicks((3, 4), (3, 4), (20, 11), (29, 39), (0, 0))
    scores = score_clicks(values, *at, 2.0)
    assert scores.nss.mean == pytest.approx(nss(values, *at))
    assert scores.auc.mean == pytest.approx(auc(values, *at))
    assert scores.cc.mean == pytest.approx(cc(values, density(*at, (30, 40), 2.0)), abs=1e-6)
    for name, one in scores.by_name().items():
        assert one.low < one.mean < one.high, name


def test_the_clicks_own_density_correlates_fully() -> None:
    at = clicks((5, 5), (20, 30), (10, 33))
    values = (1e4 * density(*at, (30, 40), 2.0)).astype(np.float32)
    scores = score_clicks(values, *at, 2.0)
    assert scores.cc.mean == pytest.approx(1, abs=1e-6)
    assert scores.cc.high <= 1
    assert scores.auc.mean > 0.98
    assert score_clicks(-values, *at, 2.0).cc.mean == pytest.approx(-1, abs=1e-6)


def test_what_does_not_know_the_clicks_scores_as_chance() -> None:
    random = np.random.default_rng(5)
    found: dict[str, list[float]] = {}
    for seed in range(60):
        at = random.integers(0, 30, 10), random.integers(0, 40, 10)
        for name, one in score_clicks(field(seed), *at, 1.5).by_name().items():
            found.setdefault(name, []).append(one.mean)
    for name, values in found.items():
        error = np.std(values) / math.sqrt(len(values))
        assert np.mean(values) == pytest.approx(CHANCE[name], abs=3 * error), name


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Clicks drawn from the map itself: its NSS over all clicks is known."""
    values = field(2) ** 3
    weights = values.ravel() / values.sum()
    truth = float((weights * (values.ravel() - values.mean())).sum() / values.std())
    random = np.random.default_rng(0)
    held = 0
    for _ in range(80):
        drawn = random.choice(values.size, 15, p=weights)
        found = score_clicks(values, drawn // 40, drawn % 40, 2.0).nss
        held += found.low <= truth <= found.high
    assert 66 <= held <= 80


def test_a_flat_map_has_no_score_and_is_never_nan() -> None:
    flat = np.full((30, 40), 0.4, np.float32)
    with pytest.raises(VisionError, match="same value everywhere"):
        score_clicks(flat, *clicks((3, 4), (5, 6)), 2.0)
    with pytest.raises(VisionError, match="no fixations"):
        score_clicks(field(), np.asarray([], int), np.asarray([], int), 2.0)


def test_one_click_leaves_nothing_known() -> None:
    scores = score_clicks(field(), *clicks((3, 4)), 2.0)
    for one in scores.by_name().values():
        assert one.low == pytest.approx(one.mean) == one.high
