"""What must hold of methods on self-attention whatever the numbers are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from attnviz.capture.readings import DenseAttention, TokenGrid
from attnviz.capture.trace import Trace
from attnviz.methods import METHODS, context
from attnviz.methods.chefer import Chefer
from attnviz.methods.gradient_rollout import GradientRollout
from attnviz.methods.legrad import LeGrad
from attnviz.methods.raw_attention import RawAttention
from attnviz.methods.rollout import Rollout
from attnviz.methods.through_layers import moved
from tests.methods.readings import gradient_matrix, matrix, random_reading, trace_of, with_weights

# A class token and two registers before 4 x 6 places.
GRID = TokenGrid(4, 6, prefix=3, class_token=0)
LAYERS = [random_reading(seed, GRID, layer=f"block{seed}") for seed in range(4)]
TRACE = trace_of(*LAYERS)
NAMES = sorted(method.name for method in METHODS if issubclass(method, context.ContextMethod))


def values_of(name: str, trace: Trace = TRACE) -> list[np.ndarray]:
    return [one.values for one in METHODS.get(name)()(trace)]  # type: ignore[operator]


def full(factors: list[Tensor]) -> list[np.ndarray]:
    """Class token's row of M_l ... M_1 for each l, [N, 4, 6], from whole matrices."""
    product, found = torch.eye(GRID.tokens).expand_as(factors[0]), []
    for factor in factors:
        product = factor @ product
        found.append(product[:, 0, GRID.prefix :].reshape(-1, 4, 6).numpy())
    return found


def even(rows: Tensor) -> Tensor:
    return rows / rows.sum(-1, keepdim=True)


def test_every_name_is_registered() -> None:
    assert NAMES == [
        "attention-value-norm", "chefer", "direct-contributions", "gradient-rollout",
        "head-consensus", "legrad", "raw-attention", "rollout",
    ]  # fmt: skip


@pytest.mark.parametrize("small", [False, True])
def test_row_vectors_equal_whole_matrices(small: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if small:  # blocks of 5 queries
        monkeypatch.setattr(context, "_BLOCK_FLOATS", 5 * 3 * GRID.tokens)
    same = torch.eye(GRID.tokens)
    attention = [even(matrix(one).mean(1) + same) for one in LAYERS]
    relevance = [(gradient_matrix(one) * matrix(one)).relu().mean(1) + same for one in LAYERS]
    slopes = [gradient_matrix(one).relu().mean((1, 2))[:, 3:].reshape(-1, 4, 6) for one in LAYERS]
    cases = [
        (Rollout(), full(attention)),
        (Chefer(), full(relevance)),
        (GradientRollout(), full([even(one) for one in relevance])),
        (LeGrad(summed=False), slopes),
        (RawAttention(), [matrix(one).mean(1)[:, 0, 3:].reshape(-1, 4, 6) for one in LAYERS]),
    ]
    for method, expected in cases:
        for own, other in zip(method(TRACE), expected, strict=True):
            np.testing.assert_allclose(own.values, other, rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_heads_does_not_matter(name: str) -> None:
    order = [2, 0, 1]

    def shuffled(one: DenseAttention) -> DenseAttention:
        moved = {part: getattr(one, part)[:, order] for part in ("q", "k", "v", "out_gradient")}
        return replace(one, **moved)

    trace = trace_of(*map(shuffled, LAYERS))
    for own, other in zip(values_of(name), values_of(name, trace), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_pictures_of_a_batch_do_not_touch(name: str) -> None:
    def second(one: DenseAttention) -> DenseAttention:
        return replace(
            one, **{part: getattr(one, part)[1:] for part in ("q", "k", "v", "out_gradient")}
        )

    alone = values_of(name, trace_of(*map(second, LAYERS)))
    for own, other in zip(values_of(name), alone, strict=True):
        np.testing.assert_allclose(own[1:], other, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_maps_are_finite_and_oblong_and_from_zero_up_unless_signed(name: str) -> None:
    for one in values_of(name):
        assert one.shape == (2, 4, 6)
        assert one.dtype == np.float32
        assert np.isfinite(one).all()
        assert METHODS.get(name).signed or one.min() >= 0


@pytest.mark.parametrize("name", NAMES)
def test_registers_never_enter_a_map(name: str) -> None:
    """All attention on a register leaves next to nothing for the places."""
    weights = torch.full((1, GRID.tokens, GRID.tokens), 1e-9)
    weights[..., 2] = 1
    reading = with_weights(weights / weights.sum(-1, keepdim=True), GRID, gradient=weights)
    assert values_of(name, trace_of(reading))[0].max() < 1e-6


@pytest.mark.parametrize(
    "name", ["raw-attention", "rollout", "attention-value-norm", "head-consensus"]
)
def test_an_impulse_comes_out_at_its_place(name: str) -> None:
    weights = torch.full((1, GRID.tokens, GRID.tokens), 1e-9)
    weights[..., GRID.prefix + 2 * 6 + 5] = 1
    reading = with_weights(weights / weights.sum(-1, keepdim=True), GRID)
    one = values_of(name, trace_of(reading, reading))[-1][0]
    assert np.unravel_index(one.argmax(), one.shape) == (2, 5)


def test_without_a_class_token_the_places_ask_together() -> None:
    bare = TokenGrid(4, 6)
    reading = random_reading(9, bare)
    expected = matrix(reading).mean((1, 2)).reshape(-1, 4, 6)
    own = RawAttention()(trace_of(reading))[0].values
    np.testing.assert_allclose(own, expected, rtol=1e-5)
    rolled = Rollout()(trace_of(reading, random_reading(10, bare)))
    np.testing.assert_allclose([one.values.sum((1, 2)) for one in rolled], 1, rtol=1e-5)


def test_layers_in_which_the_class_token_alone_asks() -> None:
    """As CaiT has them: two such layers above one of places only."""
    patches, single = TokenGrid(2, 3), TokenGrid(0, 0, 1, 0)
    both = TokenGrid(2, 3, 1, 0)
    layers = [
        random_reading(0, patches, batch=1),
        random_reading(1, single, both, batch=1),
        random_reading(2, single, both, batch=1),
    ]
    trace = trace_of(*layers)
    for query in ("class", "mean", 1, (0.2, 0.9)):
        own = RawAttention(query=query)(trace)[-1].values  # type: ignore[arg-type]
        expected = matrix(layers[2]).mean(1)[:, 0, 1:].reshape(1, 2, 3)
        np.testing.assert_allclose(own, expected, rtol=1e-5)

    # Whole matrices over class token and places, the token passing the layer of places untouched.
    whole = []
    for one in layers:
        rows = matrix(one).mean(1)[0]
        square = torch.zeros(7, 7)
        if rows.shape[0] == 1:
            square[0] = rows[0]
            square[0, 0] += 1
            square[0] /= 2
            square[1:, 1:] = torch.eye(6)
        else:
            square[0, 0] = 1
            square[1:, 1:] = (rows + torch.eye(6)) / 2
        whole.append(square)
    expected = (whole[2] @ whole[1] @ whole[0])[0, 1:].reshape(1, 2, 3)
    np.testing.assert_allclose(Rollout()(trace)[-1].values, expected, rtol=1e-5)


def test_pooled_keys_and_merged_stages_keep_the_mass() -> None:
    """As PVT has them: keys on 2 x 3 for queries on 4 x 6, then a stage of 2 x 3."""
    fine, coarse = TokenGrid(4, 6), TokenGrid(2, 3)
    layers = (random_reading(0, fine, coarse), random_reading(1, coarse))
    maps = Rollout()(trace_of(*layers))
    for one in maps:
        assert one.values.shape == (2, 4, 6)
        np.testing.assert_allclose(one.values.sum((1, 2)), 1, rtol=1e-5)
    # By hand for the first: half of an even map, and half of the keys' mean row on 2 x 2 cells.
    rows = matrix(layers[0]).mean((1, 2)).reshape(-1, 2, 3)
    expected = 0.5 / 24 + 0.5 * rows.repeat_interleave(2, 1).repeat_interleave(2, 2) / 4
    np.testing.assert_allclose(maps[0].values, expected, rtol=1e-5)


def test_moving_between_grids() -> None:
    three, two = TokenGrid(1, 3), TokenGrid(1, 2)
    np.testing.assert_allclose(moved(torch.tensor([[1.0, 2.0, 4.0]]), three, two), [[2, 5]])
    np.testing.assert_allclose(
        moved(torch.tensor([[3.0, 6.0]]), two, three), [[2, 3, 4]], rtol=1e-6
    )
    with_class, with_registers = TokenGrid(1, 2, 1, 0), TokenGrid(1, 2, 3, 2)
    there = moved(torch.tensor([[7.0, 1.0, 2.0]]), with_class, with_registers)
    np.testing.assert_allclose(there, [[0, 0, 7, 1, 2]])
    np.testing.assert_allclose(moved(there, with_registers, two), [[1, 2]])
