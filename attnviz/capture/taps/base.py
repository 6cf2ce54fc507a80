"""What all taps have in common: a tap is attached to a module and yields one reading."""

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
"""With respect to which a score is differentiated: a tensor, or an edge of the autograd graph whose
tensor is not stored."""


class Removable(Protocol):
    """Undoes what was registered on a module."""

    def remove(self) -> None:
        """Restore the module."""
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
    """Reads one site during one pass."""

    site: Site

    @property
    def captured(self) -> TensorOrEdge | None:
        """What the reading differentiates by; None before the site is reached."""
        ...

    def attach(self, module: nn.Module) -> Removable:
        """Register hooks on a module.

        Parameters
        ----------
        module
            The site's module.

        Returns
        -------
        Removable
            Removes the hooks.
        """
        ...

    def reading(self, gradient: Tensor | None) -> Reading:
        """Make the reading; only after the pass has reached the site.

        Parameters
        ----------
        gradient
            Gradient of the target's score with respect to `captured`; None without gradients.

        Returns
        -------
        Reading
            Detached from the graph.
        """
        ...


class CallTap(Tap, Protocol):
    """A tap that receives an intercepted call and needs no hook of its own."""

    def receive(self, call: Call) -> Tensor | None:
        """Store what the reading needs of a call.

        Parameters
        ----------
        call
            The call at the tap's site.

        Returns
        -------
        Tensor or None
            Replacement for the call's output (for a product: of its factor); None to keep it.
        """
        ...


def in_graph(value: Tensor, *, gradients: bool) -> Tensor:
    """Make a tensor the start of the graph if gradients are needed and no graph exists yet.

    Parameters of the network require no gradients, so the graph begins at the first captured
    tensor, and nothing before it is differentiated.

    Parameters
    ----------
    value
        The tensor to capture.
    gradients
        Whether gradients are needed.

    Returns
    -------
    Tensor
        `value`, or a detached copy that requires a gradient and shares its memory.
    """
    if gradients and not value.requires_grad:
        return value.detach().requires_grad_()
    return value


def require(value: T | None) -> T:
    """Return a value that the pass must have captured by now; raise RuntimeError if it is None."""
    if value is None:
        raise RuntimeError("a tap was read before the pass reached its module")
    return value


def detached_float(value: Tensor) -> Tensor:
    """Return a tensor in float32 without a graph."""
    return value.detach().float()
