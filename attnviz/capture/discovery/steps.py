"""Count how much of a network's work on positions has been done when a module returns."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from attnviz.capture.discovery.call_tree import ModuleCall, record_call_tree, returned_calls
from attnviz.capture.discovery.structure import StructureCache, structure_key


@dataclass(frozen=True)
class Steps:
    """Calls with weights on more than one position, in the order in which they end.

    Attributes
    ----------
    total
        Their number.
    before_end
        How many have ended when a call of a module has, by the module's name, call by call.
    """

    total: int
    before_end: dict[str, list[int]]


_STEPS = StructureCache[Steps]()


def store_steps(module: nn.Module, example: Tensor, network: ModuleCall) -> None:
    """Keep the steps of a pass whose calls were recorded, for `steps_of`.

    Parameters
    ----------
    module
        The network; the caller holds its lock.
    example
        [1, C, H, W], the input of the pass.
    network
        The calls.
    """
    _STEPS.store(module, structure_key(module, example), _counted(network))


def steps_of(module: nn.Module, example: Tensor) -> Steps:
    """Return the steps of a network, if need be from another pass.

    Parameters
    ----------
    module
        The network; the caller holds its lock.
    example
        [1, C, H, W], an input that the network accepts.

    Returns
    -------
    Steps
    """
    key = structure_key(module, example)
    return _STEPS.of(module, key, lambda: _counted(record_call_tree(module, example)))


def _counted(network: ModuleCall) -> Steps:
    total = 0
    before_end: dict[str, list[int]] = {}
    for call in returned_calls(network):
        weights = call.module._parameters.values()
        weighted = any(weight is not None and weight.ndim > 1 for weight in weights)
        # The channels are one of them; the batch is of one input.
        on_positions = sum(side > 1 for side in call.input_shape) > 1
        total += int(weighted and on_positions)
        before_end.setdefault(call.name, []).append(total)
    return Steps(total, before_end)
