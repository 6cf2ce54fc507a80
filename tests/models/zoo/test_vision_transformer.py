"""The transformer's parts against what their formulas say, and the network that they make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from attnviz.models.zoo.vision_transformer import PositionEmbedding, SelfAttention, TransformerBlock
from attnviz.models.zoo.vit_small import vit_small


def tokens(*shape: int) -> Tensor:
    torch.manual_seed(4)
    return torch.randn(*shape)


def unfused(part: SelfAttention, x: Tensor) -> Tensor:
    """softmax(q k^T / sqrt(d)) v, one head after the other."""
    width = x.shape[-1]
    size = width // part.heads
    query, key, value = part.qkv(x).split(width, -1)
    looked = []
    for head in range(part.heads):
        mine = slice(head * size, (head + 1) * size)
        scores = query[..., mine] @ key[..., mine].transpose(1, 2) / size**0.5
        looked.append(scores.softmax(-1) @ value[..., mine])
    return part.mix(torch.cat(looked, -1))


@torch.no_grad()
@pytest.mark.parametrize("heads", [1, 2, 8])
def test_fused_attention_is_the_formula(heads: int) -> None:
    x = tokens(2, 11, 16)
    torch.manual_seed(0)
    part = SelfAttention(16, heads)
    nn.init.normal_(part.qkv.weight)  # far from uniform attention
    torch.testing.assert_close(part(x), unfused(part, x), atol=1e-5, rtol=1e-5)


def test_width_must_split_over_the_heads() -> None:
    with pytest.raises(ValueError, match="over 3 heads"):
        SelfAttention(16, 3)


@torch.no_grad()
def test_queries_and_keys_can_be_read_where_they_meet() -> None:
    class Spy(TorchFunctionMode):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[tuple[int, ...]] = []

        def __torch_function__(
            self,
            func: Callable[..., Any],
            types: object,
            args: tuple[Any, ...] = (),
            kwargs: dict[str, Any] | None = None,
        ) -> Any:
            if func is nn.functional.scaled_dot_product_attention:
                self.seen.append(tuple(args[0].shape))
            return func(*args, **(kwargs or {}))

    with Spy() as spy:
        tiny()(tokens(2, 3, 32, 48))
    assert spy.seen == [(2, 2, 1 + 4 * 6, 16)] * 2


@torch.no_grad()
def test_a_block_without_weights_changes_nothing() -> None:
    block = TransformerBlock(16, 2)
    for part in (block.attention.mix, block.mlp[-1]):
        nn.init.zeros_(part.weight)
        nn.init.zeros_(part.bias)
    x = tokens(1, 5, 16)
    assert torch.equal(block(x), x)


@torch.no_grad()
def test_positions_keep_their_values_on_finer_grids() -> None:
    """Of a grid 3 x as fine, each third place lies on a learned one; bicubic goes through it."""
    torch.manual_seed(0)
    position = PositionEmbedding(8, 4)
    finer = position.fitted((12, 20))
    assert finer.shape == (1, 8, 12, 20)
    torch.testing.assert_close(position.fitted((12, 12))[..., 1::3, 1::3], position.grid)
    torch.testing.assert_close(finer[..., 1::3, 2::5], position.grid)
    assert torch.equal(position.fitted((4, 4)), position.grid)


@torch.no_grad()
def test_positions_are_added_cell_by_cell() -> None:
    position = PositionEmbedding(8, 4)
    x = tokens(2, 8, 4, 4)
    torch.testing.assert_close(position(x) - x, position.grid.expand(2, -1, -1, -1))


def tiny(classes: int = 3) -> nn.Module:
    torch.manual_seed(0)
    return vit_small(classes, width=32, depth=2, heads=2).eval()


@torch.no_grad()
def test_a_picture_s_scores_do_not_depend_on_its_batch() -> None:
    network, x = tiny(), tokens(3, 3, 40, 72)
    singly = torch.cat([network(one[None]) for one in x])
    torch.testing.assert_close(network(x), singly, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(singly[0], singly[1], atol=1e-4)


@torch.no_grad()
def test_only_what_the_class_token_gathers_reaches_the_scores() -> None:
    """Without attention the class token learns nothing of the picture."""
    network = tiny()
    for block in network.blocks:
        nn.init.zeros_(block.attention.mix.weight)
    first, second = network(tokens(2, 3, 32, 32))
    torch.testing.assert_close(first, second)


@torch.no_grad()
def test_places_count() -> None:
    """A mirrored picture is another one, for its cells stand at other places."""
    network = tiny()
    nn.init.normal_(network.position.grid)
    x = tokens(1, 3, 32, 32)
    network.stem = _Cells()
    assert not torch.allclose(network(x), network(x.flip(-1)), atol=1e-4)
    nn.init.zeros_(network.position.grid)
    torch.testing.assert_close(network(x), network(x.flip(-1)), atol=1e-5, rtol=1e-4)


class _Cells(nn.Module):
    """A stem that sees each cell of 8 px by itself: its mean colour, over and over."""

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(x, 8).repeat(1, 11, 1, 1)[:, :32]
