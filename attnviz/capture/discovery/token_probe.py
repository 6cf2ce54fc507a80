"""Finding out where the tokens of an attention call lie, by trying it on the module around it.

No list of classes knows all the windows, shifts, blocks and grids that people cut maps into. So the
module around the call is run on noise up to the call, with random weights, and again with the noise
moved a little: everywhere, then in proportion to the row, then to the column. How far each query
and key follows tells where it came from, for queries and keys are made position by position.
Convolutions before the call see the middle of their kernel alone, or on a map of two or three cells
each would follow all of it. Where queries and keys are made from a neighbourhood still, by pooling
or by enlarging, each row and column is moved by itself, and its middle is found. Attention before
the call hands each token on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from attnviz.capture.hooks.call_listener import CallListener
from attnviz.capture.hooks.calls import Call, FusedCall, SoftmaxCall
from attnviz.capture.hooks.multihead_attention import ProjectedCall, leading_shape
from attnviz.capture.site import Form

_STEP = 1e-3
_AT_A_CELL = 0.2
_SILENT = 1e-5
_NOTHING = 1e-12

Moved = Callable[[Tensor], list[Tensor]]


@dataclass(frozen=True)
class EnclosingModule:
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
        first: Tensor | None = None
        for key, index in places:
            old = args[index] if key is None else kwargs[key]
            if not isinstance(old, Tensor):
                continue
            first = old if first is None else first
            new = old.to(value.dtype) if old.is_floating_point() else old
            new = value if old is first else new  # also where it is given more than once
            if key is None:
                args[index] = new
            else:
                kwargs[key] = new
        return tuple(args), kwargs


@dataclass(frozen=True)
class TokenOrigins:
    """Where the rows of one side of a call came from.

    centres: [entries, rows, 2], in 0..1 from the top left corner of the map. heard: bool [entries,
    rows], False for rows that follow nothing: class tokens and padding.
    """

    centres: Tensor
    located: Tensor

    def at_cells(self, grid: tuple[int, int]) -> bool:
        """Whether every row came from a single cell."""
        scaled = self.centres[self.located] * torch.tensor(grid, dtype=torch.float32) - 0.5
        return bool(((scaled - scaled.round()).abs() < _AT_A_CELL).all())


class _FoundError(Exception):
    """Ends a run at the call that was waited for."""


def locate_tokens(around: EnclosingModule) -> tuple[TokenOrigins | None, TokenOrigins] | None:
    """Where queries and keys of a call came from; None if the call was not met.

    Queries are None for a softmax of one row that no queries have made.
    """
    random = torch.Generator().manual_seed(0)
    weights = _random_weights(around.part, random)
    device = next((one.device for one in weights.values()), torch.device("cpu"))
    noise, move = (torch.randn(around.shape, generator=random).to(device) for _ in range(2))
    base = _run(around, weights, noise)
    if not base:
        return None

    def moved(code: Tensor) -> list[Tensor]:
        """How far the rows of each side are moved by moving the map as `code` says."""
        value = noise + _STEP * _shaped(around, code).to(device) * move
        sides = _run(around, weights, value) or base
        return [(new - old) / _STEP for new, old in zip(sides, base, strict=True)]

    found = _by_proportion(moved, around.grid)
    if not all(one.at_cells(around.grid) for one in found):
        found = _by_extent(moved, around.grid)
    return (found[0] if len(found) == 2 else None), found[-1]


def _by_proportion(moved: Moved, grid: tuple[int, int]) -> list[TokenOrigins]:
    """Three runs: a row from a single cell moves by the cell's place times its move in all."""
    rows, columns = grid
    down = ((torch.arange(rows) + 0.5) / rows)[:, None].expand(grid)
    across = ((torch.arange(columns) + 0.5) / columns)[None].expand(grid)
    both = [moved(code) for code in (torch.ones(grid), down, across)]
    found = []
    for all_over, with_row, with_column in zip(*both, strict=True):
        total = (all_over * all_over).sum(-1)
        heard = total > _SILENT * total.max().clamp_min(_NOTHING)
        shares = [(all_over * one).sum(-1) / total.where(heard, 1) for one in
                  (with_row, with_column)]  # fmt: skip
        found.append(_followed(torch.stack(shares, -1), heard))
    return found


def _by_extent(moved: Moved, grid: tuple[int, int]) -> list[TokenOrigins]:
    """A run for each row and column of the map: the middle of those that a row follows."""
    middles: list[list[Tensor]] = []
    heard: list[Tensor] = []
    for axis, count in enumerate(grid):
        strips = []
        for index in range(count):
            code = torch.zeros(grid)
            code.select(axis, index).fill_(1)
            strips.append([one.square().sum(-1) for one in moved(code)])
        sides = [torch.stack(one) for one in zip(*strips, strict=True)]
        follows = [one > _SILENT * one.amax(0).clamp_min(_NOTHING) for one in sides]
        middles.append([_middle(one) / count for one in follows])
        heard = [one.any(0) for one in follows]
    return [
        _followed(torch.stack(pair, -1), one) for *pair, one in zip(*middles, heard, strict=True)
    ]


def _middle(follows: Tensor) -> Tensor:
    """The middle of the first and the last True along the first dimension, in its steps."""
    steps = torch.arange(len(follows), device=follows.device)
    steps = steps.view(-1, *[1] * (follows.ndim - 1))
    first = steps.where(follows, len(follows)).amin(0)
    last = steps.where(follows, -1).amax(0)
    return (first + last + 1) / 2


def _followed(centres: Tensor, heard: Tensor) -> TokenOrigins:
    centres = centres.where(heard[..., None], 0).clamp(0, 1 - 1e-6).float().cpu()
    return TokenOrigins(centres.flatten(0, -3), heard.cpu().flatten(0, -2))


def _shaped(around: EnclosingModule, code: Tensor) -> Tensor:
    """`code` [rows, columns] as a factor of the first tensor; the prefix is not moved."""
    if len(around.shape) == 3:
        code = torch.cat((torch.zeros(around.prefix), code.flatten()))
    return code[None].unsqueeze(around.channels)


def _run(around: EnclosingModule, weights: dict[str, Tensor], value: Tensor) -> list[Tensor] | None:
    """Queries and keys of the call when the module around it is given `value`."""
    sides: list[Tensor] = []

    def answer(name: str, form: Form, index: int, call: Call) -> Tensor | None:
        if (name, form, index) == (around.name, around.form, around.call):
            sides.extend(queries_and_keys(call))
            raise _FoundError
        return _handed_on(call)

    args, kwargs = around.with_first(value)
    with CallListener(answer).attach(((k or ".", v) for k, v in around.part.named_modules())):
        try:
            functional_call(around.part, weights, args, kwargs)
        except _FoundError:
            return sides
    return None


def queries_and_keys(call: Call) -> list[Tensor]:
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
        query, key = call.query.unsqueeze(1), call.key.unsqueeze(1)
        sides = (query.expand(-1, call.heads, -1, -1), key.expand(-1, call.heads, -1, -1))
    else:
        return []
    lead = leading_shape(*sides)
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


def _middle_tap(kernel: tuple[int, ...]) -> Tensor:
    """1 in the middle of a kernel that has one, else 0; 1 all over a kernel that has none."""
    if not all(side % 2 for side in kernel):
        return torch.ones(kernel)
    tap = torch.zeros(kernel)
    tap[tuple(side // 2 for side in kernel)] = 1
    return tap


def _random_weights(part: nn.Module, random: torch.Generator) -> dict[str, Tensor]:
    """Float32 weights under which every position is heard; the network's own may be zero or NaN."""
    drawn: dict[str, Tensor] = {}
    maps = {f"{k}.weight".lstrip(".") for k, v in part.named_modules() if isinstance(v, nn.Conv2d)}
    for name, weight in part.named_parameters():
        if weight.ndim > 1:
            value = torch.randn(weight.shape, generator=random) / weight[0].numel() ** 0.5
            value = value * _middle_tap(weight.shape[2:]) if name in maps else value
        else:
            value = 0.5 + torch.rand(weight.shape, generator=random)
        drawn[name] = value.to(weight.device)
    for name, buffer in part.named_buffers():
        if buffer.is_floating_point():
            drawn[name] = buffer.float().nan_to_num()
    return drawn
