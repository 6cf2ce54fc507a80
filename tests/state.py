"""Everything of a network that nobody who looks at it may change."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn
from torch.testing import assert_close


def state_of(module: nn.Module) -> list[object]:
    """Parts with their modes and hooks, parameters with their gradients, and all values."""
    return [
        [
            (
                name,
                id(part),
                part.training,
                list(part._forward_hooks),
                list(part._forward_pre_hooks),
            )
            for name, part in module.named_modules()
        ],
        [(id(one), one.requires_grad) for one in module.parameters()],
        [None if one.grad is None else one.grad.clone() for one in module.parameters()],
        copy.deepcopy(dict(module.state_dict())),
    ]


def assert_same(now: object, before: object) -> None:
    """Two states are equal, NaN to NaN; a tensor without memory by its shape."""
    if isinstance(now, Tensor):
        assert isinstance(before, Tensor)
        assert now.shape == before.shape
        if not now.is_meta:
            assert_close(now, before, rtol=0, atol=0, equal_nan=True)
    elif isinstance(now, dict):
        assert isinstance(before, dict)
        assert list(now) == list(before)
        assert_same(list(now.values()), list(before.values()))
    elif isinstance(now, (list, tuple)):
        assert isinstance(before, (list, tuple))
        for one, other in zip(now, before, strict=True):
            assert_same(one, other)
    else:
        assert now == before


@contextmanager
def left_as_it_was(module: nn.Module) -> Iterator[None]:
    """Fails where what happens inside has changed the network, whatever it raises."""
    before = state_of(module)
    try:
        yield
    finally:
        assert_same(state_of(module), before)
