"""What is found for inputs of one size makes another size cheap, and changes nothing there."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attnviz.capture.discovery.final_features import final_features
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.site import Kind, Site
from attnviz.errors import NoSitesError
from tests.capture.families import CONTEXT, FAMILIES

WIDTH, PATCH = 8, 8
KINDS = (Kind.CONTEXT, Kind.FEATURES, Kind.SPATIAL, Kind.CHANNEL)
Described = list[tuple[object, ...]]


def noise(rows: int, columns: int) -> Tensor:
    random = torch.Generator().manual_seed(1)
    return torch.randn(1, 3, rows * PATCH, columns * PATCH, generator=random)


def described(site: Site) -> tuple[object, ...]:
    place = site.geometry
    if place is None:
        return (site,)
    cells = (place.table.tolist(), place.query_cells.tolist(), place.key_cells.tolist())
    return site, place.queries, place.keys, place.input_size, *cells


def found(net: nn.Module, inputs: Tensor) -> Described:
    """All sites of a network; an empty list where it has no features."""
    try:
        sites = [site for kind in KINDS for site in find_sites(net, kind, inputs)]
        return [described(site) for site in (*sites, final_features(net, inputs))]
    except NoSitesError:
        return []


class Counting:
    """Counts the passes of a network."""

    def __init__(self, net: nn.Module) -> None:
        self.calls: Counter[str] = Counter()
        net.register_forward_pre_hook(lambda *_: self.calls.update(["pass"]))

    def passes(self, run: Callable[[], object]) -> int:
        self.calls.clear()
        run()
        return self.calls["pass"]


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x)[:, None].chunk(3, -1)
        return x + self.out(F.scaled_dot_product_attention(q, k, v)[:, 0])


def row_by_row(x: Tensor) -> Tensor:
    return x.flatten(2).transpose(1, 2)


def window_by_window(x: Tensor) -> Tensor:
    """Windows of two rows and four columns, one after the other."""
    rows, columns = max(1, x.shape[2] // 2), max(1, x.shape[3] // 4)
    windows = x.unflatten(3, (columns, -1)).unflatten(2, (rows, -1))
    return windows.permute(0, 2, 4, 3, 5, 1).flatten(1, 4)


class Net(nn.Module):
    def __init__(self, number: Callable[[Tensor], Tensor] = row_by_row, tokens: int = 0) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem, self.number = nn.Conv2d(3, WIDTH, PATCH, PATCH), number
        self.cls_token = nn.Parameter(torch.randn(1, tokens, WIDTH))
        self.layers = nn.ModuleList([Layer(), Layer()])
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat((self.cls_token.expand(len(x), -1, -1), self.number(self.stem(x))), 1)
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x).mean(1))


@pytest.mark.parametrize("tokens", [0, 1, 3])
def test_another_size_costs_two_passes(tokens: int) -> None:
    net, other = Net(tokens=tokens).eval(), noise(6, 4)
    expected = found(copy.deepcopy(net), other)
    assert len(expected) == 6  # stem, twice attention and blocks, the norm behind the last
    counting = Counting(net)
    assert counting.passes(lambda: found(net, noise(4, 5))) > 4
    extra = 1 if tokens > 1 else 0  # asks by gradients which of several tokens is classified
    assert counting.passes(lambda: found(net, other)) == 2 + extra
    assert found(net, other) == expected
    assert counting.passes(lambda: found(net, other)) == 0


@pytest.mark.parametrize("name", ["timm DINOv3", "timm PVT-v2", "torchvision Swin", "timm GC"])
def test_a_size_after_others_has_the_sites_that_it_has_alone(name: str) -> None:
    family = CONTEXT[name]
    net = family.make()
    alone = found(copy.deepcopy(net), family.inputs(1))
    for size in ((96, 64), (128, 128)):
        found(net, torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(2)))
    assert found(net, family.inputs(1)) == alone


@pytest.mark.parametrize("number", [row_by_row, window_by_window])
@pytest.mark.parametrize(("first", "second"), [((4, 4), (4, 8)), ((1, 8), (4, 8))])
def test_an_order_that_only_a_wider_grid_shows_is_seen_there(
    number: Callable[[Tensor], Tensor], first: tuple[int, int], second: tuple[int, int]
) -> None:
    """In windows as wide as the grid, or in a single row, patches are in order all the same."""
    net = Net(number).eval()
    kept = [site.layer for site in find_sites(net, Kind.FEATURES, noise(*first))]
    assert kept == ["stem", "layers.0", "layers.1"]
    after = [site.layer for site in find_sites(net, Kind.FEATURES, noise(*second))]
    assert after == (kept if number is row_by_row else ["stem"])


class GateOfMany(nn.Module):
    """Gates its channels where the map is larger than four cells."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem, self.gate = nn.Conv2d(3, WIDTH, PATCH, PATCH), nn.Linear(WIDTH, WIDTH)
        self.head = nn.Linear(WIDTH, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        if x[0, 0].numel() > 4:
            x = x * self.gate(x.mean((2, 3))).sigmoid()[:, :, None, None]
        return self.head(x.mean((2, 3)))


def test_a_gate_that_only_larger_inputs_pass_is_found_after_smaller_ones() -> None:
    net = GateOfMany().eval()
    assert find_sites(net, Kind.CHANNEL, noise(2, 2)) == ()
    (site,) = find_sites(net, Kind.CHANNEL, noise(3, 3))
    assert find_sites(copy.deepcopy(net), Kind.CHANNEL, noise(3, 3)) == (site,)


@pytest.mark.parametrize("name", ["timm SE", "cbam-small"])
def test_gates_of_another_size_are_those_found_there_alone(name: str) -> None:
    net = FAMILIES[name].make()
    inputs = torch.randn(1, 3, 96, 64, generator=torch.Generator().manual_seed(2))
    alone = found(copy.deepcopy(net), inputs)
    found(net, FAMILIES[name].inputs(1))
    assert found(net, inputs) == alone
