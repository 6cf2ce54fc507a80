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

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from attnviz.capture.discovery.random_weights import random_weights
from attnviz.capture.hooks.call_listener import CallListener
from attnviz.capture.hooks.calls import Call, FusedCall, SoftmaxCall
from attnviz.capture.hooks.multihead_attention import ProjectedCall, leading_shape
from attnviz.capture.site import Form

_STEP = 1e-3
_CELL_TOLERANCE = 0.2
_MIN_RESPONSE = 1e-5
_TINY = 1e-12

Perturb = Callable[[Tensor], list[Tensor]]


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


@dataclass(frozen=True)
class TokenOrigins:
    """Where the rows of one side of a call originate.

    Attributes
    ----------
    centres
        float32 [entries, rows, 2], (down, across) in 0..1 from the top left corner of the map.
    located
        bool [entries, rows]; False for rows that respond to nothing: class tokens and padding.
    """

    centres: Tensor
    located: Tensor

    def at_cells(self, grid: tuple[int, int]) -> bool:
        """Return whether every row originates in a single cell of the grid (rows, columns)."""
        scaled = self.centres[self.located] * torch.tensor(grid, dtype=torch.float32) - 0.5
        return bool(((scaled - scaled.round()).abs() < _CELL_TOLERANCE).all())


class _CallReachedError(Exception):
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
        value = noise + _STEP * _shaped(enclosing, code).to(device) * direction
        sides = _run(enclosing, weights, value) or base
        return [(new - old) / _STEP for new, old in zip(sides, base, strict=True)]

    origins = _by_proportion(perturb, enclosing.grid)
    if not all(side.at_cells(enclosing.grid) for side in origins):
        origins = _by_extent(perturb, enclosing.grid)
    return (origins[0] if len(origins) == 2 else None), origins[-1]


def _by_proportion(perturb: Perturb, grid: tuple[int, int]) -> list[TokenOrigins]:
    """Three runs: a row from a single cell responds in proportion to the cell's position."""
    rows, columns = grid
    down = ((torch.arange(rows) + 0.5) / rows)[:, None].expand(grid)
    across = ((torch.arange(columns) + 0.5) / columns)[None].expand(grid)
    responses = [perturb(code) for code in (torch.ones(grid), down, across)]
    origins = []
    for everywhere, by_row, by_column in zip(*responses, strict=True):
        total = (everywhere * everywhere).sum(-1)
        located = total > _MIN_RESPONSE * total.max().clamp_min(_TINY)
        positions = [
            (everywhere * response).sum(-1) / total.where(located, 1)
            for response in (by_row, by_column)
        ]
        origins.append(_origins(torch.stack(positions, -1), located))
    return origins


def _by_extent(perturb: Perturb, grid: tuple[int, int]) -> list[TokenOrigins]:
    """A run for each row and column of the map: the middle of those to which a token responds."""
    middles: list[list[Tensor]] = []
    located: list[Tensor] = []
    for axis, count in enumerate(grid):
        strips = []
        for index in range(count):
            code = torch.zeros(grid)
            code.select(axis, index).fill_(1)
            strips.append([response.square().sum(-1) for response in perturb(code)])
        sides = [torch.stack(side) for side in zip(*strips, strict=True)]
        responds = [side > _MIN_RESPONSE * side.amax(0).clamp_min(_TINY) for side in sides]
        middles.append([_middle(side) / count for side in responds])
        located = [side.any(0) for side in responds]
    return [
        _origins(torch.stack(pair, -1), side) for *pair, side in zip(*middles, located, strict=True)
    ]


def _middle(responds: Tensor) -> Tensor:
    """The middle of the first and the last True along the first dimension, in its steps."""
    steps = torch.arange(len(responds), device=responds.device)
    steps = steps.view(-1, *[1] * (responds.ndim - 1))
    first = steps.where(responds, len(responds)).amin(0)
    last = steps.where(responds, -1).amax(0)
    return (first + last + 1) / 2


def _origins(centres: Tensor, located: Tensor) -> TokenOrigins:
    centres = centres.where(located[..., None], 0).clamp(0, 1 - 1e-6).float().cpu()
    return TokenOrigins(centres.flatten(0, -3), located.cpu().flatten(0, -2))


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
            raise _CallReachedError
        return _identity_output(call)

    args, kwargs = enclosing.with_first(value)
    modules = ((name or ".", module) for name, module in enclosing.module.named_modules())
    with CallListener(on_call).attach(modules):
        try:
            functional_call(enclosing.module, weights, args, kwargs)
        except _CallReachedError:
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


def _identity_output(call: Call) -> Tensor | None:
    """What attention returns if every token attends to itself alone."""
    if isinstance(call, ProjectedCall) and call.value.shape == call.output.shape:
        return call.value.transpose(0, 1)  # this call returns tokens first
    if isinstance(call, FusedCall) and call.v.shape == call.output.shape:
        return call.v
    if isinstance(call, SoftmaxCall) and call.weights.shape[-1] == call.weights.shape[-2]:
        side = call.weights.shape[-1]
        identity = torch.eye(side, dtype=call.weights.dtype, device=call.weights.device)
        return identity.expand_as(call.weights)
    return None
