"""Rollout between regions: two layers worked by hand, and matrices written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.capture.readings import TokenGrid
from attnviz.errors import EvidenceError
from attnviz.evidence.interaction.attention_flow import region_flow
from attnviz.evidence.interaction.regions import grid_regions
from attnviz.methods.rollout import Rollout
from tests.methods.readings import matrix, random_reading, trace_of, with_weights

LINE = TokenGrid(rows=1, columns=2, prefix=1, class_token=0)
HALVES = grid_regions((4, 8), 1, 2)

# Rows: class token, left, right. Mean of the heads: class [.3 .4 .3], left [.2 .5 .3],
# right [.3 .2 .5]; A' = (A + I) / 2: class [.65 .2 .15], left [.1 .75 .15], right [.15 .1 .75].
FIRST = torch.tensor(
    [
        [[0.2, 0.6, 0.2], [0.1, 0.8, 0.1], [0.5, 0.1, 0.4]],
        [[0.4, 0.2, 0.4], [0.3, 0.2, 0.5], [0.1, 0.3, 0.6]],
    ]
)
# A': left [.15 .65 .2], right [.05 .05 .9].
SECOND = torch.tensor([[[0.2, 0.2, 0.6], [0.3, 0.3, 0.4], [0.1, 0.1, 0.8]]])


def test_two_layers_by_hand() -> None:
    layers = (with_weights(FIRST, LINE), with_weights(SECOND, LINE))
    # left:  .15 [.65 .2 .15] + .65 [.1 .75 .15] + .2 [.15 .1 .75] = [.1925 .5375 .27]
    # right: .05 [.65 .2 .15] + .05 [.1 .75 .15] + .9 [.15 .1 .75] = [.1725 .1375 .69]
    expected = [[0.5375, 0.27], [0.1375, 0.69]]
    np.testing.assert_allclose(region_flow(layers, HALVES), expected, rtol=1e-5)


def test_agrees_with_whole_matrices_and_with_the_method() -> None:
    grid = TokenGrid(rows=4, columns=6, prefix=2, class_token=0)
    layers = [random_reading(seed, grid, batch=1) for seed in range(3)]
    product = torch.eye(grid.tokens, dtype=torch.float64)
    for one in layers:
        product = (matrix(one)[0].double().mean(0) + torch.eye(grid.tokens)) / 2 @ product
    places = product[2:, 2:].numpy()
    labels = grid_regions((8, 12), 2, 3)
    cell = labels[::2, ::2].ravel()
    expected = [
        [places[np.ix_(cell == a, cell == b)].sum(1).mean() for b in range(6)] for a in range(6)
    ]
    flow = region_flow(layers, labels)
    np.testing.assert_allclose(flow, expected, rtol=1e-4)
    assert (flow.sum(1) < 1).all()
    single = np.arange(24).reshape(4, 6)
    rollout = Rollout(query=7)(trace_of(*layers))[-1].values[0]
    np.testing.assert_allclose(region_flow(layers, single)[7], rollout.ravel(), rtol=1e-4)


def test_a_cell_on_a_border_counts_by_its_area() -> None:
    # One region holds the left cell and half of the right one, the other the rest.
    labels = np.zeros((1, 4), np.int64)
    labels[0, 3] = 1
    layers = (with_weights(FIRST, LINE),)
    # Places [left, right]: rows [.75 .15] and [.1 .75]; region 0 is [1 .5], region 1 is [0 .5].
    first = (np.array([0.75, 0.15]) + 0.5 * np.array([0.1, 0.75])) / 1.5
    second = np.array([0.1, 0.75])
    expected = [[row @ [1, 0.5], row @ [0, 0.5]] for row in (first, second)]
    np.testing.assert_allclose(region_flow(layers, labels), expected, rtol=1e-5)


def test_even_attention_of_stages_with_other_grids_keeps_what_flows() -> None:
    fine, coarse = TokenGrid(4, 4), TokenGrid(2, 2)
    layers = (
        with_weights(torch.full((1, 16, 16), 1 / 16), fine),
        with_weights(torch.full((1, 4, 4), 1 / 4), coarse),
    )
    flow = region_flow(layers, grid_regions((8, 8), 2, 2))
    np.testing.assert_allclose(flow.sum(1), np.ones(4), rtol=1e-5)
    # Half of the half stays in place, the rest is even: 1/4 + 3/4 * 1/4 and 3/16.
    np.testing.assert_allclose(flow, np.full((4, 4), 3 / 16) + np.eye(4) / 4, rtol=1e-5)


def test_a_network_without_self_attention_has_no_flow() -> None:
    with pytest.raises(EvidenceError, match="no self-attention"):
        region_flow((), HALVES)
