"""Numbers of layers: closed forms, cases by hand, and what must not change them."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from attnviz.analysis import layer_statistics as layer_facts
from attnviz.analysis.layer_statistics import (
    attention_facts,
    gate_bars,
    mask_share,
    query_maps,
    spatial_spread,
)
from attnviz.capture.readings import DenseAttention, GateReading, SoftMaskReading, TokenGrid
from attnviz.errors import MethodError
from attnviz.methods import context
from attnviz.methods.raw_attention import RawAttention
from tests.methods.readings import matrix, random_reading, trace_of, with_weights


def even_reading(grid: TokenGrid, heads: int = 2) -> DenseAttention:
    return with_weights(torch.full((heads, grid.tokens, grid.tokens), 1 / grid.tokens), grid)


@pytest.mark.parametrize(
    ("side", "patch", "pixels"), [(14, 16, 116.5), (7, 32, 115.5), (16, 16, 133.2), (8, 4, 16.55)]
)
def test_even_attention_has_the_known_distance_and_entropy(
    side: int, patch: int, pixels: float
) -> None:
    grid = TokenGrid(side, side, prefix=1, class_token=0)
    facts = attention_facts(even_reading(grid), (side * patch, side * patch))
    np.testing.assert_allclose(facts.entropy, math.log(grid.tokens), rtol=1e-5)
    assert facts.even_entropy == pytest.approx(math.log(grid.tokens), rel=1e-5)
    np.testing.assert_allclose(facts.distance, pixels, rtol=2e-3)
    assert facts.even_distance == pytest.approx(float(facts.distance[0, 0]), rel=1e-4)


def test_by_hand_on_an_oblong_grid() -> None:
    """1 x 2 places of 10 x 30 pixels: centres 30 apart; a class token takes half of each row."""
    grid = TokenGrid(1, 2, prefix=1, class_token=0)
    weights = torch.tensor([[[1.0, 0, 0], [0.5, 0.375, 0.125], [0.5, 0.5, 0.0]]])
    facts = attention_facts(with_weights(weights, grid), (10, 60))
    # Of what goes to places, a quarter goes to the other one; from the right place all of it.
    assert facts.distance[0, 0] == pytest.approx((0.25 * 30 + 30) / 2, rel=1e-5)
    left = -(0.5 * math.log(0.5) + 0.375 * math.log(0.375) + 0.125 * math.log(0.125))
    assert facts.entropy[0, 0] == pytest.approx((left + math.log(2)) / 2, rel=1e-5)
    # The right place cannot see itself: 2 keys, and 30 pixels; the left one 3 keys, and 15.
    assert facts.even_entropy == pytest.approx((math.log(3) + math.log(2)) / 2, rel=1e-5)
    assert facts.even_distance == pytest.approx((15 + 30) / 2, rel=1e-5)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = random_reading(0, TokenGrid(4, 6, 2, 0))
    whole = attention_facts(reading, (32, 48))
    monkeypatch.setattr(context, "_BLOCK_FLOATS", 1)
    single = attention_facts(reading, (32, 48))
    np.testing.assert_allclose(whole.entropy, single.entropy, rtol=1e-5)
    np.testing.assert_allclose(whole.distance, single.distance, rtol=1e-5)
    assert whole.entropy.shape == whole.distance.shape == (2, 3)


def test_heads_keep_their_own_numbers() -> None:
    reading = random_reading(0, TokenGrid(4, 6))
    order = [2, 0, 1]
    other = replace(reading, q=reading.q[:, order], k=reading.k[:, order])
    facts, shuffled = attention_facts(reading, (32, 48)), attention_facts(other, (32, 48))
    np.testing.assert_allclose(facts.entropy[:, order], shuffled.entropy, rtol=1e-5)
    np.testing.assert_allclose(facts.distance[:, order], shuffled.distance, rtol=1e-5)


def test_a_class_token_that_asks_alone_has_no_distance() -> None:
    reading = random_reading(0, TokenGrid(0, 0, 1, 0), TokenGrid(2, 3, 1, 0))
    facts = attention_facts(reading, (20, 30))
    assert np.isfinite(facts.entropy).all()
    assert np.isnan(facts.distance).all()
    assert math.isnan(facts.even_distance)


def test_pooled_keys_lie_at_their_own_centres() -> None:
    """1 x 4 places of 10 x 10 that look at 1 x 2 keys of 10 x 20, all at the left one, x = 10."""
    weights = torch.tensor([[[1.0, 0.0]] * 4])
    reading = with_weights(weights, TokenGrid(1, 4), TokenGrid(1, 2))
    facts = attention_facts(reading, (10, 40))
    assert facts.distance[0, 0] == pytest.approx((5 + 5 + 15 + 25) / 4, rel=1e-5)


def test_keys_hidden_by_a_bias_cannot_be_seen() -> None:
    """Swin adds -100, which float32 does not quite turn into 0."""
    weights = torch.tensor([[[0.5, 0.5, 1e-38]] * 3])
    facts = attention_facts(with_weights(weights, TokenGrid(1, 3)), (10, 30))
    assert facts.even_entropy == pytest.approx(math.log(2), rel=1e-5)


def test_spread_of_an_impulse_two_points_and_nothing() -> None:
    maps = np.zeros((3, 4, 6), np.float32)
    maps[0, 2, 5] = 3
    maps[1, 0, 1] = maps[1, 0, 5] = 2
    maps[1, 3, 3] = -9
    spread = spatial_spread(maps, (40, 60))
    np.testing.assert_allclose(spread[:2], [0, 20], atol=1e-4)
    assert np.isnan(spread[2])


def test_spread_of_an_even_map() -> None:
    ones = np.ones((4, 4), np.float32)
    expected = math.sqrt(2 * (5**2 + 15**2) / 2)
    assert float(spatial_spread(ones, (40, 40))) == pytest.approx(expected, rel=1e-5)


def test_share_of_a_mask() -> None:
    mask, trunk = torch.full((1, 1, 1, 2), 0.5), torch.tensor([[[[6.0, 8.0]]]])
    base = torch.tensor([[[[9.0, 12.0]]]])  # lengths: 5 through the mask, 15 beside it
    np.testing.assert_allclose(mask_share(SoftMaskReading("l", mask, trunk, base)), [0.25])
    np.testing.assert_allclose(mask_share(SoftMaskReading("l", mask, trunk, None)), [0.5])


def test_bars_are_sorted_and_bring_their_maps() -> None:
    features = torch.arange(2 * 4 * 6.0).reshape(2, 4, 2, 3)
    gate = torch.tensor([[0.0, 0.0, 0.0, 0.0], [0.3, 0.9, 0.3, 0.5]])
    bars = gate_bars(GateReading("se", gate, features), picture=1, top=2)
    assert bars.channels.tolist() == [1, 3, 0, 2]
    np.testing.assert_allclose(bars.values, [0.9, 0.5, 0.3, 0.3])
    np.testing.assert_array_equal(bars.maps, features[1, [1, 3]])
    assert gate_bars(GateReading("se", gate, features[:, :, 0, 0])).maps.shape[0] == 0


def test_a_click_is_the_row_of_its_cell_in_every_layer() -> None:
    fine, coarse = TokenGrid(4, 6, 2, 0), TokenGrid(2, 3)
    layers = (random_reading(0, fine, layer="a"), random_reading(1, coarse, layer="b"))
    trace = trace_of(*layers)
    first, second = query_maps(trace, 0.7, 0.4, picture=1)  # row 2, column 2; row 1, column 1
    assert (first.layer, second.layer) == ("a", "b")
    rows = matrix(layers[0])[1, :, 2 + 2 * 6 + 2]
    np.testing.assert_allclose(first.values, rows[:, 2:].reshape(3, 4, 6), rtol=1e-5)
    np.testing.assert_allclose(first.elsewhere + first.values.sum((1, 2)), 1, rtol=1e-5)
    rows = matrix(layers[1])[1, :, 1 * 3 + 1]
    np.testing.assert_allclose(second.values, rows.reshape(3, 2, 3), rtol=1e-5)
    mean = RawAttention(query=(0.7, 0.4))(trace)[0].values[1]
    np.testing.assert_allclose(first.values.mean(0), mean, rtol=1e-5)


def test_a_click_outside_is_refused() -> None:
    with pytest.raises(MethodError, match="outside"):
        query_maps(trace_of(random_reading(0, TokenGrid(2, 2))), -0.1, 0.5)


def test_a_click_on_a_base_sized_transformer_is_quick() -> None:
    """12 layers, 12 heads of 64, 197 tokens; the limit is 50 ms on two cores."""
    grid = TokenGrid(14, 14, 1, 0)
    draw = torch.randn(1, 12, 197, 64)
    layers = [DenseAttention("l", grid, grid, 12, draw, draw, None, 0.125) for _ in range(12)]
    trace = trace_of(*layers)
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        layer_facts.query_maps(trace, 0.5, 0.5)
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.05, times
