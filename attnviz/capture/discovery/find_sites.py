"""Find the sites of a network, once for each size and type of its inputs."""

from __future__ import annotations

from collections.abc import Hashable

import torch
from torch import Tensor, nn

from attnviz.capture.discovery.attention_sites import (
    Gates,
    find_gates,
    find_self_attention,
    without_gates,
)
from attnviz.capture.discovery.blocks import find_blocks, find_layers
from attnviz.capture.discovery.record_calls import RecordedPass, record_calls
from attnviz.capture.discovery.structure import StructureCache, build_key, structure_key
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.site import Kind, Site
from attnviz.errors import NoSitesError
from attnviz.models.black_box.network import BlackBox

_BLOCKS = StructureCache[tuple[Site, ...]]()
_LAYERS = StructureCache[tuple[Site, ...]]()
_GATES = StructureCache[Gates]()
_WITHOUT_PRODUCTS = StructureCache[bool]()
_CONTEXT = StructureCache[tuple[tuple[Site, ...], tuple[str, ...]]]()


def find_sites(module: nn.Module, kind: Kind, example: Tensor) -> tuple[Site, ...]:
    """Find all sites of one kind with one or two passes over an example.

    The result is cached for as long as the module lives and its structure stays as it is, for each
    size and type of the example. It does not depend on which example came first: where values
    decide, seeded noise takes its place. The caller holds the model's lock.

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
        `kind` is `FEATURES` and no module of the network returns features, or it is a black box.
    ModelError
        The network cannot be hooked.
    """
    _refuse_black_box(module)
    if kind is Kind.CONTEXT:
        return _self_attention(module, example)[0]
    module, example = prepare_for_hooks(module, example)
    example = example[:1]
    key = structure_key(module, example)
    if kind is Kind.FEATURES:
        return _BLOCKS.of(module, key, lambda: find_blocks(module, example))
    return tuple(site for site in _gates(module, example, key)[0].sites if site.kind is kind)


def feature_layers(module: nn.Module, example: Tensor) -> tuple[Site, ...]:
    """Find all modules whose output relevance can be computed at, the blocks' own parts as well.

    Parameters
    ----------
    module, example
        As for `find_sites`.

    Returns
    -------
    tuple of Site
        In the order of the pass. Tokens are among them only where those of a block are.

    Raises
    ------
    NoSitesError, ModelError
        As `find_sites`.
    """
    tokens = any(site.layout.is_sequence for site in find_sites(module, Kind.FEATURES, example))
    module, example = prepare_for_hooks(module, example)
    example = example[:1]
    key = structure_key(module, example)
    every = _LAYERS.of(module, key, lambda: find_layers(module, example))
    return tuple(site for site in every if tokens or not site.layout.is_sequence)


def _refuse_black_box(module: nn.Module) -> None:
    if isinstance(module, BlackBox):
        raise NoSitesError(
            f"{module.name} is a black box, whose layers cannot be observed. Ask what its decision "
            "rests on, by the methods rise or occlusion."
        )


def attention_left_out(module: nn.Module, example: Tensor) -> tuple[str, ...]:
    """Name the layers whose self-attention could not be placed over the picture.

    Parameters
    ----------
    module, example
        As for `find_sites`.

    Returns
    -------
    tuple of str
        In the order of the pass; empty if there are none.

    Raises
    ------
    ModelError
        The network cannot be hooked.
    """
    return _self_attention(module, example)[1]


def _self_attention(module: nn.Module, example: Tensor) -> tuple[tuple[Site, ...], tuple[str, ...]]:
    """The sites of self-attention, and the layers that are left out."""
    module, example = prepare_for_hooks(module, example)
    example = example[:1]
    key = structure_key(module, example)
    gates, recorded = _gates(module, example, key)
    if not gates.has_context:
        return (), ()
    return _CONTEXT.of(module, key, lambda: find_self_attention(module, example, recorded))


def _gates(module: nn.Module, example: Tensor, key: Hashable) -> tuple[Gates, RecordedPass | None]:
    """The gates, and the pass over the example if there was one.

    A network that has no product for one size of inputs hardly has any for another, which a pass
    over one input tells as well; self-attention can be found in the same.
    """
    known = _GATES.get(module, key)
    if known is not None:
        return known, None
    built = build_key(module, example)
    recorded = None
    if _WITHOUT_PRODUCTS.get(module, built):
        recorded = record_calls(module, example, enclosing=True)
        known = without_gates(module, recorded)
    known = known or find_gates(module, _noise(example))
    _GATES.store(module, key, known)
    _WITHOUT_PRODUCTS.store(module, built, not known.products)
    return known, recorded


def _noise(example: Tensor) -> Tensor:
    """Seeded noise of the shape and type of an example, and of its range if that is not a point."""
    low, high = (float(value) for value in example.aminmax())
    noise = torch.rand(example.shape, generator=torch.Generator().manual_seed(0)).to(example)
    if not low < high:
        low, high = -1.0, 1.0
    return low + (high - low) * noise


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
