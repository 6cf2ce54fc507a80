"""Competition among objects, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.errors import FocusError
from attnviz.vision.biased_competition import (
    blur_radii,
    combined_focus,
    relative_gains,
    response_shares,
)


def test_shares_are_divided_by_their_sum() -> None:
    np.testing.assert_allclose(response_shares([3, 1]), [0.75, 0.25])
    np.testing.assert_allclose(response_shares([3, 1], selectivity=2), [0.9, 0.1])
    np.testing.assert_allclose(response_shares([4, 1], selectivity=0.5), [2 / 3, 1 / 3])


def test_a_floor_takes_its_part() -> None:
    np.testing.assert_allclose(response_shares([3, 1], floor=1), [0.6, 0.2])
    np.testing.assert_allclose(response_shares([3, 1], selectivity=2, floor=10), [9 / 20, 1 / 20])
    np.testing.assert_allclose(response_shares([0.1], selectivity=2, floor=0.01), [0.5])
    assert response_shares([0.1], selectivity=8, floor=0.01)[0] < 1e-5  # alone, but weak


def test_equal_strengths_share_alike_however_selective() -> None:
    for selectivity in (0.0, 1.0, 50.0):
        np.testing.assert_allclose(response_shares([0.2] * 4, selectivity), [0.25] * 4)


def test_the_winner_takes_all_in_the_limit_and_nothing_overflows() -> None:
    np.testing.assert_allclose(response_shares([5, 4.9, 1], selectivity=1e4), [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(response_shares([1e300, 1e299], selectivity=20), [1, 0], atol=1e-12)
    np.testing.assert_allclose(response_shares([1e-300, 5e-301], selectivity=9, floor=1), [0, 0])


def test_without_selectivity_all_that_are_there_share_alike() -> None:
    np.testing.assert_allclose(response_shares([5, 0.001, 0], selectivity=0), [0.5, 0.5, 0])


def test_no_strength_no_share() -> None:
    for floor in (0.0, 1.0):
        np.testing.assert_array_equal(response_shares([0, 0], floor=floor), [0, 0])
    np.testing.assert_array_equal(relative_gains([0, 0]), [0, 0])


def test_blur_grows_as_the_share_falls() -> None:
    np.testing.assert_allclose(relative_gains([0.6, 0.3, 0]), [1, 0.5, 0])
    np.testing.assert_allclose(blur_radii([0.6, 0.3, 0], 24), [0, 12, 24])


def test_focus_by_hand() -> None:
    maps = np.asarray([[[4, 0, 2]], [[0, 10, 5]]])  # relative: 1, 0, 0.5 and 0, 1, 0.5
    np.testing.assert_allclose(combined_focus(maps, [3, 1]), [[1, 1 / 3, 0.5]])
    np.testing.assert_allclose(combined_focus(maps, [3, 1], selectivity=0), [[1, 1, 0.5]])
    np.testing.assert_allclose(
        combined_focus(maps, [3, 1], selectivity=60), [[1, 0, 0.5]], atol=1e-6
    )
    np.testing.assert_allclose(combined_focus(maps, [1, 3]), [[1 / 3, 1, 0.5]])


def test_scale_of_a_map_and_evidence_against_do_not_count() -> None:
    random = np.random.default_rng(0)
    maps = random.normal(size=(3, 5, 4)).astype(np.float32)
    expected = combined_focus(np.maximum(maps, 0), [1, 2, 3])
    scales = np.asarray([7, 0.1, 300], np.float32)[:, None, None]
    np.testing.assert_allclose(combined_focus(scales * maps, [1, 2, 3]), expected, rtol=1e-5)


def test_a_zero_map_brings_nothing() -> None:
    maps = np.stack([np.zeros((2, 2)), np.asarray([[0, 1], [2, 4]])])
    np.testing.assert_allclose(combined_focus(maps, [1, 1]), [[0, 0.25], [0.5, 1]])
    np.testing.assert_array_equal(combined_focus(maps[:1], [1]), np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("strengths", "options", "match"),
    [
        ([], {}, "one or more"),
        ([1, -1], {}, "0 or more"),
        ([1, np.nan], {}, "finite"),
        ([1], {"selectivity": -1}, "selectivity must be"),
        ([1], {"selectivity": np.inf}, "selectivity must be"),
        ([1], {"floor": -0.1}, "floor must be"),
    ],
)
def test_numbers_that_make_no_sense(strengths: list[float], options: dict, match: str) -> None:
    with pytest.raises(FocusError, match=match):
        response_shares(strengths, **options)


def test_maps_that_do_not_fit() -> None:
    with pytest.raises(FocusError, match=r"maps \[2, h, w\]"):
        combined_focus(np.ones((3, 2, 2)), [1, 1])
    with pytest.raises(FocusError, match="NaN"):
        combined_focus(np.full((1, 2, 2), np.inf), [1])
