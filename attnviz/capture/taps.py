"""What every kind of tap has in common: it is hung on a module, and yields one reading."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from attnviz.capture.calls import Call
from attnviz.capture.trace import Reading, Site


class Tap(Protocol):
    """Watches one module during one pass.

    `watched` is the tensor whose gradient the reading needs, available after the pass; None if the
    pass did not reach the module.
    """

    site: Site
    watched: Tensor | None

    def hang(self, module: nn.Module) -> RemovableHandle:
        """Register on `module` and return the handle that undoes it."""
        ...

    def reading(self, gradient: Tensor | None) -> Reading:
        """What was seen, detached; call it only if `watched` is not None."""
        ...


class HearingTap(Tap, Protocol):
    """A tap that is told the call it waits for, and needs no hook of its own."""

    def hear(self, call: Call) -> Tensor | None:
        """Keep what the call shows; returns what takes its place, None to leave it as it is."""
        ...


def in_graph(value: Tensor, *, gradients: bool) -> Tensor:
    """`value`, made the start of the graph where gradients are wanted and no graph exists yet.

    Parameters need no gradients, so the graph begins at the first tapped tensor and nothing
    before it is differentiated.
    """
    if gradients and not value.requires_grad:
        return value.detach().requires_grad_()
    return value


def reached(value: Tensor | None) -> Tensor:
    """`value`; RuntimeError if the pass has not come to its module yet."""
    if value is None:
        raise RuntimeError("a tap was read before the pass reached its module")
    return value


def plain(value: Tensor) -> Tensor:
    """`value` in float32 without a graph."""
    return value.detach().float()
