"""Find the blocks of any network by observing one pass, without a list of names.

A chain is a module that only passes its input from child to child (`nn.Sequential` and all that
inherit its `forward`), and the network itself. Its children, in the order in which the pass reaches
them, are blocks if they return a feature map. A child that is a chain is searched itself, and so is
one that shrinks its input by more than two, because it is a whole backbone. Plain layers in a chain
form a block from a convolution to the layer before the next one.
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
_MAX_PREFIX = 16


@dataclass
class _ModuleRecord:
    """A module in the recorded pass: its place in the order, number of calls, and shapes."""

    order: int
    calls: int = 0
    input_shape: tuple[int, ...] = ()
    output_shape: tuple[int, ...] = ()
    output: Tensor | None = None
    wrapped: bool = False
    version: int = 0


@dataclass
class _PassRecord:
    """One recorded pass."""

    input_size: tuple[int, int]
    modules: dict[str, _ModuleRecord] = field(default_factory=dict)
    patch_grid: tuple[int, int] | None = None
    merged: int = 1

    def add(self, name: str, module: nn.Module, inputs: tuple[Any, ...], output: object) -> None:
        """Record a module that has just returned."""
        record = self.modules.setdefault(name, _ModuleRecord(len(self.modules)))
        record.calls += 1
        tensor = only_tensor(output)
        if tensor is None:
            return
        first = next((value for value in inputs if isinstance(value, Tensor)), None)
        record.input_shape = tuple(first.shape) if first is not None else ()
        record.output_shape = tuple(tensor.shape)
        record.wrapped = tensor is not output
        if isinstance(module, nn.Conv2d):  # tokens are the cells of the last convolution
            self.patch_grid = (tensor.shape[2], tensor.shape[3])
        elif _merges(record, self.grid(self.merged), self.grid(2 * self.merged)):
            self.merged *= 2  # four neighbours become one token, as between stages of Swin
        record.output, record.version = tensor, tensor._version

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
        if rows and 0 <= tokens - rows * columns <= _MAX_PREFIX:
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
    record = _PassRecord((example.shape[-2], example.shape[-1]))
    run_with_hooks(module, example, record.add)
    layers = list(_blocks(module, "", record))
    sites = tuple(_site(layer, name, record) for layer, name in layers)
    if not sites:
        raise NoSitesError(
            f"No layer of {type(module).__name__} returns a feature map, so no relevance map can "
            "be computed for it. Choose another network."
        )
    return sites


def _blocks(module: nn.Module, name: str, record: _PassRecord) -> Iterator[tuple[str, str]]:
    """(name to show, module to hook) of the blocks inside a chain."""
    layers: list[tuple[str, nn.Module]] = []
    only_layers = True
    for child_name, child in _in_order(module, name, record):
        if not list(child.children()):
            layers.append((child_name, child))
            continue
        yield from _layer_blocks(layers, "", record)
        layers, only_layers = [], False
        if _is_chain(child) or not _returns_features(record.modules[child_name], record):
            yield from _blocks(child, child_name, record)
        elif _is_backbone(child, record.modules[child_name]):
            inside = list(_blocks(child, child_name, record))
            yield from inside or [(child_name, child_name)]
        else:
            yield child_name, child_name
    yield from _layer_blocks(layers, name if only_layers else "", record)


def _in_order(module: nn.Module, name: str, record: _PassRecord) -> list[tuple[str, nn.Module]]:
    """Children that the pass reached, by time; lists are expanded, because they are not called."""
    children: list[tuple[str, nn.Module]] = []
    for child_name, child in module.named_children():
        full = f"{name}.{child_name}" if name else child_name
        if full in record.modules:
            children.append((full, child))
        elif isinstance(child, (nn.ModuleList, nn.ModuleDict)):
            children.extend(_in_order(child, full, record))
    return sorted(children, key=lambda pair: record.modules[pair[0]].order)


def _layer_blocks(
    layers: list[tuple[str, nn.Module]], chain: str, record: _PassRecord
) -> Iterator[tuple[str, str]]:
    """Blocks among plain layers: from a convolution to the last layer of the same output size.

    A chain that is exactly one such block gives it its name.
    """
    ends: list[str] = []
    for name, layer in layers:
        layer_record = record.modules[name]
        if layer_record.calls > 1 or not _returns_features(layer_record, record):
            continue
        same_size = layer_record.input_shape == layer_record.output_shape
        if isinstance(layer, nn.Conv2d):
            ends.append(name)
        elif ends and not isinstance(layer, _POOLING) and same_size:
            ends[-1] = name
    named_after_chain = len(ends) == 1 and layers[-1][0] == ends[0] and chain
    for end in ends:
        yield (chain if named_after_chain else end), end


def _is_chain(module: nn.Module) -> bool:
    return type(module).forward is nn.Sequential.forward


def _returns_features(module: _ModuleRecord, record: _PassRecord) -> bool:
    return _layout(module, record) is not None


def _layout(module: _ModuleRecord, record: _PassRecord) -> Layout | None:
    """The layout of an output; None if it is no feature map, or a single cell."""
    shape = module.output_shape
    if len(shape) == 4:
        if is_spatial_grid(shape[2:], record.input_size):
            return Layout.CHANNELS_FIRST
        return Layout.CHANNELS_LAST if is_spatial_grid(shape[1:3], record.input_size) else None
    if len(shape) == 3 and record.merged_in(shape[1]) is not None:
        return Layout.TOKENS
    return None


def _merges(module: _ModuleRecord, before: tuple[int, int], after: tuple[int, int]) -> bool:
    """Whether a module turns the tokens of one grid into those of another.

    A single token afterwards is a pooled one.
    """
    shapes = module.input_shape, module.output_shape
    if any(len(shape) != 3 for shape in shapes) or math.prod(after) < 2:
        return False
    return (shapes[0][1], shapes[1][1]) == (math.prod(before), math.prod(after))


def _is_backbone(module: nn.Module, record: _ModuleRecord) -> bool:
    """Whether a module is a stack of blocks: it shrinks a map a lot, or repeats one on tokens."""
    before, after = record.input_shape, record.output_shape
    if len(after) == 3:
        return any(_repeats(child) for child in module.children())
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


def _site(layer: str, name: str, record: _PassRecord) -> Site:
    module = record.modules[name]
    layout = _layout(module, record) or Layout.CHANNELS_FIRST
    stride, merged, prefix = (1, 1), 1, 0
    if layout is Layout.TOKENS:
        tokens = module.output_shape[1]
        merged = record.merged_in(tokens) or 1
        stride = record.stride()
        prefix = tokens - math.prod(record.grid(merged))
    changed = module.output is not None and module.output._version > module.version
    return Site(
        layer, Kind.FEATURES, name, layout, stride, merged, prefix,
        overwritten=changed, wrapped=module.wrapped,
    )  # fmt: skip
