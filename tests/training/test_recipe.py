"""Schedules and their limits, worked by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from attnviz.errors import TrainingError
from attnviz.training.recipe import Phase, Recipe, for_few_pictures, parse_phases
from attnviz.training.recording.recorder import snapshot_steps


def test_rate_warms_up_and_falls_by_half_a_cosine() -> None:
    recipe = Recipe(phases=(Phase(10, 32),), rate=0.2, warm_up=2)
    assert recipe.rate_at(0) == pytest.approx(0, abs=2e-4)
    assert recipe.rate_at(1) == pytest.approx(0.1, abs=2e-4)
    assert recipe.rate_at(2) == pytest.approx(0.2)
    assert recipe.rate_at(6) == pytest.approx(0.1)  # half way between 2 and 10
    assert recipe.rate_at(10) == pytest.approx(0)


def test_sides_follow_the_phases() -> None:
    recipe = Recipe(phases=parse_phases("2x32,1x48"))
    assert [recipe.side_at(epoch) for epoch in range(4)] == [32, 32, 48, 48]
    assert recipe.epochs == 3


def test_small_pictures_are_a_small_share_of_the_work() -> None:
    recipe = Recipe(phases=parse_phases("2x32,1x64"))  # 1 + 1 + 4 parts
    shares = [recipe.share_at(epoch) for epoch in (0, 0.5, 2, 2.5, 3)]
    np.testing.assert_allclose(shares, [0, 0.5 / 6, 2 / 6, 4 / 6, 1])


def test_json_round_trip() -> None:
    recipe = Recipe(phases=(Phase(3, 40), Phase(1, 64)), cutmix=1.0, optimizer="adamw")
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_fields_added_later_are_written_only_where_they_are_on() -> None:
    """Older runs can be resumed, as their identity has not changed."""
    assert not {"noise", "unmixed", "erase"} & json.loads(Recipe().to_json()).keys()
    noisy = Recipe(noise=0.3, unmixed=4, erase=0.25)
    written = json.loads(noisy.to_json())
    assert (written["noise"], written["unmixed"], written["erase"]) == (0.3, 4, 0.25)
    assert Recipe.from_json(noisy.to_json()) == noisy


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch": 0}, {"rate": -1}, {"phases": ()}, {"crop": 0}, {"average": 1.0},
        {"noise": -0.1}, {"noise": 1.1}, {"unmixed": -1}, {"unmixed": 35},
        {"erase": -0.1}, {"erase": 1.0},
    ],
)  # fmt: skip
def test_impossible_values_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(TrainingError):
        Recipe(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "18", "ax64", "18x"])
def test_phases_that_cannot_be_read(text: str) -> None:
    with pytest.raises(TrainingError, match="18x64,12x96"):
        parse_phases(text)


def test_snapshots_are_dense_at_first_and_end_with_the_last_step() -> None:
    assert snapshot_steps(147, 4) == (0, 10, 30, 100, 147, 294, 441, 588)
    many = snapshot_steps(147, 300)
    assert len(many) <= 40
    assert many[0] == 0
    assert many[-1] == 300 * 147
    gaps = np.diff(many[5:])
    assert (gaps > 0).all()
    assert gaps[-1] > gaps[0]


@pytest.mark.parametrize("pictures", [4, 20, 27, 60, 300])
def test_few_pictures_get_enough_steps_in_small_batches(pictures: int) -> None:
    given = Recipe(phases=(Phase(9, 64), Phase(3, 96)), batch=16, rate=0.08, warm_up=1, unmixed=3)
    few = for_few_pictures(given, pictures)
    steps = few.epochs * (pictures // few.batch)
    assert steps >= 400
    assert few.batch == min(16, max(4, pictures // 4))
    assert few.rate / few.batch == pytest.approx(0.08 / 16)
    first, second = few.phases
    factor = few.epochs / 12
    assert (first.epochs, second.epochs) == (9 * factor, 3 * factor)
    assert (few.warm_up, few.unmixed) == (factor, 3 * factor)
    assert few.epochs == 12 or (few.epochs - 12) * (pictures // few.batch) < 400, "no longer"


def test_many_pictures_leave_a_recipe_as_it_is() -> None:
    assert for_few_pictures(Recipe(), 9469) == Recipe()
    assert for_few_pictures(Recipe(batch=16), 1000) == Recipe(batch=16)
