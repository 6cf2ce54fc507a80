"""The attention on which heads agree: by hand, and what layers and grids have to do with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from attnviz.capture.readings import DenseAttention, TokenGrid
from attnviz.methods.head_consensus import HeadConsensus
from tests.methods.readings import random_reading, trace_of, with_weights

PLACES = TokenGrid(1, 3, prefix=1, class_token=0)


def looking(*heads: tuple[float, float, float], layer: str = "layer") -> DenseAttention:
    """A layer in which the class token attends to three places, and to itself with the rest."""
    rows = torch.tensor([[1 - sum(head), *head] for head in heads])
    return with_weights(rows[:, None].expand(-1, 4, 4).clone(), PLACES, layer=layer)


def shown(*layers: DenseAttention) -> list[list[float]]:
    return [one.values[0, 0].tolist() for one in HeadConsensus()(trace_of(*layers))]


# Less their means the heads are (.2 0 -.2), (.1 0 -.1) and (-.1 .2 -.1), and their mean is
# (.2 .2 -.4) / 3. Its cosines with them, squared: .12^2 / (.08 .24) = .75, .06^2 / (.02 .24) = .75
# and .06^2 / (.06 .24) = .25, so they count 3/7, 3/7 and 1/7.
def test_three_heads_by_hand() -> None:
    first, second, third = (0.5, 0.3, 0.1), (0.3, 0.2, 0.1), (0.1, 0.4, 0.1)
    own = shown(looking(first, second, third))
    expected = (3 * np.asarray(first) + 3 * np.asarray(second) + np.asarray(third)) / 7
    np.testing.assert_allclose(own, [expected], rtol=1e-5)


def test_a_head_that_disagrees_does_not_count() -> None:
    own = shown(looking((0.6, 0.2, 0.1), (0.6, 0.2, 0.1), (0.1, 0.3, 0.4)))
    np.testing.assert_allclose(own, [[0.6, 0.2, 0.1]], rtol=1e-5)


def test_flat_heads_count_alike() -> None:
    own = shown(looking((0.1, 0.1, 0.1), (0.3, 0.3, 0.3)))
    np.testing.assert_allclose(own, [[0.2, 0.2, 0.2]], rtol=1e-5)


# Norms of the places' values are 1, 3 and 2: half, one and a half, and once their mean.
def test_places_count_by_the_norm_of_their_values() -> None:
    reading = looking((0.4, 0.2, 0.2))
    lengths = torch.tensor([9.0, 1.0, 3.0, 2.0])[:, None]
    assert reading.v is not None
    own = shown(replace(reading, v=reading.v * lengths))
    np.testing.assert_allclose(own, [[0.2, 0.3, 0.2]], rtol=1e-5)
    bare = shown(replace(reading, v=None))
    np.testing.assert_allclose(bare, [[0.4, 0.2, 0.2]], rtol=1e-5)


def test_a_third_of_the_layers_count_for_each() -> None:
    """Of six layers, each with the one before it."""
    heads = [(0.1, 0.2, 0.3), (0.1, 0.1, 0.5), (0.2, 0.1, 0.4)] * 2
    layers = [looking(head, layer=f"{n}") for n, head in enumerate(heads)]
    every = shown(*layers)
    np.testing.assert_allclose(every[0], heads[0], rtol=1e-5)
    for last in range(1, 6):
        pair = looking(heads[last - 1], heads[last])
        np.testing.assert_allclose(every[last], shown(pair)[0], rtol=1e-5)


def test_heads_on_another_grid_keep_their_sum() -> None:
    fine, coarse = TokenGrid(8, 12, 1, 0), TokenGrid(4, 6, 1, 0)
    even = [
        with_weights(torch.full((2, grid.tokens, grid.tokens), 0.5 / grid.cells), grid, layer="x")
        for grid in (fine, coarse, coarse, coarse)
    ]
    first, second = (one.values[0] for one in HeadConsensus()(trace_of(*even))[:2])
    assert first.shape == (8, 12)
    assert second.shape == (4, 6)
    np.testing.assert_allclose([first.sum(), second.sum()], np.full(2, 96 / 97), atol=0.05)


def test_a_mirrored_layer_has_the_mirrored_map() -> None:
    grid = TokenGrid(4, 6, prefix=1, class_token=0)
    layers = [random_reading(seed, grid) for seed in range(3)]
    order = torch.arange(25)
    order[1:] = order[1:].reshape(4, 6).flip(1).flatten()
    mirrored = [
        replace(one, **{part: getattr(one, part)[:, :, order] for part in ("q", "k", "v")})
        for one in layers
    ]
    for own, other in zip(
        HeadConsensus()(trace_of(*layers)), HeadConsensus()(trace_of(*mirrored)), strict=True
    ):
        np.testing.assert_allclose(other.values, own.values[..., ::-1], rtol=1e-4, atol=1e-6)
