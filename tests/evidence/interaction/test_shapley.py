"""Games whose Shapley values and interactions are known by hand."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from attnviz.errors import EvidenceError
from attnviz.evidence.interaction.shapley import (
    Game,
    exact_interactions,
    pair_gains,
    sampled_interactions,
)
from attnviz.types import BoolArray, DoubleArray


def both(present: BoolArray) -> DoubleArray:
    return (present[:, 0] & present[:, 1]).astype(float)


def either(present: BoolArray) -> DoubleArray:
    return (present[:, 0] | present[:, 1]).astype(float)


def linear(present: BoolArray) -> DoubleArray:
    return 3.0 + present @ np.array([2.0, -1.0, 0.5, 0.0])


def table(players: int, seed: int) -> DoubleArray:
    return np.random.default_rng(seed).normal(size=2**players)


def looked_up(values: DoubleArray) -> Game:
    players = int(np.log2(len(values)))
    return lambda present: values[present @ (1 << np.arange(players))]


def test_two_who_need_each_other_interact_by_plus_one() -> None:
    found = exact_interactions(both, 3)
    np.testing.assert_allclose(found.shapley, [0.5, 0.5, 0.0], atol=1e-12)
    expected = np.zeros((3, 3))
    expected[0, 1] = expected[1, 0] = 1.0
    np.testing.assert_allclose(found.interaction, expected, atol=1e-12)


def test_two_of_whom_one_is_enough_interact_by_minus_one() -> None:
    found = exact_interactions(either, 4)
    np.testing.assert_allclose(found.shapley, [0.5, 0.5, 0.0, 0.0], atol=1e-12)
    assert found.interaction[0, 1] == pytest.approx(-1.0)
    assert np.abs(found.interaction).sum() == pytest.approx(2.0)


def test_what_only_adds_up_does_not_interact() -> None:
    found = exact_interactions(linear, 4)
    np.testing.assert_allclose(found.shapley, [2.0, -1.0, 0.5, 0.0], atol=1e-12)
    np.testing.assert_allclose(found.interaction, np.zeros((4, 4)), atol=1e-12)
    assert (found.empty_value, found.full_value) == (3.0, 4.5)
    assert not found.shapley_error.any()
    assert not found.interaction_error.any()


def test_exact_values_are_the_means_over_all_orders_of_arrival() -> None:
    values = table(5, seed=1)
    found = exact_interactions(looked_up(values), 5)
    brought = np.zeros(5)
    orders = list(permutations(range(5)))
    for order in orders:
        code = 0
        for player in order:
            brought[player] += values[code | 1 << player] - values[code]
            code |= 1 << player
    np.testing.assert_allclose(found.shapley, brought / len(orders), atol=1e-12)
    assert found.shapley.sum() == pytest.approx(found.full_value - found.empty_value)


def test_exact_interactions_are_the_means_over_all_orders_of_the_joined_pair() -> None:
    values = table(4, seed=2)
    found = exact_interactions(looked_up(values), 4)
    for i, j in ((0, 1), (1, 3), (2, 3)):
        rest = [k for k in range(4) if k not in (i, j)]
        seconds = []
        for order in permutations([*rest, -1]):  # -1: the pair arrives as one
            before = sum(1 << k for k in order[: order.index(-1)])
            one, two = before | 1 << i, before | 1 << j
            seconds.append(values[one | two] - values[one] - values[two] + values[before])
        assert found.interaction[i, j] == pytest.approx(np.mean(seconds))


def test_one_player_brings_the_whole_difference() -> None:
    found = exact_interactions(lambda present: 2.0 * present[:, 0] - 1, 1)
    assert found.shapley.tolist() == [2.0]
    assert found.interaction.tolist() == [[0.0]]


def test_a_sample_of_an_additive_game_is_exact_and_knows_it() -> None:
    found = sampled_interactions(linear, 4, orders=8)
    np.testing.assert_allclose(found.shapley, [2.0, -1.0, 0.5, 0.0], atol=1e-12)
    np.testing.assert_allclose(found.shapley_error, 0.0, atol=1e-12)
    np.testing.assert_allclose(np.nan_to_num(found.interaction), np.zeros((4, 4)), atol=1e-12)


def test_a_sample_comes_near_the_exact_values_within_its_errors() -> None:
    values = table(6, seed=3)
    exact = exact_interactions(looked_up(values), 6)
    found = sampled_interactions(looked_up(values), 6, orders=4000, seed=4)
    assert (np.abs(found.shapley - exact.shapley) < 4 * found.shapley_error).all()
    apart = ~np.eye(6, dtype=bool)
    gap = np.abs(found.interaction - exact.interaction)[apart]
    assert (gap < 4.5 * found.interaction_error[apart]).all()
    assert found.interaction_error[apart].max() < 0.15
    assert found.shapley.sum() == pytest.approx(exact.full_value - exact.empty_value)


def test_errors_shrink_with_the_root_of_the_sample() -> None:
    game = looked_up(table(6, seed=5))
    few = sampled_interactions(game, 6, orders=400).shapley_error.mean()
    many = sampled_interactions(game, 6, orders=6400).shapley_error.mean()
    assert few / many == pytest.approx(4.0, rel=0.2)


def test_the_errors_of_interactions_are_those_that_repeated_samples_show() -> None:
    game = looked_up(table(4, seed=6))
    found = [sampled_interactions(game, 4, orders=64, seed=seed) for seed in range(200)]
    shown = np.std([one.interaction for one in found], axis=0)
    said = np.mean([one.interaction_error for one in found], axis=0)
    apart = ~np.eye(4, dtype=bool)
    np.testing.assert_allclose(said[apart], shown[apart], rtol=0.25)


def test_pairs_that_never_met_are_unknown_and_not_zero() -> None:
    found = sampled_interactions(lambda present: present.sum(1), 40, orders=4)
    assert np.isnan(found.interaction).any()
    assert np.isnan(found.interaction[np.isnan(found.interaction).T]).all()  # on both sides
    assert (np.diag(found.interaction) == 0).all()


def test_a_sample_asks_no_more_than_it_says() -> None:
    asked = 0

    def counting(present: BoolArray) -> DoubleArray:
        nonlocal asked
        asked += len(present)
        return present.sum(1).astype(float)

    sampled_interactions(counting, 10, orders=6)
    assert asked == 2 + 6 * (2 * 10 - 2)


@pytest.mark.parametrize("players", [0, 9])
def test_too_many_or_no_players_are_refused(players: int) -> None:
    with pytest.raises(EvidenceError, match=f"not for {players}"):
        exact_interactions(both, players)


@pytest.mark.parametrize(("players", "orders"), [(1, 8), (5, 2), (5, 7)])
def test_samples_too_small_are_refused(players: int, orders: int) -> None:
    with pytest.raises(EvidenceError, match=f"{players} regions and {orders} orders"):
        sampled_interactions(both, players, orders=orders)


def test_a_score_that_is_no_number_is_named() -> None:
    with pytest.raises(EvidenceError, match="not a finite number"):
        exact_interactions(lambda present: np.full(len(present), np.nan), 2)


def test_pairs_alone_and_in_context_disagree_where_a_value_saturates() -> None:
    # Any one of three is enough, all else is idle: alone two stand in for each other, beside the
    # third they bring nothing more.
    saturated = pair_gains(lambda present: present[:, :3].any(1).astype(float), 4)
    expected = np.zeros((4, 4))
    expected[:3, :3] = -1.0
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_array_equal(saturated.alone, expected)
    np.testing.assert_array_equal(saturated.in_context, np.zeros((4, 4)))


def test_pairs_of_two_players_are_their_interaction() -> None:
    game = looked_up(table(2, 5))
    found, exact = pair_gains(game, 2), exact_interactions(game, 2)
    np.testing.assert_allclose(found.alone, exact.interaction, atol=1e-12)
    np.testing.assert_allclose(found.in_context, exact.interaction, atol=1e-12)


def test_pairs_by_their_definition() -> None:
    values, asked = table(4, 9), []

    def game(present: BoolArray) -> DoubleArray:
        asked.append(len(present))
        return np.asarray(looked_up(values)(present))

    found = pair_gains(game, 4)
    assert asked == [4 * 4 + 4 + 2]
    for i in range(4):
        for j in range(4):
            one, two, full = 1 << i, 1 << j, 15
            alone = values[one | two] - values[one] - values[two] + values[0]
            rest = values[full] - values[full ^ one] - values[full ^ two] + values[full ^ one ^ two]
            assert found.alone[i, j] == pytest.approx(alone if i != j else 0)
            assert found.in_context[i, j] == pytest.approx(rest if i != j else 0)
    with pytest.raises(EvidenceError, match="two regions"):
        pair_gains(game, 1)
