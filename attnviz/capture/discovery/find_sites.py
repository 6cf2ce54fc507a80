"""Where a network can be read, found once for each network (and size of input)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from attnviz.capture.discovery.attention_sites import find_gates, find_self_attention
from attnviz.capture.discovery.blocks import find_blocks
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.site import Kind, Site
from attnviz.errors import NoSitesError

_SIZES_KEPT = 8


@dataclass
class _Known:
    """What is known of a network; self-attention lies differently for each size of input."""

    blocks: tuple[Site, ...] | None = None
    gates: tuple[Site, ...] | None = None
    has_context: bool = False
    context: OrderedDict[tuple[int, int], tuple[Site, ...]] = field(default_factory=OrderedDict)


_KNOWN: WeakKeyDictionary[nn.Module, _Known] = WeakKeyDictionary()


def find_sites(module: nn.Module, kind: Kind, example: Tensor) -> tuple[Site, ...]:
    """All sites of one kind; `example` [N, 3, H, W] is an input that the network accepts.

    Found by watching one or two passes over the example and remembered for as long as the module
    lives; empty if there are none of an attention kind. The caller holds the model's lock.

    Raises NoSitesError if blocks are asked for and no part of the network returns features, and
    ModelError if the network cannot be read.
    """
    module, example = prepare_for_hooks(module, example)
    known = _KNOWN.setdefault(module, _Known())
    if kind is Kind.FEATURES:
        if known.blocks is None:
            known.blocks = find_blocks(module, example[:1])
        return known.blocks
    if known.gates is None:
        known.gates, known.has_context = find_gates(module, example[:1])
    if kind is not Kind.CONTEXT:
        return tuple(site for site in known.gates if site.kind is kind)
    if not known.has_context:
        return ()
    size = (example.shape[-2], example.shape[-1])
    if size not in known.context:
        known.context[size] = find_self_attention(module, example[:1])
        while len(known.context) > _SIZES_KEPT:
            known.context.popitem(last=False)
    return known.context[size]


def find_kinds(module: nn.Module, example: Tensor) -> tuple[Kind, ...]:
    """The kinds of which the network has sites, in the order of `Kind`; costs what finding costs.

    `example` as for `find_sites`; the caller holds the model's lock.
    """
    return tuple(kind for kind in Kind if _has(module, kind, example))


def _has(module: nn.Module, kind: Kind, example: Tensor) -> bool:
    try:
        return bool(find_sites(module, kind, example))
    except NoSitesError:
        return False
