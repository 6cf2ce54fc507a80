"""Find out where the tokens of an attention call originate, by perturbing its module's input.

No list of class names covers all windows, shifts, blocks and grids into which maps are cut. So the
module around the call is run up to the call on noise, with random weights, and again with the noise
perturbed a little: everywhere, then in proportion to the row, then to the column. How much each
query and key responds reveals its position, because queries and keys are computed position by
position. Convolutions before the call use the middle of their kernel only; on a map of two or three
cells they would otherwise respond to all of it. Where queries and keys are still computed from a
neighbourhood, by pooling or upsampling, each row and column is perturbed separately, and the centre
of the neighbourhood is found. Attention before the call passes each token on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from attnviz.capture.discovery.random_weights import random_weights
from attnviz.capture.discovery.token_origins import STEP, TokenOrigins, by_extent, by_proportion
from attnviz.capture.hooks.call_listener import CallListener
from attnviz.capture.hooks.calls import Call, FusedCall, SoftmaxCall
from attnviz.capture.hooks.full_precision import FullPrecision
from attnviz.capture.hooks.multihead_attention import ProjectedCall, leading_shape
from attnviz.capture.site import Form


@dataclass(frozen=True)
class EnclosingModule:
    """A module around a call, and its arguments; the first tensor is a map or all tokens.

    Attributes
    ----------
    module
        The module.
    args, kwargs
        Its arguments.
    form
        Form of the call.
    name, call
        Name of the calling module, and index among its calls of this form; both inside `module`.
    shape
        Of the first tensor.
    channels
        Index of its channel dimension.
    grid
        Rows and columns of the map.
    prefix
        Number of tokens before it.
    """

    module: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    form: Form
    name: str
    call: int
    shape: tuple[int, ...]
    channels: int
    grid: tuple[int, int]
    prefix: int = 0

    def with_first(self, value: Tensor) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Replace the first tensor among the arguments, and convert the others to its type.

        Parameters
        ----------
        value
            Of the shape `self.shape`.

        Returns
        -------
        tuple
            Positional and keyword arguments.
        """
        slots = [(None, i) for i in range(len(self.args))] + [(key, -1) for key in self.kwargs]
        args, kwargs = list(self.args), dict(self.kwargs)
        first: Tensor | None = None
        for key, index in slots:
            old = args[index] if key is None else kwargs[key]
            if not isinstance(old, Tensor):
                continue
            first = old if first is None else first
            new = old.to(value.dtype) if old.is_floating_point() else old
            new = value if old is first else new  # also where it is passed more than once
            if key is None:
                args[index] = new
            else:
                kwargs[key] = new
        return tuple(args), kwargs


class CallReachedError(Exception):
    """Ends a run at the probed call."""


def locate_tokens(enclosing: EnclosingModule) -> tuple[TokenOrigins | None, TokenOrigins] | None:
    """Find where queries and keys of a call originate.

    Parameters
    ----------
    enclosing
        The module around the call.

    Returns
    -------
    tuple or None
        Queries and keys; queries are None for a softmax of one row without queries. None if the
        run did not reach the call.
    """
    random = torch.Generator().manual_seed(0)
    weights = random_weights(enclosing.module, random)
    device = next((weight.device for weight in weights.values()), torch.device("cpu"))
    noise, direction = (torch.randn(enclosing.shape, generator=random).to(device) for _ in range(2))
    base = _run(enclosing, weights, noise)
    if not base:
        return None

    def perturb(code: Tensor) -> list[Tensor]:
        """How much the rows of each side change if the map is perturbed in proportion to `code`."""
        value = noise + STEP * _shaped(enclosing, code).to(device) * direction
        sides = _run(enclosing, weights, value) or base
        return [(new - old) / STEP for new, old in zip(sides, base, strict=True)]

    origins = by_proportion(perturb, enclosing.grid)
    if not all(side.at_cells(enclosing.grid) for side in origins):
        origins = by_extent(perturb, enclosing.grid)
    return (origins[0] if len(origins) == 2 else None), origins[-1]


def _shaped(enclosing: EnclosingModule, code: Tensor) -> Tensor:
    """`code` [rows, columns] as a factor of the first tensor; 0 for the prefix."""
    if len(enclosing.shape) == 3:
        code = torch.cat((torch.zeros(enclosing.prefix), code.flatten()))
    return code[None].unsqueeze(enclosing.channels)


def _run(
    enclosing: EnclosingModule, weights: dict[str, Tensor], value: Tensor
) -> list[Tensor] | None:
    """Queries and keys of the call if the enclosing module's input is `value`."""
    sides: list[Tensor] = []

    def on_call(name: str, form: Form, index: int, call: Call) -> Tensor | None:
        if (name, form, index) == (enclosing.name, enclosing.form, enclosing.call):
            sides.extend(queries_and_keys(call))
            raise CallReachedError
        return identity_output(call)

    args, kwargs = enclosing.with_first(value)
    modules = ((name or ".", module) for name, module in enclosing.module.named_modules())
    with FullPrecision(value), CallListener(on_call).attach(modules):
        try:
            functional_call(enclosing.module, weights, args, kwargs)
        except CallReachedError:
            return sides
    return None


def queries_and_keys(call: Call) -> list[Tensor]:
    """Return queries and keys of a call, with the same leading dimensions.

    Parameters
    ----------
    call
        Any intercepted call.

    Returns
    -------
    list of Tensor
        Queries [..., T, d] and keys [..., S, d]. For a softmax over one row without queries, only
        its scores as keys; empty if the call is no self-attention.
    """
    if isinstance(call, FusedCall):
        sides = (call.q, call.k)
    elif isinstance(call, SoftmaxCall) and call.product is not None:
        sides = call.product
    elif isinstance(call, SoftmaxCall) and call.scores.shape[-2] == 1:
        return [call.scores.transpose(-2, -1)]
    elif isinstance(call, ProjectedCall):
        query, key = call.query.unsqueeze(1), call.key.unsqueeze(1)
        sides = (query.expand(-1, call.heads, -1, -1), key.expand(-1, call.heads, -1, -1))
    else:
        return []
    lead = leading_shape(*sides)
    return [side.expand(*lead, *side.shape[-2:]) for side in sides]


def identity_output(call: Call) -> Tensor | None:
    """Return what attention returns if every token attends to itself alone.

    Parameters
    ----------
    call
        Any intercepted call.

    Returns
    -------
    Tensor or None
        In the shape of the call's output, of a softmax in that of its weights; None if there are
        not as many keys as queries.
    """
    if isinstance(call, ProjectedCall) and call.value.shape == call.output.shape:
        return call.value.transpose(0, 1)  # this call returns tokens first
    if isinstance(call, FusedCall) and tuple(call.v.shape) == call.output_shape:
        return call.v
    if isinstance(call, SoftmaxCall) and call.weights.shape[-1] == call.weights.shape[-2]:
        side = call.weights.shape[-1]
        identity = torch.eye(side, dtype=call.weights.dtype, device=call.weights.device)
        return identity.expand_as(call.weights)
    return None
