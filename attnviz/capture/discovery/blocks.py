"""Finding the blocks of any network, by watching one pass and not by a list of names.

A chain is a module that only hands its input from child to child (`nn.Sequential` and all that
inherit its `forward`), and the network itself. Its children, in the order in which the pass
reaches them, are blocks if they return a feature map; a child that is a chain is looked into, and
so is one that shrinks its input by more than two, for that is a whole backbone. Plain layers in a
chain form a block from a convolution to the layer before the next one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from attnviz.capture.grids import is_spatial_grid
from attnviz.capture.hooks.hook_every_module import run_with_hooks
from attnviz.capture.hooks.outputs import only_tensor
from attnviz.capture.site import Kind, Layout, Site
from attnviz.errors import NoSitesError

_POOLING = (
    nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.Dropout,
    nn.Identity, nn.Flatten, nn.Upsample,
)  # fmt: skip


@dataclass
class _Seen:
    """What one pass showed of a module: its place in the order, calls, and shapes."""

    order: int
    calls: int = 0
    entering: tuple[int, ...] = ()
    leaving: tuple[int, ...] = ()
    output: Tensor | None = None
    wrapped: bool = False
    version: int = 0


@dataclass
class _Pass:
    """One watched pass."""

    input_size: tuple[int, int]
    seen: dict[str, _Seen] = field(default_factory=dict)
    patch_grid: tuple[int, int] | None = None
    merged: int = 1

    def watch(self, name: str, part: nn.Module, entering: tuple[Any, ...], output: object) -> None:
        """Note a module that has just returned."""
        seen = self.seen.setdefault(name, _Seen(len(self.seen)))
        seen.calls += 1
        tensor = only_tensor(output)
        if tensor is None:
            return
        first = next((value for value in entering if isinstance(value, Tensor)), None)
        seen.entering = tuple(first.shape) if first is not None else ()
        seen.leaving = tuple(tensor.shape)
        seen.wrapped = tensor is not output
        if isinstance(part, nn.Conv2d):  # tokens are the cells of the last convolution
            self.patch_grid = (tensor.shape[2], tensor.shape[3])
        elif _halves(seen, self.grid(self.merged), self.grid(2 * self.merged)):
            self.merged *= 2  # four neighbours have become one token, as between stages of Swin
        seen.output, seen.version = tensor, tensor._version

    def grid(self, merged: int) -> tuple[int, int]:
        """Rows and columns of tokens of which `merged` on a side have become one; 0, 0 if none."""
        rows, columns = self.patch_grid or (0, 0)
        return -(-rows // merged), -(-columns // merged)

    def stride(self) -> tuple[int, int]:
        """Input pixels to a token, before any are merged."""
        height, width = self.input_size
        rows, columns = self.grid(1)
        return _step(height, rows), _step(width, columns)

    def merged_in(self, tokens: int) -> int | None:
        """How many on a side have become one in a row of `tokens`; None if it is no such row.

        Up to 16 tokens that are no patches may stand in front, as long as none are merged.
        """
        rows, columns = self.grid(1)
        if rows and 0 <= tokens - rows * columns <= 16:
            return 1
        merged = self.merged
        while merged > 1 and math.prod(self.grid(merged)) != tokens:
            merged //= 2
        return merged if merged > 1 else None


def find_blocks(module: nn.Module, example: Tensor) -> tuple[Site, ...]:
    """The blocks of `module`, in the order in which a pass over `example` [1, 3, H, W] meets them.

    Raises NoSitesError if no part of the network returns a feature map or a row of patch tokens.
    """
    watched = _watch(module, example)
    layers = list(_blocks(module, "", watched))
    sites = tuple(_site(layer, part, watched) for layer, part in layers)
    if not sites:
        raise NoSitesError(
            f"No part of {type(module).__name__} returns a feature map, so no relevance map can be "
            "computed for it. Choose another network."
        )
    return sites


def _watch(module: nn.Module, example: Tensor) -> _Pass:
    watched = _Pass((example.shape[-2], example.shape[-1]))
    run_with_hooks(module, example, watched.watch)
    return watched


def _blocks(module: nn.Module, name: str, watched: _Pass) -> Iterator[tuple[str, str]]:
    """(name to show, module to watch) of the blocks inside a chain."""
    layers: list[tuple[str, nn.Module]] = []
    alone = True
    for child_name, child in _in_order(module, name, watched):
        if not list(child.children()):
            layers.append((child_name, child))
            continue
        yield from _layer_blocks(layers, "", watched)
        layers, alone = [], False
        if _is_chain(child) or not _returns_features(watched.seen[child_name], watched):
            yield from _blocks(child, child_name, watched)
        elif _is_backbone(child, watched.seen[child_name]):
            inside = list(_blocks(child, child_name, watched))
            yield from inside or [(child_name, child_name)]
        else:
            yield child_name, child_name
    yield from _layer_blocks(layers, name if alone else "", watched)


def _in_order(module: nn.Module, name: str, watched: _Pass) -> list[tuple[str, nn.Module]]:
    """Children that the pass reached, by time; lists are opened, for they are never called."""
    found: list[tuple[str, nn.Module]] = []
    for child_name, child in module.named_children():
        full = f"{name}.{child_name}" if name else child_name
        if full in watched.seen:
            found.append((full, child))
        elif isinstance(child, (nn.ModuleList, nn.ModuleDict)):
            found.extend(_in_order(child, full, watched))
    return sorted(found, key=lambda pair: watched.seen[pair[0]].order)


def _layer_blocks(
    layers: list[tuple[str, nn.Module]], chain: str, watched: _Pass
) -> Iterator[tuple[str, str]]:
    """Blocks in a run of plain layers: from a convolution to the last layer that keeps the size.

    A chain of nothing but one such block gives it its name.
    """
    ends: list[str] = []
    for name, layer in layers:
        seen = watched.seen[name]
        if seen.calls > 1 or not _returns_features(seen, watched):
            continue
        if isinstance(layer, nn.Conv2d):
            ends.append(name)
        elif ends and not isinstance(layer, _POOLING) and seen.entering == seen.leaving:
            ends[-1] = name
    whole = len(ends) == 1 and layers[-1][0] == ends[0] and chain
    for end in ends:
        yield (chain if whole else end), end


def _is_chain(module: nn.Module) -> bool:
    return type(module).forward is nn.Sequential.forward


def _returns_features(seen: _Seen, watched: _Pass) -> bool:
    return _layout(seen, watched) is not None


def _layout(seen: _Seen, watched: _Pass) -> Layout | None:
    """The layout of an output, or None if it is no feature map; a single cell is none either."""
    shape = seen.leaving
    if len(shape) == 4:
        if is_spatial_grid(shape[2:], watched.input_size):
            return Layout.CHANNELS_FIRST
        return Layout.CHANNELS_LAST if is_spatial_grid(shape[1:3], watched.input_size) else None
    if len(shape) == 3 and watched.merged_in(shape[1]) is not None:
        return Layout.TOKENS
    return None


def _halves(seen: _Seen, now: tuple[int, int], then: tuple[int, int]) -> bool:
    """Whether a module takes a row of tokens that lie as `now` to one of tokens that lie as `then`.

    A single token at the end is a pooled one.
    """
    if len(seen.entering) != 3 or len(seen.leaving) != 3 or math.prod(then) < 2:
        return False
    return (seen.entering[1], seen.leaving[1]) == (math.prod(now), math.prod(then))


def _is_backbone(module: nn.Module, seen: _Seen) -> bool:
    """Whether a module is a stack of blocks: it shrinks a lot, or repeats one kind on tokens."""
    if len(seen.leaving) == 3:
        return any(_repeats(part) for part in module.children())
    if len(seen.entering) != 4 or len(seen.leaving) != 4:
        return False
    return seen.entering[2] > 2.5 * seen.leaving[2] and seen.entering[3] > 2.5 * seen.leaving[3]


def _repeats(stack: nn.Module) -> bool:
    if not isinstance(stack, (nn.Sequential, nn.ModuleList)):
        return False
    kinds = [type(part) for part in stack if list(part.children())]
    return len(kinds) > len(set(kinds))


def _step(side: int, cells: int) -> int:
    """Pixels to a cell: 7 for 9 cells on 64, where one is cut off, and 4 for 16 on 62, padded."""
    least = side // cells
    return least if side // least == cells else -(-side // cells)


def _site(layer: str, part: str, watched: _Pass) -> Site:
    seen = watched.seen[part]
    layout = _layout(seen, watched) or Layout.CHANNELS_FIRST
    stride, merged, prefix = (1, 1), 1, 0
    if layout is Layout.TOKENS:
        merged = watched.merged_in(seen.leaving[1]) or 1
        stride = watched.stride()
        prefix = seen.leaving[1] - math.prod(watched.grid(merged))
    changed = seen.output is not None and seen.output._version > seen.version
    return Site(
        layer, Kind.FEATURES, part, layout, stride, merged, prefix,
        overwritten=changed, wrapped=seen.wrapped,
    )  # fmt: skip
