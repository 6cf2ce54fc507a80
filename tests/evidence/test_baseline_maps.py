"""Maps that know nothing, and are otherwise like the one they stand against."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.evidence.baseline_maps import centred_map, inverted_map, random_map_like


def smooth_map() -> np.ndarray:
    y, x = np.mgrid[:40, :60] / 60
    return np.exp(-((x - 0.3) ** 2 + (y - 0.2) ** 2) / 0.02).astype(np.float32)


def roughness(values: np.ndarray) -> float:
    """Mean squared step between neighbours, over the variance."""
    steps = (np.diff(values, axis=0) ** 2).mean() + (np.diff(values, axis=1) ** 2).mean()
    return float(steps / values.var())


def test_a_random_map_has_the_same_mean_spread_and_smoothness() -> None:
    values = smooth_map()
    drawn = [random_map_like(values, seed) for seed in range(12)]
    for one in drawn:
        assert one.shape == values.shape
        assert float(one.mean()) == pytest.approx(float(values.mean()), abs=1e-5)
        assert float(one.std()) == pytest.approx(float(values.std()), rel=1e-4)
    assert np.mean([roughness(one) for one in drawn]) == pytest.approx(roughness(values), rel=0.25)
    noise = np.random.default_rng(0).permuted(values.ravel()).reshape(values.shape)
    assert roughness(noise) > 20 * roughness(values)  # what shuffled places would be


def test_a_random_map_does_not_know_where_the_map_was_high() -> None:
    values = smooth_map()
    alike = [
        np.corrcoef(values.ravel(), random_map_like(values, seed).ravel())[0, 1]
        for seed in range(30)
    ]
    assert abs(np.mean(alike)) < 0.15


def test_seeds_decide() -> None:
    values = smooth_map()
    np.testing.assert_array_equal(random_map_like(values, 1), random_map_like(values, 1))
    assert np.abs(random_map_like(values, 1) - random_map_like(values, 2)).max() > 0.1


def test_the_highest_places_of_the_centred_map_are_a_disc() -> None:
    values = centred_map((31, 51))
    assert np.unravel_index(values.argmax(), values.shape) == (15, 25)
    y, x = np.mgrid[:31, :51]
    distance = np.hypot(y - 15, x - 25)
    inside = values > np.sort(values.ravel())[-300]
    assert distance[inside].max() <= distance[~inside].min() + 1e-6
    assert (values.min(), values.max()) == (0, 1)
    assert centred_map((1, 1)).tolist() == [[1]]


def test_inverting_turns_the_order_round() -> None:
    values = np.random.default_rng(2).permutation(12).reshape(3, 4).astype(np.float32)
    assert (inverted_map(values) + values == 11).all()
