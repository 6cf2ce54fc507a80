"""Finding every attention of a network, of whatever kind, by watching it and not by its classes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from torch import Tensor, nn

from attnviz.capture.discovery.record_calls import RecordedCall, record_calls
from attnviz.capture.discovery.token_grid import make_geometry
from attnviz.capture.discovery.token_probe import EnclosingModule, locate_tokens
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.site import Form, Kind, Site
from attnviz.capture.taps.soft_masks import find_soft_masks
from attnviz.capture.token_geometry import TokenGeometry
from attnviz.models.zoo.residual_attention import SoftMaskGate

_CLASS_TOKENS = ("cls_token", "class_token", "class_embedding", "cls_embedding")


def find_gates(module: nn.Module, example: Tensor) -> tuple[tuple[Site, ...], bool]:
    """All masks over places and gates of channels, and whether there is any self-attention.

    They are products of features with a factor of each input's own, in 0..2, in a pass over
    `example` [1, 3, H, W] and its mirror image. Soft masks of the project's own residual attention
    are found by their gate, for what they are added to may be another map than what they weigh.
    """
    heard = record_calls(module, torch.cat((example[:1], example[:1].flip(-1))), surrounds=False)
    masks = find_soft_masks(module)
    inside = {site.module for site in masks}
    gates = [
        (Kind.CHANNEL if one.channels else Kind.SPATIAL, one)
        for one in heard
        if one.channels is not None and one.module not in inside
    ]
    context = any(one.channels is None for one in heard)
    return (*masks, *_named(module, gates)), context


def find_self_attention(module: nn.Module, example: Tensor) -> tuple[Site, ...]:
    """All self-attention that looks over the picture, for inputs of the size of `example`.

    Calls whose keys form no grid over the picture (attention between channels) are left out.
    """
    size = (example.shape[-2], example.shape[-1])
    known: dict[Any, TokenGeometry | None] = {}
    with_class = _has_class_token(module)
    placed: list[tuple[RecordedCall, TokenGeometry]] = []
    for one in record_calls(module, example[:1], surrounds=True):
        if one.around is None:
            continue
        key = _likeness(one.around)
        if key not in known:
            known[key] = _probe(one.around, size, class_token=with_class)
        geometry = known[key]
        if geometry is not None:
            placed.append((one, geometry))
    sites = _named(module, [(Kind.CONTEXT, one) for one, _ in placed])
    return tuple(
        Site(site.layer, site.kind, site.module, form=site.form, call=site.call, geometry=geometry)
        for site, (_, geometry) in zip(sites, placed, strict=True)
    )


def _probe(
    around: EnclosingModule, size: tuple[int, int], *, class_token: bool
) -> TokenGeometry | None:
    with state_guard(around.part), torch.inference_mode(False), torch.no_grad():
        found = locate_tokens(around)
    if found is None:
        return None
    queries, keys = found
    return make_geometry(queries, keys, around.grid, class_token=class_token, input_size=size)


def _likeness(around: EnclosingModule) -> Any:
    """What two modules have in common if their tokens lie alike: type, settings, and shapes."""
    return (
        around.form, around.name, around.call, around.shape, around.grid, around.prefix,
        tuple(_settings(part) for part in around.part.modules()),
        tuple(_short(one) for one in (*around.args, *around.kwargs.items())),
    )  # fmt: skip


def _settings(part: nn.Module) -> tuple[Any, ...]:
    """Type, whole numbers, words and shapes; the rest is weights and rates."""
    kept = (
        (key, repr(value))
        for key, value in vars(part).items()
        if key != "training" and isinstance(value, (bool, int, str, tuple, list))
    )
    shapes = (tuple(weight.shape) for weight in part.parameters(recurse=False))
    return type(part), tuple(kept), tuple(shapes)


def _short(value: object) -> object:
    return tuple(value.shape) if isinstance(value, Tensor) else repr(value)[:80]


def _has_class_token(module: nn.Module) -> bool:
    return any(
        name.rpartition(".")[2].lower() in _CLASS_TOKENS for name, _ in module.named_parameters()
    )


def _named(module: nn.Module, heard: list[tuple[Kind, RecordedCall]]) -> tuple[Site, ...]:
    """Sites named after the modules that make the calls, numbered where one makes several."""
    layers = [_layer(module, one) for _, one in heard]
    several = Counter((kind, layer) for (kind, _), layer in zip(heard, layers, strict=True))
    met: Counter[tuple[Kind, str]] = Counter()
    sites = []
    for (kind, one), layer in zip(heard, layers, strict=True):
        met[kind, layer] += 1
        shown = f"{layer}#{met[kind, layer]}" if several[kind, layer] > 1 else layer
        sites.append(
            Site(shown, kind, one.module, form=one.form, call=one.call, additive=one.additive)
        )
    return tuple(sites)


def _layer(module: nn.Module, one: RecordedCall) -> str:
    """The calling module's name; its parent's where it is a bare softmax."""
    part = module.get_submodule(one.module)
    leaf = one.form is Form.SOFTMAX and isinstance(part, nn.Softmax)
    return (one.module.rpartition(".")[0] if leaf else one.module) or type(module).__name__


def is_soft_mask_gate(part: nn.Module) -> bool:
    """Whether a module is the gate of residual attention, which has a tap of its own."""
    return isinstance(part, SoftMaskGate)
