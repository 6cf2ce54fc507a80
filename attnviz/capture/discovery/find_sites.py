"""Find the sites of a network, once for each network (and input size)."""

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

_MAX_SIZES = 8


@dataclass
class _CachedSites:
    """The sites of a network; those of self-attention depend on the input size."""

    blocks: tuple[Site, ...] | None = None
    gates: tuple[Site, ...] | None = None
    has_context: bool = False
    context: OrderedDict[tuple[int, int], tuple[Site, ...]] = field(default_factory=OrderedDict)


_CACHE: WeakKeyDictionary[nn.Module, _CachedSites] = WeakKeyDictionary()


def find_sites(module: nn.Module, kind: Kind, example: Tensor) -> tuple[Site, ...]:
    """Find all sites of one kind with one or two passes over an example.

    The result is cached for as long as the module lives. The caller holds the model's lock.

    Parameters
    ----------
    module
        The network.
    kind
        What to find.
    example
        [N, 3, H, W], an input that the network accepts; only the first is used.

    Returns
    -------
    tuple of Site
        In the order of the pass; empty if the network has no attention of this kind.

    Raises
    ------
    NoSitesError
        `kind` is `FEATURES` and no module of the network returns features.
    ModelError
        The network cannot be hooked.
    """
    module, example = prepare_for_hooks(module, example)
    cached = _CACHE.setdefault(module, _CachedSites())
    if kind is Kind.FEATURES:
        if cached.blocks is None:
            cached.blocks = find_blocks(module, example[:1])
        return cached.blocks
    if cached.gates is None:
        cached.gates, cached.has_context = find_gates(module, example[:1])
    if kind is not Kind.CONTEXT:
        return tuple(site for site in cached.gates if site.kind is kind)
    if not cached.has_context:
        return ()
    size = (example.shape[-2], example.shape[-1])
    if size not in cached.context:
        cached.context[size] = find_self_attention(module, example[:1])
        while len(cached.context) > _MAX_SIZES:
            cached.context.popitem(last=False)
    return cached.context[size]


def find_kinds(module: nn.Module, example: Tensor) -> tuple[Kind, ...]:
    """List the kinds of which a network has sites; runs the discovery of all of them.

    Parameters
    ----------
    module, example
        As for `find_sites`.

    Returns
    -------
    tuple of Kind
        In the order of `Kind`.

    Raises
    ------
    ModelError
        The network cannot be hooked.
    """
    return tuple(kind for kind in Kind if _has(module, kind, example))


def _has(module: nn.Module, kind: Kind, example: Tensor) -> bool:
    try:
        return bool(find_sites(module, kind, example))
    except NoSitesError:
        return False
