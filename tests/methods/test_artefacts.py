"""Artefact tokens: found by their norm, filled from their neighbours."""

from __future__ import annotations

import pytest
import torch

from attnviz.errors import MethodError
from attnviz.methods.artefacts import artefact_tokens, masked


def test_median_and_deviation_by_hand() -> None:
    """Norms 8 9 10 11 12: median 10, absolute deviations 0 1 1 2 2, MAD 1, limit 15."""
    norms = torch.tensor([[[8.0, 9, 10, 11, 12]]])
    assert not artefact_tokens(norms).any()
    norms[0, 0, 4] = 15.5
    assert artefact_tokens(norms).tolist() == [[[False, False, False, False, True]]]
    assert not artefact_tokens(norms, deviations=6).any()


def test_features_are_measured_by_their_length() -> None:
    features = torch.ones(2, 16, 4, 6)
    features[1, :, 3, 0] *= 20
    expected = torch.zeros(2, 4, 6, dtype=torch.bool)
    expected[1, 3, 0] = True
    assert (artefact_tokens(features) == expected).all()


def test_even_norms_have_no_artefacts_and_broken_ones_are_some() -> None:
    norms = torch.full((1, 3, 3), 7.0)
    norms[0, 0, 0] = 7.001
    assert not artefact_tokens(norms).any()
    norms[0, 1, 1] = torch.nan
    assert artefact_tokens(norms).sum() == 1


def test_a_cell_is_filled_by_the_mean_of_its_neighbours() -> None:
    values = torch.arange(9.0).reshape(1, 3, 3)
    values[0, 0, 0] = 100
    mask = torch.zeros(1, 3, 3, dtype=torch.bool)
    mask[0, 0, 0] = True
    filled = masked(values, mask)
    assert filled[0, 0, 0] == (1 + 3 + 4) / 3
    assert (filled[~mask] == values[~mask]).all()
    assert values[0, 0, 0] == 100


def test_areas_are_filled_from_the_rim_inwards() -> None:
    values = torch.zeros(1, 1, 6)
    values[0, 0, 0], values[0, 0, 5] = 4, 8
    mask = torch.tensor([[[False, True, True, True, True, False]]])
    assert masked(values, mask)[0, 0].tolist() == [4, 4, 4, 8, 8, 8]


def test_nothing_left_to_fill_from() -> None:
    values = torch.rand(1, 2, 2)
    assert (masked(values, torch.ones(1, 2, 2, dtype=torch.bool)) == values).all()
    broken = torch.tensor([[[torch.nan, 2.0]]])
    assert masked(broken, torch.tensor([[[True, False]]]))[0, 0].tolist() == [2, 2]


def test_shapes_are_checked() -> None:
    with pytest.raises(MethodError, match="grid"):
        masked(torch.zeros(1, 2, 2), torch.zeros(1, 2, 3, dtype=torch.bool))
    with pytest.raises(MethodError, match="features"):
        artefact_tokens(torch.zeros(4))
