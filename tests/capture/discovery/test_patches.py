"""Attention and blocks of patches are read however a network cuts and embeds them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.readings import TokenGrid
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from attnviz.errors import NoSitesError
from attnviz.methods import METHODS, Inference

SIZE, PATCH = (32, 48), 8
ROWS, COLUMNS = SIZE[0] // PATCH, SIZE[1] // PATCH
WIDTH, HEADS = 16, 2

Cut = Callable[[nn.Module, Tensor], Tensor]


def by_reshape(net: nn.Module, x: Tensor) -> Tensor:
    x = x.reshape(len(x), 3, ROWS, PATCH, COLUMNS, PATCH).permute(0, 2, 4, 3, 5, 1)
    return net.embed(x.reshape(len(x), ROWS * COLUMNS, -1))


def on_the_grid(net: nn.Module, x: Tensor) -> Tensor:
    x = x.reshape(len(x), 3, ROWS, PATCH, COLUMNS, PATCH).permute(0, 2, 4, 1, 3, 5)
    return net.embed(x.flatten(3)).flatten(1, 2)


def by_unfold(_net: nn.Module, x: Tensor) -> Tensor:
    return _net.embed(F.unfold(x, PATCH, stride=PATCH).transpose(1, 2))


def by_tensor_unfold(net: nn.Module, x: Tensor) -> Tensor:
    x = x.unfold(2, PATCH, PATCH).unfold(3, PATCH, PATCH)
    return net.embed(x.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2))


def by_function(net: nn.Module, x: Tensor) -> Tensor:
    kernel = net.embed.weight.view(WIDTH, 3, PATCH, PATCH)
    return F.conv2d(x, kernel, net.embed.bias, PATCH).flatten(2).transpose(1, 2)


def column_by_column(net: nn.Module, x: Tensor) -> Tensor:
    return by_function(net, x).unflatten(1, (ROWS, COLUMNS)).transpose(1, 2).flatten(1, 2)


CUTS: dict[str, Cut] = {
    "reshape": by_reshape, "kept as a grid": on_the_grid, "F.unfold": by_unfold,
    "Tensor.unfold": by_tensor_unfold, "F.conv2d": by_function, "columns first": column_by_column,
}  # fmt: skip


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm, self.qkv = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 3 * WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (one.unflatten(2, (HEADS, -1)).transpose(1, 2) for one in self.parts(x))
        return x + F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)

    def parts(self, x: Tensor) -> tuple[Tensor, ...]:
        return self.qkv(self.norm(x)).chunk(3, 2)


class Net(nn.Module):
    def __init__(self, cut: Cut, extra: int, *, behind: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.behind = behind
        self.cut, self.embed = cut, nn.Linear(3 * PATCH**2, WIDTH)
        self.cls_token = nn.Parameter(torch.randn(1, extra, WIDTH))
        self.pos = nn.Parameter(torch.randn(1, extra + ROWS * COLUMNS, WIDTH))
        self.layers, self.head = nn.ModuleList(Layer() for _ in range(3)), nn.Linear(WIDTH, 4)

    def tokens(self, x: Tensor) -> Tensor:
        parts = [self.cls_token.expand(len(x), -1, -1), self.cut(self, x)]
        return torch.cat(parts[::-1] if self.behind else parts, 1) + self.pos

    def forward(self, x: Tensor) -> Tensor:
        x = self.tokens(x)
        for layer in self.layers:
            x = layer(x)
        return self.head(x[:, -1 if self.behind else 0])


@pytest.mark.parametrize("extra", [1, 5], ids=["class token", "and registers"])
@pytest.mark.parametrize("cut", CUTS)
def test_the_class_tokens_row_is_the_one_by_hand(cut: str, extra: int) -> None:
    net = Net(CUTS[cut], extra).eval()
    inputs = torch.randn(2, 3, *SIZE, generator=torch.Generator().manual_seed(1))
    result = METHODS.get("raw-attention")().run(Inference.of(net, inputs))
    assert result.layers == ("layers.0", "layers.1", "layers.2")
    with torch.no_grad():
        x = net.tokens(inputs)
        for layer, found in zip(net.layers, result.layer_maps, strict=True):
            q, k, _ = (one.unflatten(2, (HEADS, -1)).transpose(1, 2) for one in layer.parts(x))
            weights = (q @ k.transpose(2, 3) * (WIDTH / HEADS) ** -0.5).softmax(-1).mean(1)
            expected = weights[:, 0, extra:]
            if cut == "columns first":
                expected = expected.unflatten(1, (COLUMNS, ROWS)).transpose(1, 2)
            torch.testing.assert_close(
                torch.from_numpy(found.values), expected.reshape(2, ROWS, COLUMNS)
            )
            x = layer(x)


@pytest.mark.parametrize("cut", CUTS)
def test_one_changed_patch_is_one_changed_key(cut: str) -> None:
    """It is found at its place whichever way the tokens are numbered."""
    net = Net(CUTS[cut], 1).eval()
    inputs = torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(1))
    site = find_sites(net, Kind.CONTEXT, inputs)[0]
    bright = inputs.clone()
    bright[:, :, PATCH : 2 * PATCH, 4 * PATCH : 5 * PATCH].neg_()
    dark, light = (capture(net, one, [site]).context[0] for one in (inputs, bright))
    assert dark.keys == TokenGrid(ROWS, COLUMNS, 1, 0)
    before, after = dark.value_norms(), light.value_norms()
    assert before is not None
    assert after is not None
    assert ((after - before).abs() > 1e-5).any(1)[0].nonzero().flatten().tolist() == [
        1 + COLUMNS + 4
    ]


def by_convolution(net: nn.Module, x: Tensor) -> Tensor:
    if not hasattr(net, "stem"):
        net.stem = nn.Conv2d(3, WIDTH, PATCH, PATCH)
    return net.stem(x).flatten(2).transpose(1, 2)


@pytest.mark.parametrize("cut", [by_convolution, by_reshape])
def test_a_class_token_behind_the_patches_is_no_patch(cut: Cut) -> None:
    net = Net(cut, 1, behind=True).eval()
    inputs = torch.randn(2, 3, *SIZE, generator=torch.Generator().manual_seed(1))
    net(inputs)
    result = METHODS.get("raw-attention")().run(Inference.of(net, inputs))
    with torch.no_grad():
        q, k, _ = (
            one.unflatten(2, (HEADS, -1)).transpose(1, 2)
            for one in net.layers[0].parts(net.tokens(inputs))
        )
        weights = (q @ k.transpose(2, 3) * (WIDTH / HEADS) ** -0.5).softmax(-1).mean(1)
    expected = weights[:, -1, :-1].reshape(2, ROWS, COLUMNS)
    torch.testing.assert_close(torch.from_numpy(result.layer_maps[0].values), expected)


@pytest.mark.parametrize("extra", [0, 1, 5], ids=["mean", "class token", "and registers"])
@pytest.mark.parametrize("cut", [cut for cut in CUTS if cut != "columns first"])
def test_grad_cam_of_the_blocks_is_the_one_by_hand(cut: str, extra: int) -> None:
    net = Net(CUTS[cut], extra).eval()
    inputs = torch.randn(2, 3, *SIZE, generator=torch.Generator().manual_seed(1))
    result = METHODS.get("grad-cam")().run(Inference.of(net, inputs, target=1))
    assert result.layers[-3:] == ("layers.0", "layers.1", "layers.2")
    outputs: list[Tensor] = []
    for layer in net.layers:
        layer.register_forward_hook(lambda _m, _i, out: outputs.append(out))
    slopes = torch.autograd.grad(net(inputs)[:, 1].sum(), outputs)
    for found, output, slope in zip(result.layer_maps[-3:], outputs, slopes, strict=True):
        weight = slope[:, extra:].mean(1, keepdim=True)
        expected = (weight * output[:, extra:]).sum(2).relu().view(2, ROWS, COLUMNS).detach()
        torch.testing.assert_close(torch.from_numpy(found.values), expected, rtol=1e-4, atol=1e-7)


def test_tokens_that_are_numbered_otherwise_are_no_map() -> None:
    """Laid out row by row, their map would be turned over."""
    net = Net(column_by_column, 1).eval()
    inputs = torch.randn(1, 3, *SIZE)
    with pytest.raises(NoSitesError):
        find_sites(net, Kind.FEATURES, inputs)
