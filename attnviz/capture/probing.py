"""Finding out where the tokens of an attention call lie, by trying it on the module around it.

No list of classes knows all the windows, shifts, blocks and grids that people cut maps into. So the
module around the call is run on noise up to the call, with random weights, and again with the noise
moved a little: everywhere, then in proportion to the row, then to the column. How far each query
and key follows tells where it came from, for queries and keys are made position by position (or
from a small neighbourhood, whose centre is found). Attention before the call hands each token on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from attnviz.capture.calls import Call, Form, FusedCall, SoftmaxCall
from attnviz.capture.listening import Listener
from attnviz.capture.projected import ProjectedCall

_STEP = 1e-3
_DRAWS = 4
_AT_A_CELL = 0.2
_SILENT = 1e-5


@dataclass(frozen=True)
class Surround:
    """A module around a call, and what it was given: its first tensor is a map or a row of tokens.

    name: of the calling module, and call: how many calls of the form it makes before, both counted
    inside `part`. shape: of the first tensor; channels: which of its dimensions that is. grid: rows
    and columns of the map; prefix: tokens in front of it.
    """

    part: nn.Module
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
        """The arguments with `value` as the first tensor, and others of its type."""
        places = [(None, i) for i in range(len(self.args))] + [(key, -1) for key in self.kwargs]
        args, kwargs = list(self.args), dict(self.kwargs)
        first = True
        for key, index in places:
            old = args[index] if key is None else kwargs[key]
            if not isinstance(old, Tensor):
                continue
            new = value if first else old.to(value.dtype) if old.is_floating_point() else old
            first = False
            if key is None:
                args[index] = new
            else:
                kwargs[key] = new
        return tuple(args), kwargs


@dataclass(frozen=True)
class Followed:
    """Where the rows of one side of a call came from.

    centres: [entries, rows, 2], in 0..1 from the top left corner of the map. heard: bool [entries,
    rows], False for rows that follow nothing: class tokens and padding.
    """

    centres: Tensor
    heard: Tensor

    def at_cells(self, grid: tuple[int, int]) -> bool:
        """Whether every row came from a single cell."""
        scaled = self.centres[self.heard] * torch.tensor(grid, dtype=torch.float32) - 0.5
        return bool(((scaled - scaled.round()).abs() < _AT_A_CELL).all())


class _FoundError(Exception):
    """Ends a run at the call that was waited for."""


def follow(around: Surround) -> tuple[Followed | None, Followed] | None:
    """Where queries and keys of a call came from; None if the call was not met.

    Queries are None for a softmax of one row that no queries have made.
    """
    random = torch.Generator().manual_seed(0)
    weights = _random_weights(around.part, random)
    sums: list[list[Tensor]] = []
    for draw in range(_DRAWS):
        sides = _draw(around, weights, random)
        if sides is None:
            return None
        sums = sides if draw == 0 else [
            [old + new for old, new in zip(one, other, strict=True)]
            for one, other in zip(sums, sides, strict=True)
        ]  # fmt: skip
        found = [_followed(*one) for one in sums]
        if all(one.at_cells(around.grid) for one in found):
            break  # each from a single cell: nothing to average
    return (found[0] if len(found) == 2 else None), found[-1]


def _draw(
    around: Surround, weights: dict[str, Tensor], random: torch.Generator
) -> list[list[Tensor]] | None:
    """For each side, how much its rows move in all, with the row and with the column."""
    device = next((one.device for one in weights.values()), torch.device("cpu"))
    noise, move = (torch.randn(around.shape, generator=random).to(device) for _ in range(2))
    base = _run(around, weights, noise)
    if base is None:
        return None
    moved = []
    for code in _codes(around, device):
        sides = _run(around, weights, noise + _STEP * code * move)
        if sides is None:
            return None
        moved.append([(new - old) / _STEP for new, old in zip(sides, base, strict=True)])
    return [
        [(moved[0][side] * one[side]).sum(-1).double().cpu() for one in moved]
        for side in range(len(base))
    ]


def _followed(total: Tensor, down: Tensor, across: Tensor) -> Followed:
    heard = total > _SILENT * total.max().clamp_min(1e-12)
    centres = torch.stack((down, across), -1) / total.where(heard, 1.0)[..., None]
    return Followed(centres.clamp(0, 1 - 1e-6).float().flatten(0, -3), heard.flatten(0, -2))


def _codes(around: Surround, device: torch.device) -> list[Tensor]:
    """1, the row and the column of each position, shaped to be multiplied with the first tensor."""
    rows, columns = around.grid
    down = ((torch.arange(rows) + 0.5) / rows)[:, None].expand(rows, columns)
    across = ((torch.arange(columns) + 0.5) / columns)[None].expand(rows, columns)
    codes = []
    for code in (torch.ones(rows, columns), down, across):
        if len(around.shape) == 3:
            code = torch.cat((torch.zeros(around.prefix), code.flatten()))
        codes.append(code[None].unsqueeze(around.channels).to(device))
    return codes


def _run(around: Surround, weights: dict[str, Tensor], value: Tensor) -> list[Tensor] | None:
    """Queries and keys of the call when the module around it is given `value`."""
    sides: list[Tensor] = []

    def answer(name: str, form: Form, index: int, call: Call) -> Tensor | None:
        if (name, form, index) == (around.name, around.form, around.call):
            sides.extend(sides_of(call))
            raise _FoundError
        return _handed_on(call)

    args, kwargs = around.with_first(value)
    with Listener(answer).on(((k or ".", v) for k, v in around.part.named_modules())):
        try:
            functional_call(around.part, weights, args, kwargs)
        except _FoundError:
            return sides
    return None


def sides_of(call: Call) -> list[Tensor]:
    """Queries [..., T, d] and keys [..., S, d] of a call, their leading entries alike.

    A softmax over one row that no queries made has its scores as keys, and no queries.
    """
    if isinstance(call, FusedCall):
        sides = (call.q, call.k)
    elif isinstance(call, SoftmaxCall) and call.product is not None:
        sides = call.product
    elif isinstance(call, SoftmaxCall) and call.scores.shape[-2] == 1:
        return [call.scores.transpose(-2, -1)]
    elif isinstance(call, ProjectedCall):
        sides = tuple(
            one.unsqueeze(1).expand(-1, call.heads, -1, -1) for one in (call.query, call.key)
        )
    else:
        return []
    lead = torch.broadcast_shapes(sides[0].shape[:-2], sides[1].shape[:-2])
    return [side.expand(*lead, *side.shape[-2:]) for side in sides]


def _handed_on(call: Call) -> Tensor | None:
    """What attention gives if every token looks at itself alone."""
    if isinstance(call, ProjectedCall) and call.value.shape == call.output.shape:
        return call.value.transpose(0, 1)  # tokens come first in that call
    if isinstance(call, FusedCall) and call.v.shape == call.output.shape:
        return call.v
    if isinstance(call, SoftmaxCall) and call.weights.shape[-1] == call.weights.shape[-2]:
        side = call.weights.shape[-1]
        same = torch.eye(side, dtype=call.weights.dtype, device=call.weights.device)
        return same.expand_as(call.weights)
    return None


def _random_weights(part: nn.Module, random: torch.Generator) -> dict[str, Tensor]:
    """Float32 weights under which every position is heard; the network's own may be zero or NaN."""
    drawn: dict[str, Tensor] = {}
    for name, weight in part.named_parameters():
        if weight.ndim > 1:
            value = torch.randn(weight.shape, generator=random) / weight[0].numel() ** 0.5
        else:
            value = 0.5 + torch.rand(weight.shape, generator=random)
        drawn[name] = value.to(weight.device)
    for name, buffer in part.named_buffers():
        if buffer.is_floating_point():
            drawn[name] = buffer.float().nan_to_num()
    return drawn
