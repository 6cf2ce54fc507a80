"""A network's classifier, applied at each place of its last feature map.

Most classifiers take the mean over places and then a linear map, so the logits are the mean of what
that map says of each place. Vision transformers read one class token instead; what their classifier
says of the other tokens has no share in the logits, but lives in the same space. No list of classes
tells which: one pass is watched, and the numbers that went into the classifier are looked for among
the maps before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from attnviz.capture.grids import tokens_to_map
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.hook_every_module import run_with_hooks
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.run import logits_of
from attnviz.capture.site import Layout
from attnviz.errors import MethodError

_REMEMBERED = 64  # modules at the end of a pass among which the classifier is looked for
_CLASS_TOKENS = 16
_CLOSE = 1e-3
_ROUNDED = 2  # times `eps`: half precision rounds each step on the way


@dataclass(frozen=True)
class DenseClassifier:
    """How logits follow from the output of one module, place by place.

    module: its name. layout: of its output. rectified: whether a ReLU without a module follows.
    steps: names of the modules that then take the channels of a place to logits, and `spatial`
    whether they want them as [N, C, 1, 1]. token: the one that the network itself reads; None where
    it takes the mean over places, so that the logits are the mean of the places' logits.
    """

    module: str
    layout: Layout
    rectified: bool
    steps: tuple[str, ...]
    spatial: tuple[bool, ...]
    token: int | None = None

    def logits(self, network: nn.Module, output: Tensor, grid: tuple[int, int]) -> Tensor:
        """[N, classes, rows, columns] from the module's output; `grid` is that of tokens."""
        if self.layout is Layout.TOKENS:
            output = tokens_to_map(output, grid)
        last = output if self.layout is Layout.CHANNELS_LAST else output.movedim(1, -1)
        return self.apply(network, last).movedim(-1, 1)

    def evidence(self, network: nn.Module, output: Tensor, grid: tuple[int, int]) -> Tensor:
        """`logits` less what the classifier says of a place without features: its offset.

        An offset is the same everywhere, so no place speaks by it.
        """
        said = self.logits(network, output, grid)
        axis = 1 if self.layout is Layout.CHANNELS_FIRST else -1
        nothing = torch.zeros_like(output.movedim(axis, -1).flatten(0, -2)[:1])
        return said - self.apply(network, nothing)[:, :, None, None]

    def apply(self, network: nn.Module, channels: Tensor) -> Tensor:
        """What the classifier makes of [..., C]: [..., classes]."""
        flat = channels.flatten(0, -2)
        flat = flat.relu() if self.rectified else flat
        for step, spatial in zip(self.steps, self.spatial, strict=True):
            part = network.get_submodule(step)
            flat = part(flat[:, :, None, None] if spatial else flat).flatten(1)
        return flat.reshape(*channels.shape[:-1], flat.shape[1])


@dataclass(frozen=True, eq=False)
class _Event:
    """A module that returned: its name, its first input, and its output, by reference."""

    name: str
    leaf: bool
    entering: Tensor
    leaving: Tensor


_KNOWN: WeakKeyDictionary[nn.Module, DenseClassifier | str] = WeakKeyDictionary()


def find_dense_classifier(module: nn.Module, example: Tensor) -> DenseClassifier:
    """The classifier of `module` as it can be applied at each place, found by one pass.

    example: [N, 3, H, W] that the network accepts; the first is used. Remembered for as long as the
    module lives. The caller holds the model's lock; the module is left as it was.

    Raises MethodError where the logits are neither the mean of the places' logits nor those of a
    class token, and ModelError if the network cannot be read.
    """
    module, example = prepare_for_hooks(module, example)
    if module not in _KNOWN:
        _KNOWN[module] = _found(module, example[:1])
    known = _KNOWN[module]
    if isinstance(known, str):
        raise MethodError(known)
    return known


def _found(module: nn.Module, example: Tensor) -> DenseClassifier | str:
    events, logits = _watched(module, example)
    wanted, steps, spatial, earlier = logits, list[str](), list[bool](), events
    with state_guard(module), torch.no_grad():
        while True:
            for head in _heads(events, wanted, tuple(steps), tuple(spatial)):
                if _is_right(module, head, events, logits):
                    return head
            maker = _maker(earlier, wanted)
            if maker is None:
                return (
                    f"The classifier of {type(module).__name__} cannot be applied at each place: "
                    "its logits are neither the mean of what it says of each place nor what it "
                    "says of a class token. Choose another method."
                )
            earlier = earlier[earlier.index(maker) + 1 :]
            steps.insert(0, maker.name)
            spatial.insert(0, maker.entering.ndim == 4)
            wanted = maker.entering.flatten(1)


def _watched(module: nn.Module, example: Tensor) -> tuple[list[_Event], Tensor]:
    """The last modules of a pass, latest first. What is changed in place is seen as it became."""
    events: deque[_Event] = deque(maxlen=_REMEMBERED)

    def note(name: str, part: nn.Module, entering: tuple[Any, ...], output: object) -> None:
        first = next((one for one in entering if isinstance(one, Tensor)), None)
        if name and first is not None and isinstance(output, Tensor):
            leaf = next(part.children(), None) is None
            events.appendleft(_Event(name, leaf, first, output))

    logits = logits_of(run_with_hooks(module, example, note), module)
    return list(events), logits


def _maker(events: list[_Event], wanted: Tensor) -> _Event | None:
    """The leaf that made the vector `wanted` [1, C] out of another vector."""
    for event in events:
        entering, leaving = event.entering, event.leaving
        if not event.leaf or entering.numel() != entering.shape[1] or leaving.ndim not in (2, 4):
            continue
        made = leaving.flatten(1)
        if not torch.equal(made, entering.flatten(1)) and _equal(made, wanted):
            return event
    return None


def _heads(
    events: list[_Event], wanted: Tensor, steps: tuple[str, ...], spatial: tuple[bool, ...]
) -> Iterator[DenseClassifier]:
    """Where the vector `wanted` [1, C] is the mean over places, or one token, of some output."""
    for event in events:
        value, channels = event.leaving, wanted.shape[1]
        if value.ndim == 4 and value[0].numel() > max(value.shape[1], value.shape[3]):
            for layout, places in ((Layout.CHANNELS_FIRST, (2, 3)), (Layout.CHANNELS_LAST, (1, 2))):
                for rectified in (False, True):
                    seen = value.relu() if rectified else value
                    if _equal(seen.mean(places), wanted):
                        yield DenseClassifier(event.name, layout, rectified, steps, spatial)
        if value.ndim != 3 or value.shape[2] != channels or value.shape[1] < 2:
            continue
        for prefix in range(min(_CLASS_TOKENS, value.shape[1] - 1)):
            if _equal(value[:, prefix:].mean(1), wanted):
                yield DenseClassifier(event.name, Layout.TOKENS, False, steps, spatial)
            if _equal(value[:, prefix], wanted):
                yield DenseClassifier(
                    event.name, Layout.TOKENS, False, steps, spatial, token=prefix
                )


def _is_right(
    module: nn.Module, head: DenseClassifier, events: list[_Event], logits: Tensor
) -> bool:
    """Whether the head gives the network's own logits: as a mean over places, or at its token."""
    value = next(one.leaving for one in events if one.name == head.module)
    if head.token is not None:
        return _equal(head.apply(module, value[:, head.token]), logits)
    if head.layout is Layout.CHANNELS_FIRST:
        value = value.movedim(1, -1)
    said = head.apply(module, value)
    prefixes = range(min(_CLASS_TOKENS, value.shape[1] - 1)) if value.ndim == 3 else (0,)
    return any(_equal(said.flatten(1, -2)[:, one:].mean(1), logits) for one in prefixes)


def _equal(value: Tensor, wanted: Tensor) -> bool:
    """Whether two tensors are the same but for rounding in the coarser one's type."""
    if value.shape != wanted.shape:
        return False
    close = max(_CLOSE, *(_ROUNDED * torch.finfo(one.dtype).eps for one in (value, wanted)))
    value, wanted = value.float(), wanted.float()
    size = float(wanted.abs().max())
    return bool((value - wanted).abs().max() <= close * max(size, 1e-6))
