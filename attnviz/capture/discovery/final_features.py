"""Where a network's features are read: behind its last block, and the norm that belongs to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from torch import Tensor, nn

from attnviz.capture.discovery.call_tree import ModuleCall, record_call_tree
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.discovery.structure import StructureCache, structure_key
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.site import Kind, Site

_CHANGE_NOTHING = (nn.Identity, nn.Dropout)
_FINAL = StructureCache[Site]()


def final_features(module: nn.Module, example: Tensor) -> Site:
    """Find the place at which a network's features are read.

    A transformer's blocks add to their input, and a norm behind the last one makes features of the
    sum: that is what heads are trained on, and what is published as patch features (DINOv2's
    `x_norm_patchtokens`). Without it, a few channels outweigh all others. So that norm is read if
    it comes straight after the last block, and the block's output otherwise.

    Parameters
    ----------
    module
        The network; the caller holds its lock.
    example
        [N, C, H, W], an input that the network accepts; only the first is used.

    Returns
    -------
    Site
        Of the kind `FEATURES`.

    Raises
    ------
    NoSitesError
        No module of the network returns features that have positions.
    ModelError
        The network cannot be hooked.
    """
    last = find_sites(module, Kind.FEATURES, example)[-1]
    module, example = prepare_for_hooks(module, example)
    key = structure_key(module, example)
    return _FINAL.of(module, key, lambda: _with_norm(module, example[:1], last))


def _with_norm(module: nn.Module, example: Tensor, block: Site) -> Site:
    calls = list(_returned(record_call_tree(module, example)))
    places = [(call.name, call.index) for call in calls]
    if (block.module, block.call) not in places:
        return block
    last = calls[places.index((block.module, block.call))]
    for call in calls[calls.index(last) + 1 :]:
        if isinstance(call.module, _CHANGE_NOTHING) or last in _returned(call):
            continue
        shapes = {call.input_shape, call.output_shape}
        if not is_norm(call.module) or shapes != {last.output_shape}:
            break
        return replace(
            block, layer=call.layer, module=call.name, call=call.index,
            wrapped=False, overwritten=call.overwritten,
        )  # fmt: skip
    return block


def _returned(call: ModuleCall) -> Iterator[ModuleCall]:
    """A call and those inside it, in the order in which they returned."""
    for child in call.children:
        yield from _returned(child)
    yield call


def is_norm(module: nn.Module) -> bool:
    """Return whether a module is a norm; libraries have their own, and name them after that."""
    return "norm" in type(module).__name__.lower() and not list(module.children())
