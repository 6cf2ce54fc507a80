"""The norm behind a network's last block, found in the pass that found the block."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor, nn

from attnviz.capture.discovery.call_tree import ModuleCall, record_call_tree, returned_calls
from attnviz.capture.discovery.structure import StructureCache, structure_key
from attnviz.capture.site import Site

_CHANGE_NOTHING = (nn.Identity, nn.Dropout)
_FINAL = StructureCache[Site]()


def store_final(module: nn.Module, example: Tensor, network: ModuleCall, block: Site) -> None:
    """Keep where features are read, for `final_of`.

    Parameters
    ----------
    module
        The network; the caller holds its lock.
    example
        [1, C, H, W], the input of the pass.
    network
        The calls of the pass.
    block
        The last block that was found in it.
    """
    _FINAL.store(module, structure_key(module, example), _with_norm(network, block))


def final_of(module: nn.Module, example: Tensor, block: Site) -> Site:
    """Return the last block or the norm behind it, if need be from another pass.

    Parameters
    ----------
    module
        The network; the caller holds its lock.
    example
        [1, C, H, W], an input that the network accepts.
    block
        Its last block.

    Returns
    -------
    Site
        The norm if it comes straight after the block, and the block otherwise.
    """
    key = structure_key(module, example)
    return _FINAL.of(module, key, lambda: _with_norm(record_call_tree(module, example), block))


def _with_norm(network: ModuleCall, block: Site) -> Site:
    calls = list(returned_calls(network))
    places = [(call.name, call.index) for call in calls]
    if (block.module, block.call) not in places:
        return block
    last = calls[places.index((block.module, block.call))]
    for call in calls[calls.index(last) + 1 :]:
        if isinstance(call.module, _CHANGE_NOTHING) or last in returned_calls(call):
            continue
        shapes = {call.input_shape, call.output_shape}
        if not is_norm(call.module) or shapes != {last.output_shape}:
            break
        return replace(
            block, layer=call.layer, module=call.name, call=call.index,
            wrapped=False, overwritten=call.overwritten,
        )  # fmt: skip
    return block


def is_norm(module: nn.Module) -> bool:
    """Return whether a module is a norm; libraries have their own, and name them after that."""
    return "norm" in type(module).__name__.lower() and not list(module.children())
