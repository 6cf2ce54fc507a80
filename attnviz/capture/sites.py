"""Where a network can be read, found once for each network."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from torch import Tensor, nn

from attnviz.capture.blocks import find_blocks
from attnviz.capture.soft_masks import find_soft_masks
from attnviz.capture.trace import Kind, Site

_BLOCKS: WeakKeyDictionary[nn.Module, tuple[Site, ...]] = WeakKeyDictionary()


def find_sites(module: nn.Module, kind: Kind, example: Tensor) -> tuple[Site, ...]:
    """All sites of one kind; `example` [N, 3, H, W] is an input that the network accepts.

    Blocks are found by watching one pass over the example and remembered for as long as the module
    lives. The caller holds the model's lock.
    """
    if kind is Kind.SPATIAL:
        return find_soft_masks(module)
    if module not in _BLOCKS:
        _BLOCKS[module] = find_blocks(module, example[:1])
    return _BLOCKS[module]
