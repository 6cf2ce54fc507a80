"""Which tensor stands for what a module returns."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from attnviz.capture.hooks.outputs import first_tensor, only_tensor, with_tensor

A, B = torch.zeros(2), torch.ones(2)


class Named(NamedTuple):
    hidden: Tensor
    weights: Tensor | None = None


@pytest.mark.parametrize(
    ("output", "first", "only"),
    [
        (A, A, A),
        ((A,), A, A),
        ((A, None, ()), A, A),
        ((A, (None, [])), A, A),
        (Named(A), A, A),
        (Named(A, B), A, None),
        ((A, B), A, None),
        ((A, None, B), A, None),
        ((A, (B, B)), A, None),  # as nn.LSTM
        ((A, None, [(None, [B])]), A, None),
        ([A], A, None),  # a pyramid of one map
        ([A, B], A, None),
        ((None, A), None, None),
        (((A,), None), None, None),
        ((), None, None),
        ([], None, None),
        (None, None, None),
        ({"hidden": A}, None, None),
    ],
)
def test_what_an_output_begins_with_and_whether_it_is_alone(
    output: object, first: Tensor | None, only: Tensor | None
) -> None:
    assert first_tensor(output) is first
    assert only_tensor(output) is only


def test_an_lstm_s_output_does_not_stand_for_its_state() -> None:
    output = nn.LSTM(3, 4, batch_first=True)(torch.zeros(1, 2, 3))
    assert only_tensor(output) is None
    assert first_tensor(output) is output[0]


@pytest.mark.parametrize(
    ("output", "replaced"),
    [(A, B), ((A,), (B,)), ((A, None, (1,)), (B, None, (1,))), (Named(A), Named(B))],
)
def test_what_is_put_in_its_place(output: object, replaced: object) -> None:
    found = with_tensor(output, B)
    assert type(found) is type(replaced)
    assert only_tensor(found) is B
    if isinstance(replaced, tuple) and isinstance(found, tuple):
        assert found[1:] == replaced[1:]
