"""LeGrad, Chefer and rollout on torchvision's ViT against torchcam and whole matrices."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchcam.methods import LeGrad as PeerLeGrad
from torchvision.models import VisionTransformer

from attnviz.capture.readings import DenseAttention, TokenGrid
from attnviz.capture.trace import Trace
from attnviz.methods.chefer import Chefer
from attnviz.methods.legrad import LeGrad
from attnviz.methods.rollout import Rollout
from tests.methods.readings import gradient_matrix, matrix, trace_of

TARGET = 3
GRID = TokenGrid(4, 4, prefix=1, class_token=0)


@pytest.fixture
def vit() -> nn.Module:
    torch.manual_seed(0)
    network = VisionTransformer(
        image_size=32, patch_size=8, num_layers=3, num_heads=2, hidden_dim=16, mlp_dim=32,
        num_classes=5,
    ).eval()  # fmt: skip
    for weight in network.parameters():  # torchvision begins with a head of zeros
        nn.init.normal_(weight, std=0.3)
    return network


@pytest.fixture
def inputs() -> Tensor:
    return torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def read(vit: nn.Module, inputs: Tensor) -> Trace:
    """A trace made with hooks of the test's own: q, k, v, and the gradient before `out_proj`."""
    entering: list[Tensor] = []
    leaving: list[Tensor] = []
    parts = [block.self_attention for block in vit.encoder.layers]

    def see(_part: nn.Module, given: tuple[Tensor, ...], output: tuple[Tensor, ...]) -> None:
        entering.append(given[0])
        leaving.append(output[0])

    handles = [part.register_forward_hook(see) for part in parts]
    score = vit(inputs)[:, TARGET].sum()
    for handle in handles:
        handle.remove()
    slopes = torch.autograd.grad(score, leaving)

    def readings() -> Iterator[DenseAttention]:
        for index, part in enumerate(parts):
            tokens, slope = entering[index], slopes[index]
            qkv = tokens @ part.in_proj_weight.T + part.in_proj_bias
            q, k, v = (split(one, part.num_heads).detach() for one in qkv.chunk(3, -1))
            before = split(slope @ part.out_proj.weight, part.num_heads).detach()
            yield DenseAttention(
                f"block{index}", GRID, GRID, part.num_heads, q, k, v, q.shape[-1] ** -0.5,
                out_gradient=before,
            )  # fmt: skip

    return trace_of(*readings(), size=(32, 32))


def split(tokens: Tensor, heads: int) -> Tensor:
    return tokens.unflatten(-1, (heads, -1)).transpose(1, 2)


def rest_of(vit: nn.Module, first: int, tokens: Tensor) -> Tensor:
    """The network's own score from the tokens that leave block `first` - 1."""
    for block in vit.encoder.layers[first:]:
        tokens = block(tokens)
    return vit.heads(vit.encoder.ln(tokens)[:, 0])


def peer_maps(vit: nn.Module, inputs: Tensor) -> list[np.ndarray]:
    found = []
    for index, block in enumerate(vit.encoder.layers):
        projection = partial(rest_of, vit, index + 1)
        with PeerLeGrad(vit, [block], score_projection=projection) as cam:
            scores = vit(inputs)
            maps = cam.compute_cams([TARGET] * len(inputs), scores, normalized=False)
        found.append(maps[0].detach().numpy())
    return found


def test_legrad_equals_torchcam_where_both_differentiate_one_score(
    vit: nn.Module, inputs: Tensor
) -> None:
    trace, expected = read(vit, inputs), peer_maps(vit, inputs)
    assert min(one.max() for one in expected) > 0
    for own, other in zip(LeGrad(summed=False)(trace), expected, strict=True):
        np.testing.assert_allclose(own.values, other, rtol=1e-4, atol=1e-6 * other.max())
    summed = LeGrad()(trace)[-1].values
    np.testing.assert_allclose(summed, np.mean(expected, axis=0), rtol=1e-4, atol=1e-7)


def test_chefer_and_rollout_on_a_real_network(vit: nn.Module, inputs: Tensor) -> None:
    trace = read(vit, inputs)
    same = torch.eye(GRID.tokens)
    relevance, rollout = same, same
    for reading in trace.context:
        assert isinstance(reading, DenseAttention)
        attention = matrix(reading)
        relevance = relevance + (gradient_matrix(reading) * attention).relu().mean(1) @ relevance
        rollout = (attention.mean(1) + same) / 2 @ rollout
    for method, expected in ((Chefer(), relevance), (Rollout(), rollout)):
        own = method(trace)[-1].values
        other = expected[:, 0, 1:].reshape(-1, 4, 4).numpy()
        np.testing.assert_allclose(own, other, rtol=1e-3, atol=1e-6 * other.max())
