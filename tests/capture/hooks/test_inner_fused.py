"""The fused attention inside `nn.MultiheadAttention`: read where it is, computed once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import VisionTransformer

from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.hooks.inner_fused import inner_fused
from attnviz.capture.hooks.multihead_attention import ProjectedAttention, call_of_module
from attnviz.capture.readings import DenseAttention
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from attnviz.capture.trace import Trace
from attnviz.methods.legrad import LeGrad

LAYERS, HEADS, TOKENS, WIDTH = 3, 2, 17, 8  # WIDTH: of one head
TARGET = 3


@pytest.fixture
def vit() -> Iterator[nn.Module]:
    torch.manual_seed(0)
    network = VisionTransformer(
        image_size=32, patch_size=8, num_layers=LAYERS, num_heads=HEADS, hidden_dim=HEADS * WIDTH,
        mlp_dim=32, num_classes=5,
    ).eval()  # fmt: skip
    for weight in network.parameters():  # torchvision begins with a head of zeros
        nn.init.normal_(weight, std=0.3)
    yield network
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in network.modules())


@pytest.fixture
def inputs() -> Tensor:
    return torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def read(network: nn.Module, inputs: Tensor) -> Trace:
    sites = find_sites(network, Kind.CONTEXT, inputs)
    return capture(network, inputs, sites, gradients=True, target=TARGET)


def test_legrad_multiplies_nothing_but_gradients_with_values(
    vit: nn.Module, inputs: Tensor
) -> None:
    """Nothing is projected a second time, not even in the first layer, where the graph begins."""
    trace = read(vit, inputs)
    with FlopCounterMode(display=False) as counted:
        LeGrad()(trace)
    product = 2 * len(inputs) * HEADS * TOKENS * TOKENS * WIDTH
    assert counted.get_total_flops() == LAYERS * product


def test_the_backward_pass_ends_at_the_attention_of_the_first_layer(
    vit: nn.Module, inputs: Tensor
) -> None:
    """What the whole pass multiplies: the network's own products, and those of its gradient.

    Of the first layer those are the output's projection and the two of the perceptron; what makes
    queries, keys and values there is not differentiated, nor is anything before it.
    """
    sites = find_sites(vit, Kind.CONTEXT, inputs)
    with FlopCounterMode(display=False) as counted:
        capture(vit, inputs, sites, gradients=True, target=TARGET)
    rows, wide = 2 * len(inputs) * TOKENS, HEADS * WIDTH
    after = rows * (wide * wide + 2 * wide * 32)  # of one layer: projection of the output, and MLP
    head = 2 * len(inputs) * wide * 5
    forward = LAYERS * (after + rows * 3 * wide * wide) + head
    backward = LAYERS * after + (LAYERS - 1) * rows * 3 * wide * wide + head
    counts = {str(kind): number for kind, number in counted.get_flop_counts()["Global"].items()}
    assert sum(counts.get(f"aten.{one}", 0) for one in ("mm", "addmm", "bmm")) == forward + backward


def test_what_is_read_is_what_the_module_projects(vit: nn.Module, inputs: Tensor) -> None:
    """Queries, keys, values and gradients against the readings of a call that was not fused."""
    fused = read(vit, inputs)
    with sdpa_kernel(SDPBackend.MATH):
        other = read(vit, inputs)
    torch.testing.assert_close(fused.logits, other.logits, atol=1e-5, rtol=1e-5)
    queries = torch.arange(TOKENS)
    for one, plain in zip(fused.context, other.context, strict=True):
        assert isinstance(one, DenseAttention)
        assert isinstance(plain, ProjectedAttention)
        for part, mine in enumerate((one.q, one.k, one.v)):
            torch.testing.assert_close(mine, plain.call.project(part), atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(one.rows(queries), plain.rows(queries), atol=1e-6, rtol=1e-4)
        mine, theirs = one.gradient_rows(queries), plain.gradient_rows(queries)
        assert mine is not None
        assert theirs is not None
        scale = theirs.abs().max()
        assert scale > 0
        torch.testing.assert_close(mine / scale, theirs / scale, atol=1e-5, rtol=1e-3)


class Ignored(nn.Module):
    """A network of which one layer of attention comes to nothing."""

    def __init__(self, vit: nn.Module) -> None:
        super().__init__()
        self.vit = vit
        self.idle = nn.MultiheadAttention(HEADS * WIDTH, HEADS, batch_first=True)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.vit(inputs)
        return logits


def test_where_the_score_depends_on_nothing_the_gradient_is_zero(
    vit: nn.Module, inputs: Tensor
) -> None:
    network = Ignored(vit).eval()
    before = network.vit.encoder.ln.register_forward_pre_hook(
        lambda _part, given: network.idle(given[0], given[0], given[0], need_weights=False) and None
    )
    trace = read(network, inputs)
    before.remove()
    idle = next(one for one in trace.context if one.layer == "idle")
    slope = idle.gradient_rows(torch.arange(TOKENS))
    assert slope is not None
    assert slope.shape == (2, HEADS, TOKENS, TOKENS)
    assert not slope.any()


def test_attention_that_is_not_in_a_graph_or_gives_its_weights_is_not_found() -> None:
    part = nn.MultiheadAttention(16, 2, batch_first=True).eval().requires_grad_(False)
    tokens = torch.randn(1, 5, 16)

    def found(given: Tensor, **options: bool) -> tuple[object, GradientEdge] | None:
        output, _ = part(given, given, given, **options)
        call = call_of_module(part, (given, given, given), options, output)
        assert call is not None
        return inner_fused(call)

    with torch.no_grad():
        assert found(tokens, need_weights=False) is None
    tokens.requires_grad_()
    assert found(tokens, need_weights=True) is None
    assert found(tokens, need_weights=False) is not None
