"""Likeness of maps: cases worked by hand, and what must not matter."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from attnviz.errors import FocusError
from attnviz.metrics.map_similarity import spearman, top_overlap


def test_ranks_by_hand_with_ties() -> None:
    a = np.array([[1.0, 2.0], [2.0, 9.0]])  # ranks 1, 2.5, 2.5, 4
    b = np.array([[5.0, 1.0], [7.0, 8.0]])  # ranks 2, 1, 3, 4
    # deviations (-1.5, 0, 0, 1.5) and (-0.5, -1.5, 0.5, 1.5): 3 / sqrt(4.5 * 5)
    assert spearman(a, b) == pytest.approx(3 / np.sqrt(22.5))


def test_agrees_with_scipy_and_knows_no_scale() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 9, 13)).astype(np.float32)
    assert spearman(a, b) == pytest.approx(spearmanr(a, b, axis=None).statistic)
    assert spearman(a, np.exp(a)) == pytest.approx(1)
    assert spearman(a, -3 * a) == pytest.approx(-1)
    assert spearman(a, b) == spearman(b, a)


def test_the_overlap_by_hand() -> None:
    a = np.arange(10.0).reshape(2, 5)
    assert top_overlap(a, a) == 1
    assert top_overlap(a, -a) == 0
    b = a.copy()
    b[1, 4] = -1  # now the places 7 and 8 are the highest, of a those are 8 and 9
    assert top_overlap(a, b) == 0.5
    assert top_overlap(a, -a, share=1) == 1


def test_of_equal_places_the_first_are_taken() -> None:
    flat, first = np.zeros((2, 5)), np.array([[2.0, 1, 0, 0, 0], [0, 0, 0, 0, 0]])
    assert top_overlap(flat, first) == 1
    assert top_overlap(flat, -first) == 0


@pytest.mark.parametrize("measure", [spearman, top_overlap])
def test_maps_that_cannot_be_compared_are_named(measure: object) -> None:
    assert callable(measure)
    a = np.arange(6.0).reshape(2, 3)
    with pytest.raises(FocusError, match="position by position"):
        measure(a, a.T)
    with pytest.raises(FocusError, match="not finite"):
        measure(a, np.where(a > 4, np.nan, a))


def test_a_flat_map_orders_nothing() -> None:
    a = np.arange(6.0).reshape(2, 3)
    with pytest.raises(FocusError, match="same value everywhere"):
        spearman(a, np.ones((2, 3)))
    with pytest.raises(FocusError, match=r"0\.\.1"):
        top_overlap(a, a, share=0)
