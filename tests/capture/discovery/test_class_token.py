"""The class token is the token that the logits read, whatever its parameter is called."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.readings import TokenGrid
from attnviz.capture.site import Kind
from attnviz.methods import METHODS
from attnviz.methods.inference import Inference

WIDTH, ROWS, COLUMNS = 16, 3, 4
PATCHES = ROWS * COLUMNS
INPUTS = torch.randn(1, 3, 8 * ROWS, 8 * COLUMNS, generator=torch.Generator().manual_seed(1))
Read = Callable[[Tensor], Tensor]
READ: dict[str, Read] = {
    "first": lambda x: x[:, 0],
    "third": lambda x: x[:, 2],
    "last": lambda x: x[:, -1],
    "first and mean": lambda x: x[:, 0] + x[:, 3:].mean(1),
    "mean of patches": lambda x: x[:, 3:].mean(1),
    "mean of all": lambda x: x.mean(1),
    "nothing": lambda x: 0 * x[:, 0],
}


class Net(nn.Module):
    """Three extra tokens, before the patches or behind them, in a parameter of any name."""

    def __init__(self, read: str, *, behind: bool = False, name: str = "extra") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.read, self.behind, self.name = READ[read], behind, name
        self.patch, self.head = nn.Conv2d(3, WIDTH, 8, 8), nn.Linear(WIDTH, 4)
        self.register_parameter(name, nn.Parameter(torch.randn(1, 3, WIDTH)))
        self.layers = nn.ModuleList(
            nn.MultiheadAttention(WIDTH, 2, batch_first=True) for _ in range(2)
        )

    def tokens(self, x: Tensor) -> Tensor:
        extra = getattr(self, self.name).expand(len(x), -1, -1)
        parts = [extra, self.patch(x).flatten(2).transpose(1, 2)]
        return torch.cat(parts[::-1] if self.behind else parts, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.tokens(x)
        for layer in self.layers:
            x = x + layer(x, x, x, need_weights=False)[0]
        return self.head(self.read(x))


def grids(net: nn.Module) -> set[TokenGrid]:
    sites = find_sites(net.eval(), Kind.CONTEXT, INPUTS)
    assert [site.layer for site in sites] == ["layers.0", "layers.1"]
    geometries = [site.geometry for site in sites if site.geometry is not None]
    return {grid for one in geometries for grid in (one.queries, one.keys)}


@pytest.mark.parametrize(
    ("read", "token"),
    [
        ("first", 0),
        ("third", 2),
        ("first and mean", None),
        ("mean of patches", None),
        ("mean of all", None),
        ("nothing", None),
    ],
)
def test_the_token_that_the_logits_read(read: str, token: int | None) -> None:
    assert grids(Net(read)) == {TokenGrid(ROWS, COLUMNS, 3, token)}


def test_a_token_behind_the_patches() -> None:
    assert grids(Net("last", behind=True)) == {TokenGrid(ROWS, COLUMNS, 3, 2)}


@pytest.mark.parametrize("read", ["mean of patches", "nothing"])
def test_a_name_holds_where_the_logits_do_not_tell(read: str) -> None:
    assert grids(Net(read, name="cls_token")) == {TokenGrid(ROWS, COLUMNS, 3, 0)}


def test_what_the_logits_read_overrules_the_order_of_named_tokens() -> None:
    assert grids(Net("third", name="cls_token")) == {TokenGrid(ROWS, COLUMNS, 3, 2)}


def test_without_gradients_the_name_alone_tells_it() -> None:
    class Silent(Net):
        @torch.no_grad()
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x)

    assert grids(Silent("first")) == {TokenGrid(ROWS, COLUMNS, 3, None)}
    assert grids(Silent("first", name="cls_token")) == {TokenGrid(ROWS, COLUMNS, 3, 0)}


def test_its_row_is_the_map() -> None:
    net = Net("third").eval()
    result = METHODS.get("raw-attention")().run(Inference.of(net, INPUTS))
    with torch.no_grad():
        x = net.tokens(INPUTS)
        for layer, found in zip(net.layers, result.layer_maps, strict=True):
            added, weights = layer(x, x, x)
            expected = weights[0, 2, 3:].reshape(ROWS, COLUMNS)
            torch.testing.assert_close(torch.from_numpy(found.values[0]), expected)
            x = x + added
