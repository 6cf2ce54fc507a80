"""Planted spots are visited in order of strength."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.errors import VisionError
from attnviz.vision.scanpath import scanpath

SPOTS = [(30.2, 90.4, 1.0), (70.0, 25.3, 0.8), (15.6, 20.0, 0.6)]


def planted(spots: list[tuple[float, float, float]]) -> np.ndarray:
    y, x = np.mgrid[:96, :128] + 0.5
    values = np.zeros((96, 128))
    for row, column, height in spots:
        values += height * np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * 3.0**2))
    return values


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_three_spots_in_order_of_strength_whatever_their_scale(order: tuple[int, ...]) -> None:
    values = planted([SPOTS[n] for n in order])
    stops = scanpath(-5 + 0.01 * values, 3)
    for stop, (row, column, height) in zip(stops, SPOTS, strict=True):
        assert stop.y == pytest.approx(row, abs=0.1)  # between the cells
        assert stop.x == pytest.approx(column, abs=0.1)
        assert stop.strength == pytest.approx(height, abs=0.02)
    assert [stop.ms for stop in stops] == sorted(stop.ms for stop in stops)
    assert stops[0].ms == 30
    assert stops[1].ms == pytest.approx(30 / 0.8, rel=0.03)


def test_an_inhibited_place_may_win_again_when_memory_fades() -> None:
    values = planted([SPOTS[0], (70.0, 25.3, 0.3)])
    assert len(scanpath(values, 8, memory=1e6)) == 2
    again = scanpath(values, 3, memory=2.0)
    assert [round(stop.x) for stop in again] == [90, 25, 90]
    # one stop later exp(-1/2) of the inhibition is left
    assert again[2].strength == pytest.approx(1 - np.exp(-0.5), abs=0.01)


def test_it_ends_where_little_is_left() -> None:
    values = planted([*SPOTS[:2], (80.0, 100.0, 0.1)])
    assert len(scanpath(values, 8, memory=1e6)) == 2
    assert len(scanpath(values, 3, memory=1e6, least=0.05)) == 3


def test_ties_go_in_reading_order() -> None:
    values = np.zeros((7, 7))
    values[5, 1] = values[2, 4] = values[2, 1] = 3
    stops = scanpath(values, 3, radius=0.5)
    assert [(int(stop.y), int(stop.x)) for stop in stops] == [(2, 1), (2, 4), (5, 1)]


def test_maps_without_a_winner_are_refused_with_a_sentence() -> None:
    with pytest.raises(VisionError, match="same value everywhere"):
        scanpath(np.full((5, 5), 0.7))
    with pytest.raises(VisionError, match="finite"):
        scanpath(np.asarray([[0.0, np.nan]]))
    with pytest.raises(VisionError, match="0 fixations"):
        scanpath(planted(SPOTS), 0)
