"""Fused attention is computed where its output is read, and not where another takes its place."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from attnviz.capture.hooks.call_listener import CallListener
from attnviz.capture.hooks.calls import Call, FusedCall
from attnviz.capture.site import Form


class Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Names of what is computed below Python."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        self.names.append(func._schema.name)
        return func(*args, **(kwargs or {}))


class Attention(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(x, x, x[..., :2])


def tokens() -> Tensor:
    return torch.randn(2, 3, 5, 4, generator=torch.Generator().manual_seed(0))


def by_hand(x: Tensor) -> Tensor:
    return (x @ x.transpose(2, 3) / 2).softmax(-1) @ x[..., :2]


def test_what_is_replaced_is_not_computed() -> None:
    shapes = []

    def values(_name: str, _form: Form, _index: int, call: Call) -> Tensor:
        assert isinstance(call, FusedCall)
        shapes.append(call.output_shape)
        return call.v

    net, x = Attention(), tokens()
    with Operations() as operations, CallListener(values).attach([("net", net)]):
        output = net(x)
    assert torch.equal(output, x[..., :2])
    assert shapes == [(2, 3, 5, 2)]
    with Operations() as alone:
        _ = x[..., :2]
    assert operations.names == alone.names


@pytest.mark.parametrize("read", [True, False])
def test_what_is_kept_is_computed_once(read: bool) -> None:
    seen = []

    def listen(_name: str, _form: Form, _index: int, call: Call) -> None:
        assert isinstance(call, FusedCall)
        if read:
            seen.append(call.output)

    net, x = Attention(), tokens()
    with Operations() as operations, CallListener(listen).attach([("net", net)]):
        output = net(x)
    torch.testing.assert_close(output, by_hand(x))
    assert all(one is output for one in seen)
    assert len(seen) == int(read)
    with Operations() as alone:
        net(x)
    assert operations.names == alone.names
