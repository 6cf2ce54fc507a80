"""A fitted map gains exactly the bits that it knows."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.errors import VisionError
from attnviz.metrics.calibration import (
    START,
    CalibrationSample,
    bits_over_prior,
    calibrated_density,
    cross_fit,
    fit_density,
)
from attnviz.metrics.densities import as_density, information_gain
from attnviz.metrics.saliency import centre_prior

PRIOR = as_density(centre_prior(12, 16))


def drawn(
    seed: int, weights: tuple[float, float, float], fixations: int = 4000
) -> CalibrationSample:
    """A picture whose fixations are drawn from the model with those weights."""
    random = np.random.default_rng(seed)
    values = random.random((12, 16))
    blank = CalibrationSample(values, PRIOR, np.ones_like(values))
    density = calibrated_density(blank, np.asarray(weights))
    return CalibrationSample(
        values, PRIOR, random.multinomial(fixations, density.ravel()).reshape(12, 16)
    )


def gained(pictures: list[CalibrationSample]) -> list[float]:
    return [bits_over_prior(*pair) for pair in zip(pictures, cross_fit(pictures), strict=True)]


def test_the_fit_finds_the_weights_that_made_the_fixations() -> None:
    wanted = (0.7, 1.5, 2.0)
    found = fit_density([drawn(seed, wanted) for seed in range(40)])
    np.testing.assert_allclose(found, wanted, atol=0.12)


def test_a_map_that_knows_nothing_gains_nothing_and_loses_nothing() -> None:
    pictures = [drawn(seed, (1, 0, 0)) for seed in range(20)]
    assert fit_density(pictures) == pytest.approx(START, abs=0.15)
    assert np.mean(gained(pictures)) == pytest.approx(0, abs=0.01)
    assert bits_over_prior(pictures[0], PRIOR) == pytest.approx(0, abs=1e-9)


def test_a_map_that_knows_gains_the_divergence_in_bits() -> None:
    pictures = [drawn(seed, (1, 1, 3)) for seed in range(20)]
    truths = [calibrated_density(one, np.asarray([1.0, 1.0, 3.0])) for one in pictures]
    wanted = np.mean([(truth * np.log2(truth / PRIOR)).sum() for truth in truths])
    assert wanted > 0.3
    assert np.mean(gained(pictures)) == pytest.approx(wanted, abs=0.03)


def test_monotone_changes_of_the_map_change_nothing() -> None:
    one = drawn(3, (1, 1, 1))
    changed = CalibrationSample(np.exp(5 * one.values) - 7, one.prior, one.counts)
    np.testing.assert_allclose(
        calibrated_density(changed, START + 1), calibrated_density(one, START + 1)
    )


def test_bits_are_those_of_the_information_gain() -> None:
    one = drawn(4, (1, 2, 1), 50)
    density = calibrated_density(one, np.asarray([1.0, 2.0, 1.0]))
    rows, columns = (
        np.repeat(at, one.counts.ravel()) for at in map(np.ravel, np.indices((12, 16)))
    )
    assert bits_over_prior(one, density) == pytest.approx(
        information_gain(density, PRIOR, rows, columns), abs=1e-6
    )


def test_too_few_pictures_are_refused() -> None:
    with pytest.raises(VisionError, match="two or more"):
        cross_fit([drawn(0, (1, 0, 0))])
    with pytest.raises(VisionError, match="needs pictures"):
        fit_density([])
