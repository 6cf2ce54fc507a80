"""Methods on self-attention on cases worked by hand: two layers, a class token and two places."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.capture.readings import TokenGrid
from attnviz.errors import MethodError
from attnviz.methods import METHODS
from attnviz.methods.attention_value_norm import AttentionValueNorm
from attnviz.methods.chefer import Chefer
from attnviz.methods.gradient_rollout import GradientRollout
from attnviz.methods.legrad import LeGrad
from attnviz.methods.raw_attention import RawAttention
from attnviz.methods.rollout import Rollout
from tests.methods.readings import trace_of, with_weights

GRID = TokenGrid(rows=1, columns=2, prefix=1, class_token=0)

# Rows: class token, left place, right place. Two heads in the first layer, one in the second.
FIRST = torch.tensor(
    [
        [[0.2, 0.6, 0.2], [0.1, 0.8, 0.1], [0.5, 0.1, 0.4]],
        [[0.4, 0.2, 0.4], [0.3, 0.2, 0.5], [0.1, 0.3, 0.6]],
    ]
)
SECOND = torch.tensor([[[0.2, 0.2, 0.6], [0.3, 0.3, 0.4], [0.1, 0.1, 0.8]]])
FIRST_SLOPE = torch.tensor(
    [
        [[1.0, 1.0, -1.0], [0.0, 0.5, 0.0], [2.0, 0.0, 0.0]],
        [[0.0, 1.0, 1.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]],
    ]
)
SECOND_SLOPE = torch.tensor([[[1.0, -1.0, 2.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]])
LAYERS = (
    with_weights(FIRST, GRID, gradient=FIRST_SLOPE, layer="first"),
    with_weights(SECOND, GRID, gradient=SECOND_SLOPE, layer="second"),
)
TRACE = trace_of(*LAYERS)


def maps_of(method: object) -> list[list[float]]:
    maps = method(TRACE)  # type: ignore[operator]
    assert [one.layer for one in maps] == ["first", "second"]
    assert all(one.values.shape == (1, 1, 2) and one.values.dtype == np.float32 for one in maps)
    return [one.values[0, 0].tolist() for one in maps]


def test_raw_attention() -> None:
    assert_maps(RawAttention(), [[0.4, 0.3], [0.2, 0.6]])


# Mean of the heads in the first layer: class [.3 .4 .3], left [.2 .5 .3], right [.3 .2 .5].
# A' = (A + I) / 2:                    class [.65 .2 .15], left [.1 .75 .15], right [.15 .1 .75].
# Second layer A', class row:          [.6 .1 .3].
# Second after first: .6 [.65 .2 .15] + .1 [.1 .75 .15] + .3 [.15 .1 .75] = [.445 .225 .33].
def test_rollout() -> None:
    assert_maps(Rollout(), [[0.2, 0.15], [0.225, 0.33]])


# Left place in the second layer: A' = [.15 .65 .2];
# .15 [.65 .2 .15] + .65 [.1 .75 .15] + .2 [.15 .1 .75] = [.1925 .5375 .27].
def test_rollout_of_a_clicked_place() -> None:
    assert_maps(Rollout(query=0), [[0.75, 0.15], [0.5375, 0.27]])
    assert_maps(Rollout(query=(0.5, 0.2)), [[0.75, 0.15], [0.5375, 0.27]])


# Larger of the heads, first layer: class [.4 .6 .4], left [.3 .8 .5], right [.5 .3 .6].
# (A + I) over row sums 2.4, 2.6, 2.4: class [1.4 .6 .4] / 2.4, left [.3 1.8 .5] / 2.6,
# right [.5 .3 1.6] / 2.4. The second layer has one head: class row [.6 .1 .3] as before.
def test_rollout_of_the_larger_head() -> None:
    first = np.asarray([[1.4, 0.6, 0.4], [0.3, 1.8, 0.5], [0.5, 0.3, 1.6]])
    first /= first.sum(1, keepdims=True)
    last = np.asarray([0.6, 0.1, 0.3]) @ first
    assert_maps(Rollout(heads="max"), [[0.25, 1 / 6], last[1:].tolist()])


# A third of three keys is one: the smallest of each row, never the class token's. Means of the
# heads in the first layer: left [.2 .5 .3], where the smallest is the class token's, which stays;
# right [.3 .2 .5], where left goes: (A + I) over its sum is [.3 0 1.5] / 1.8.
def test_rollout_discards_the_smallest_of_each_row() -> None:
    left = Rollout(discard=0.34, query=0)(trace_of(LAYERS[0]))
    np.testing.assert_allclose(left[0].values[0, 0], [0.75, 0.15], rtol=1e-5)
    right = Rollout(discard=0.34, query=1)(trace_of(LAYERS[0]))
    np.testing.assert_allclose(right[0].values[0, 0], [0.0, 1.5 / 1.8], rtol=1e-5, atol=1e-7)


# E = mean over heads of relu(G A). First layer, head 0: class [.2 .6 0], left [0 .4 0],
# right [1 0 0]; head 1: class [0 .2 .4], left [0 0 0], right [0 0 .6].
# E1: class [.1 .4 .2], left [0 .2 0], right [.5 0 .3]. E2: class [.2 0 1.2], else 0.
# R after the first: I + E1, class row [1.1 .4 .2].
# R after the second: (I + E2) (I + E1), class row 1.2 [1.1 .4 .2] + 1.2 [.5 0 1.3].
def test_chefer() -> None:
    assert_maps(Chefer(), [[0.4, 0.2], [1.2 * 0.4, 1.2 * 0.2 + 1.2 * 1.3]])


# Rows of I + E brought to sum 1. First: class [1.1 .4 .2] / 1.7, left [0 1 0],
# right [.5 0 1.3] / 1.8. Second: class [1.2 0 1.2] / 2.4 = [.5 0 .5].
def test_gradient_rollout() -> None:
    last = [0.5 * 0.4 / 1.7, 0.5 * 0.2 / 1.7 + 0.5 * 1.3 / 1.8]
    assert_maps(GradientRollout(), [[0.4 / 1.7, 0.2 / 1.7], last])


# Sums of relu(G) over 2 heads x 3 queries: left 1 + .5 + 1 = 2.5, right 1 + 1 = 2; over 6.
# Second layer: left 0, right 2; over 1 head x 3 queries.
def test_legrad() -> None:
    assert_maps(LeGrad(summed=False), [[2.5 / 6, 2 / 6], [0, 2 / 3]])
    assert_maps(LeGrad(), [[2.5 / 6, 2 / 6], [2.5 / 12, 1 / 6 + 1 / 3]])


def test_attention_value_norm() -> None:
    first = with_weights(FIRST, GRID, layer="first")
    longer = first.v * torch.tensor([1.0, 3.0, 0.5])[:, None]  # type: ignore[operator]
    reading = type(first)(**{**vars(first), "v": longer})
    values = AttentionValueNorm()(trace_of(reading))[0].values
    np.testing.assert_allclose(values[0, 0], [0.4 * 3, 0.3 * 0.5], rtol=1e-5)
    bare = type(first)(**{**vars(first), "v": None})
    with pytest.raises(MethodError, match="could not be read"):
        AttentionValueNorm()(trace_of(bare))


@pytest.mark.parametrize(
    ("heads", "query", "expected"),
    [
        (0, "class", [0.6, 0.2]),
        (1, "class", [0.2, 0.4]),
        (7, "class", [0.2, 0.4]),  # the last one: layers need not have as many heads
        ("max", "class", [0.6, 0.4]),
        ("min", "class", [0.2, 0.2]),
        ("mean", "mean", [0.35, 0.4]),  # of the rows [.5 .3] and [.2 .5]
        ("mean", 1, [0.2, 0.5]),
        ("mean", (0.0, 1.0), [0.2, 0.5]),
    ],
)
def test_whose_attention(heads: object, query: object, expected: list[float]) -> None:
    method = RawAttention(query=query, heads=heads)  # type: ignore[arg-type]
    np.testing.assert_allclose(method(TRACE)[0].values[0, 0], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"query": "middle"}, "'class', 'mean'"),
        ({"query": 2}, "cells 0 to 1"),
        ({"query": (0.5, 1.5)}, "outside"),
        ({"heads": -1}, "no head -1"),
        ({"heads": "median"}, "'mean', 'max', 'min'"),
    ],
)
def test_options_that_are_not_there(options: dict[str, object], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        RawAttention(**options)(TRACE)  # type: ignore[arg-type]


def test_discard_is_a_share() -> None:
    with pytest.raises(MethodError, match="discard"):
        Rollout(discard=1.0)


@pytest.mark.parametrize("name", ["chefer", "gradient-rollout", "legrad"])
def test_gradients_are_asked_for_in_a_sentence(name: str) -> None:
    bare = with_weights(SECOND, GRID, layer="block.7")
    with pytest.raises(MethodError, match=r"kept none at block\.7.*gradients=True"):
        METHODS.get(name)()(trace_of(bare))


def assert_maps(method: object, expected: list[list[float]]) -> None:
    np.testing.assert_allclose(maps_of(method), expected, rtol=1e-5, atol=1e-7)
