"""What every kind of tap has in common: it is hung on a module, and yields one reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from torch import Tensor, nn
from torch.autograd.graph import GradientEdge
from torch.utils.hooks import RemovableHandle

from attnviz.capture.hooks.calls import Call
from attnviz.capture.readings import Reading
from attnviz.capture.site import Site

T = TypeVar("T")

TensorOrEdge = Tensor | GradientEdge
"""What is differentiated by: a tensor, or a place in the graph whose tensor nobody holds."""


class Removable(Protocol):
    """Undoes what was registered on a module."""

    def remove(self) -> None:
        """Leave the module as it was."""
        ...


@dataclass(frozen=True)
class Handles:
    """Several handles as one."""

    handles: Sequence[RemovableHandle]

    def remove(self) -> None:
        """See `Removable`."""
        for handle in self.handles:
            handle.remove()


class Tap(Protocol):
    """Watches one module during one pass."""

    site: Site

    @property
    def captured(self) -> TensorOrEdge | None:
        """Whose gradient the reading needs; None if the pass has not reached the module."""
        ...

    def attach(self, module: nn.Module) -> Removable:
        """Register on `module` and return the handle that undoes it."""
        ...

    def reading(self, gradient: Tensor | None) -> Reading:
        """What was seen, detached; call it only if `captured` is not None."""
        ...


class CallTap(Tap, Protocol):
    """A tap that is told the call it waits for, and needs no hook of its own."""

    def receive(self, call: Call) -> Tensor | None:
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


def require(value: T | None) -> T:
    """`value`; RuntimeError if the pass has not come to its module yet."""
    if value is None:
        raise RuntimeError("a tap was read before the pass reached its module")
    return value


def detached_float(value: Tensor) -> Tensor:
    """`value` in float32 without a graph."""
    return value.detach().float()
