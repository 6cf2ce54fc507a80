"""Find all attention of a network, of any kind, from its calls instead of its class names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from attnviz.capture.discovery.class_token import mark_class_token
from attnviz.capture.discovery.picture_trace import stepping_aside
from attnviz.capture.discovery.record_calls import RecordedCall, RecordedPass, record_calls
from attnviz.capture.discovery.token_grid import make_geometry
from attnviz.capture.discovery.token_probe import EnclosingModule, locate_tokens
from attnviz.capture.discovery.traced_geometry import Geometries, traced_geometries
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.site import Form, Kind, Site
from attnviz.capture.taps.soft_masks import find_soft_masks
from attnviz.capture.token_geometry import TokenGeometry


@dataclass(frozen=True)
class Gates:
    """What a pass tells of masks and gates.

    Attributes
    ----------
    sites
        Of the kinds `SPATIAL` and `CHANNEL`.
    has_context
        Whether the network has any self-attention.
    products
        Whether it had any product that may be a mask or a gate by its shape.
    """

    sites: tuple[Site, ...]
    has_context: bool
    products: bool


def find_gates(module: nn.Module, example: Tensor) -> Gates:
    """Find all masks over positions and gates of channels.

    They are products of features with a factor in 0..2 that depends on the input, in a pass over
    the example and its mirror image. Soft masks of the project's own residual attention are found
    by their gate instead, because they may be added to another map than the one they weigh.

    Parameters
    ----------
    module
        The network.
    example
        [1, 3, H, W], an input that the network accepts.

    Returns
    -------
    Gates
    """
    inputs = torch.cat((example[:1], example[:1].flip(-1)))
    recorded = record_calls(module, inputs, enclosing=False)
    masks = find_soft_masks(module)
    mask_modules = {site.module for site in masks}
    gates = [
        (Kind.CHANNEL if call.channels else Kind.SPATIAL, call)
        for call in recorded.calls
        if call.channels is not None and call.module not in mask_modules
    ]
    return Gates((*masks, *_sites(module, gates)), recorded.attends, recorded.products)


def without_gates(module: nn.Module, recorded: RecordedPass) -> Gates | None:
    """Tell from a pass over a single input that there are no gates.

    Parameters
    ----------
    module
        The network.
    recorded
        The pass.

    Returns
    -------
    Gates or None
        None if there was a product: what it is then, only two different inputs tell.
    """
    if recorded.products:
        return None
    return Gates(find_soft_masks(module), recorded.attends, products=False)


def find_self_attention(
    module: nn.Module, example: Tensor, recorded: RecordedPass | None = None
) -> tuple[tuple[Site, ...], tuple[str, ...]]:
    """Find all self-attention over positions, for inputs of the size of the example.

    Calls whose keys form no grid over the input (attention between channels, or among learned
    queries) are left out.

    Parameters
    ----------
    module
        The network.
    example
        [1, 3, H, W], an input that the network accepts.
    recorded
        The calls of a pass over it, with the modules around them; recorded in another if None.

    Returns
    -------
    sites : tuple of Site
        With their geometry.
    left_out : tuple of str
        Layers whose attention depends on the picture, but could not be placed over it.
    """
    recorded = recorded or record_calls(module, example[:1], enclosing=True)
    calls = [call for call in recorded.calls if call.channels is None]
    geometries = _probed_geometries(calls, example)
    doubtful = {call.key: geometries[call.key] for call in calls if _is_doubtful(call, geometries)}
    if doubtful:
        traced = traced_geometries(module, example[:1], calls, doubtful)
        geometries = {key: one for key, one in geometries.items() if key not in doubtful} | traced
    located = [
        (call, geometry) for call in calls if (geometry := geometries.get(call.key)) is not None
    ]
    sites = _sites(module, [(Kind.CONTEXT, call) for call, _ in located])
    sites = tuple(
        Site(site.layer, site.kind, site.module, form=site.form, call=site.call, geometry=geometry)
        for site, (_, geometry) in zip(sites, located, strict=True)
    )
    sites = mark_class_token(module, example[:1], sites)
    asked = [call for call in calls if call.asked and call.key in geometries]
    left_out = [_layer(module, call) for call in asked if geometries[call.key] is None]
    return sites, tuple(dict.fromkeys(left_out))


def _probed_geometries(calls: Sequence[RecordedCall], example: Tensor) -> Geometries:
    """What the modules around the calls tell; one call of equal modules is probed."""
    size = (example.shape[-2], example.shape[-1])
    probed: dict[Any, TokenGeometry | None] = {None: None}
    geometries: Geometries = {}
    for call in calls:
        key = None if call.enclosing is None else _signature(call.enclosing)
        if key not in probed and call.enclosing is not None:
            probed[key] = _probe(call.enclosing, size)
        geometries[call.key] = probed[key]
    return geometries


def _is_doubtful(call: RecordedCall, geometries: Geometries) -> bool:
    """Whether no module around a call tells its geometry, or one that may be given queries."""
    enclosing = call.enclosing
    return geometries[call.key] is None or enclosing is None or len(enclosing.shape) == 3


def _probe(enclosing: EnclosingModule, size: tuple[int, int]) -> TokenGeometry | None:
    origins = None
    guard = state_guard(enclosing.module)
    with stepping_aside(), guard, torch.inference_mode(False), torch.no_grad():
        origins = locate_tokens(enclosing)
    if origins is None:
        return None
    queries, keys = origins
    return make_geometry(queries, keys, enclosing.grid, input_size=size)


def _signature(enclosing: EnclosingModule) -> Any:
    """Equal for modules with the same geometry: type, settings and shapes."""
    return (
        enclosing.form, enclosing.name, enclosing.call, enclosing.shape, enclosing.grid,
        enclosing.prefix, tuple(_settings(submodule) for submodule in enclosing.module.modules()),
        tuple(_short(value) for value in (*enclosing.args, *enclosing.kwargs.items())),
    )  # fmt: skip


def _settings(module: nn.Module) -> tuple[Any, ...]:
    """Type, integer and string attributes, and shapes; floats are rates, and do not matter."""
    attributes = (
        (key, repr(value))
        for key, value in vars(module).items()
        if key != "training" and isinstance(value, (bool, int, str, tuple, list))
    )
    shapes = (tuple(weight.shape) for weight in module.parameters(recurse=False))
    return type(module), tuple(attributes), tuple(shapes)


def _short(value: object) -> object:
    return tuple(value.shape) if isinstance(value, Tensor) else repr(value)[:80]


def _sites(module: nn.Module, calls: list[tuple[Kind, RecordedCall]]) -> tuple[Site, ...]:
    """Sites named after the modules that make the calls, numbered if one makes several."""
    layers = [_layer(module, call) for _, call in calls]
    totals = Counter((kind, layer) for (kind, _), layer in zip(calls, layers, strict=True))
    counts: Counter[tuple[Kind, str]] = Counter()
    sites = []
    for (kind, call), layer in zip(calls, layers, strict=True):
        counts[kind, layer] += 1
        name = f"{layer}#{counts[kind, layer]}" if totals[kind, layer] > 1 else layer
        sites.append(
            Site(name, kind, call.module, form=call.form, call=call.call, additive=call.additive)
        )
    return tuple(sites)


def _layer(module: nn.Module, call: RecordedCall) -> str:
    """The calling module's name; its parent's if it is a bare softmax."""
    submodule = module.get_submodule(call.module)
    bare = call.form is Form.SOFTMAX and isinstance(submodule, nn.Softmax)
    return (call.module.rpartition(".")[0] if bare else call.module) or type(module).__name__
