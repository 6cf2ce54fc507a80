"""Find the blocks of any network by observing one pass, without a list of names.

What counts is what the pass calls, see `call_tree`. A chain is a module that only passes its input
from child to child (`nn.Sequential` and all that inherit its `forward`), and the network itself.
The calls inside it, in their order, are blocks if they return a feature map. A call that is a chain
is searched itself, and so is one that shrinks its input by more than two, because it is a whole
backbone. Plain layers in a chain form a block from a convolution to the layer before the next one.
A module that is called several times gives a block each time.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from attnviz.capture.discovery.call_tree import ModuleCall, all_calls, record_call_tree
from attnviz.capture.discovery.final_norm import store_final
from attnviz.capture.discovery.placed_sequences import placed_sequences
from attnviz.capture.discovery.side_branches import without_side_branches
from attnviz.capture.discovery.steps import store_steps
from attnviz.capture.grids import MAX_PREFIX, cut_grid, is_spatial_grid
from attnviz.capture.site import Kind, Layout, Site
from attnviz.errors import NoSitesError

_POOLING = (
    nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.Dropout,
    nn.Identity, nn.Flatten, nn.Upsample,
)  # fmt: skip


@dataclass
class _Grids:
    """The grids on which the tokens of one pass lie."""

    input_size: tuple[int, int]
    patch_grid: tuple[int, int] | None = None
    merged: int = 1

    def add(self, call: ModuleCall) -> None:
        """Learn from a module that has just returned."""
        if call.output is None:
            return
        if isinstance(call.module, nn.Conv2d):  # tokens are the cells of the last convolution
            grid = call.output_shape[-2:]
            if is_spatial_grid(grid, self.input_size):
                self.patch_grid = grid[0], grid[1]
        elif self.patch_grid is None:
            self.patch_grid = cut_grid(call.output_shape, self.input_size)
        elif _merges(call, self.grid(self.merged), self.grid(2 * self.merged)):
            self.merged *= 2  # four neighbours become one token, as between stages of Swin

    def grid(self, merged: int) -> tuple[int, int]:
        """Rows and columns of tokens after merging `merged` on a side into one; 0, 0 if none."""
        rows, columns = self.patch_grid or (0, 0)
        return -(-rows // merged), -(-columns // merged)

    def stride(self) -> tuple[int, int]:
        """Input pixels per token, before any are merged."""
        height, width = self.input_size
        rows, columns = self.grid(1)
        return _stride(height, rows), _stride(width, columns)

    def merged_in(self, tokens: int) -> int | None:
        """How many tokens on a side were merged into one of `tokens`; None if they form no grid.

        As long as none are merged, up to 16 tokens without a position may precede the grid.
        """
        rows, columns = self.grid(1)
        if rows and 0 <= tokens - rows * columns <= MAX_PREFIX:
            return 1
        merged = self.merged
        while merged > 1 and math.prod(self.grid(merged)) != tokens:
            merged //= 2
        return merged if merged > 1 else None


def find_blocks(module: nn.Module, example: Tensor) -> tuple[Site, ...]:
    """Find the blocks of a network.

    Parameters
    ----------
    module
        The network.
    example
        [1, 3, H, W], an input that the network accepts.

    Returns
    -------
    tuple of Site
        In the order in which a pass reaches them.

    Raises
    ------
    NoSitesError
        No module of the network returns a feature map or patch tokens.
    """
    grids, network, start = _observed(module, example)
    store_steps(module, example, network)
    layers = without_side_branches(list(_blocks(network, grids)), start, network.output)
    calls = Counter(call.name for call in all_calls(network))
    sites = tuple(
        _site(layer, call, grids, repeated=calls[call.name] > 1) for layer, call in layers
    )
    sequences = {
        (site.module, site.call): grids.grid(site.merged)
        for site in sites
        if site.layout.is_sequence
    }
    if sequences:
        placed = placed_sequences(module, example, network, sequences)
        sites = tuple(
            site
            for site in sites
            if (site.module, site.call) not in sequences or (site.module, site.call) in placed
        )
    if not sites:
        raise NoSitesError(
            f"No layer of {type(module).__name__} returns a feature map, so no relevance map can "
            "be computed for it. Choose another network."
        )
    store_final(module, example, network, sites[-1])
    return sites


def find_layers(module: nn.Module, example: Tensor) -> tuple[Site, ...]:
    """Find every module inside a network that returns a feature map, or tokens of patches.

    Parameters
    ----------
    module, example
        As for `find_blocks`.

    Returns
    -------
    tuple of Site
        In the order in which a pass enters them; where the order of tokens is not that of the
        picture, `find_blocks` would leave them out.
    """
    grids, network, _ = _observed(module, example)
    calls = [call for call in all_calls(network) if call.name]
    counts = Counter(call.name for call in calls)
    return tuple(
        _site(call.layer, call, grids, repeated=counts[call.name] > 1)
        for call in calls
        if _layout(call, grids) is not None
    )


def _observed(module: nn.Module, example: Tensor) -> tuple[_Grids, ModuleCall, Tensor]:
    """One pass, and the leaf from which its graph begins; without a graph where one fails."""
    size = (example.shape[-2], example.shape[-1])
    with torch.inference_mode(False), torch.enable_grad():
        start = example.detach().clone().requires_grad_()
        given = start.clone()  # a network may change its input in place, and no leaf allows it
    with suppress(Exception):
        grids = _Grids(size)
        return grids, record_call_tree(module, given, grids.add, graph=True), start
    grids = _Grids(size)
    return grids, record_call_tree(module, example, grids.add), start


def _blocks(chain: ModuleCall, grids: _Grids) -> Iterator[tuple[str, ModuleCall]]:
    """(name to show, call to read) of the blocks inside a chain."""
    layers: list[ModuleCall] = []
    only_layers = True
    for call in chain.children:
        if not list(call.module.children()):
            layers.append(call)
            continue
        yield from _layer_blocks(layers, "", grids)
        layers, only_layers = [], False
        if _is_chain(call.module) or _layout(call, grids) is None:
            yield from _blocks(call, grids)
        elif _is_backbone(call):
            inside = list(_blocks(call, grids))
            yield from inside or [(call.layer, call)]
        else:
            yield call.layer, call
    yield from _layer_blocks(layers, chain.layer if only_layers else "", grids)


def _layer_blocks(
    layers: list[ModuleCall], chain: str, grids: _Grids
) -> Iterator[tuple[str, ModuleCall]]:
    """Blocks among plain layers: from a convolution to the last layer of the same output size.

    A chain that is exactly one such block gives it its name.
    """
    ends: list[ModuleCall] = []
    for call in layers:
        if _layout(call, grids) is None:
            continue
        same_size = call.input_shape == call.output_shape
        if isinstance(call.module, nn.Conv2d):
            ends.append(call)
        elif ends and not isinstance(call.module, _POOLING) and same_size:
            ends[-1] = call
    named_after_chain = len(ends) == 1 and layers[-1] is ends[0] and chain
    for end in ends:
        yield (chain if named_after_chain else end.layer), end


def _is_chain(module: nn.Module) -> bool:
    return type(module).forward is nn.Sequential.forward


def _layout(call: ModuleCall, grids: _Grids) -> Layout | None:
    """The layout of an output; None if it is no feature map, or a single cell."""
    shape = call.output_shape
    if len(shape) == 4:
        if is_spatial_grid(shape[2:], grids.input_size):
            return Layout.CHANNELS_FIRST
        return Layout.CHANNELS_LAST if is_spatial_grid(shape[1:3], grids.input_size) else None
    if len(shape) != 3:
        return None
    layout = Layout.SEQUENCE_FIRST if shape[1] == 1 else Layout.TOKENS  # of a single input
    return None if grids.merged_in(_tokens(shape, layout)) is None else layout


def _tokens(shape: tuple[int, ...], layout: Layout) -> int:
    return shape[0] if layout is Layout.SEQUENCE_FIRST else shape[1]


def _merges(call: ModuleCall, before: tuple[int, int], after: tuple[int, int]) -> bool:
    """Whether a module turns the tokens of one grid into those of another.

    A single token afterwards is a pooled one.
    """
    shapes = call.input_shape, call.output_shape
    if any(len(shape) != 3 for shape in shapes) or math.prod(after) < 2:
        return False
    return (shapes[0][1], shapes[1][1]) == (math.prod(before), math.prod(after))


def _is_backbone(call: ModuleCall) -> bool:
    """Whether a module is a stack of blocks: it shrinks a map a lot, or repeats one on tokens."""
    before, after = call.input_shape, call.output_shape
    if len(after) == 3:
        return any(_repeats(child) for child in call.module.children())
    if len(before) != 4 or len(after) != 4:
        return False
    return before[2] > 2.5 * after[2] and before[3] > 2.5 * after[3]


def _repeats(stack: nn.Module) -> bool:
    if not isinstance(stack, (nn.Sequential, nn.ModuleList)):
        return False
    kinds = [type(module) for module in stack if list(module.children())]
    return len(kinds) > len(set(kinds))


def _stride(side: int, cells: int) -> int:
    """Pixels per cell: 7 for 9 cells on 64, where one is cut off, and 4 for 16 on 62, padded."""
    least = side // cells
    return least if side // least == cells else -(-side // cells)


def _site(layer: str, call: ModuleCall, grids: _Grids, *, repeated: bool) -> Site:
    layout = _layout(call, grids) or Layout.CHANNELS_FIRST
    stride, merged, prefix = (1, 1), 1, 0
    if layout.is_sequence:
        tokens = _tokens(call.output_shape, layout)
        merged = grids.merged_in(tokens) or 1
        stride = grids.stride()
        prefix = tokens - math.prod(grids.grid(merged))
    return Site(
        layer, Kind.FEATURES, call.name, layout, stride, merged, prefix,
        overwritten=call.overwritten, wrapped=call.wrapped, call=call.index, repeated=repeated,
    )  # fmt: skip
