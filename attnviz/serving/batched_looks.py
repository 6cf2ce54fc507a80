"""Looks that came together: those that ask one network the same share a pass."""

from __future__ import annotations

import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import TypeVar

from torch import nn

from attnviz.analysis.explain import explain
from attnviz.analysis.explain_together import Asked, PreparedPicture, explain_together
from attnviz.analysis.explanation import Explanation
from attnviz.errors import AttnvizError, DeadlineError, NotServedError, ServerError, TargetError
from attnviz.export.explanation_file import explanation_bytes
from attnviz.methods.base import METHODS
from attnviz.methods.questions import Question, is_slow
from attnviz.models.vision_model import VisionModel
from attnviz.serving.messages import LookRequest
from attnviz.serving.networks import ServedNetworks
from attnviz.targets import Target
from attnviz.targets.base import TextContext
from attnviz.targets.text import parse_targets

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class LookOrder:
    """A request, and until when it is worth an answer, by `time.monotonic`."""

    request: LookRequest
    until: float
    _left: Event = field(default_factory=Event)

    @classmethod
    def received(cls, request: LookRequest) -> LookOrder:
        """Return the order of a request that has just come."""
        return cls(request, time.monotonic() + request.seconds)

    def leave(self) -> None:
        """Take note that who asked has left."""
        self._left.set()

    def check(self) -> None:
        """Raise DeadlineError if nobody waits for the answer any more."""
        if time.monotonic() > self.until or self._left.is_set():
            raise DeadlineError(
                f"The look took longer than the {self.request.seconds:.0f} s that it may take. Try "
                "again later, or choose a faster method or a smaller input."
            )


@dataclass(frozen=True)
class LookAnswer:
    """An answer, ready to be sent.

    Attributes
    ----------
    content
        The explanation without its picture, as `Explanation.save` writes it.
    together
        How many looks shared the work.
    passes
        How often the network ran for them.
    """

    content: bytes = field(repr=False)
    together: int
    passes: int


@dataclass(frozen=True, eq=False)
class _Prepared:
    order: LookOrder
    model: VisionModel
    asked: Asked
    picture: PreparedPicture

    @property
    def key(self) -> Hashable:
        """What looks have in common that go through a network together."""
        return id(self.model), self.asked, self.picture.inputs.shape


@dataclass(frozen=True)
class BatchedLooks:
    """Answers looks by the networks of a server.

    Attributes
    ----------
    networks
        Those that are offered.
    """

    networks: ServedNetworks

    def __call__(self, orders: Sequence[LookOrder]) -> list[LookAnswer | AttnvizError]:
        """Return the answer to each look, or why there is none."""
        answers: dict[int, LookAnswer | AttnvizError] = {}
        groups: dict[Hashable, list[tuple[int, _Prepared]]] = defaultdict(list)
        for index, order in enumerate(orders):
            prepared = _or_error(partial(self._prepared, order))
            if isinstance(prepared, AttnvizError):
                answers[index] = prepared
            else:
                groups[prepared.key].append((index, prepared))
        for group in groups.values():
            found = _answered([one for _, one in group])
            answers.update(zip((index for index, _ in group), found, strict=True))
        return [answers[index] for index in range(len(orders))]

    def alone(self, order: LookOrder) -> LookAnswer | AttnvizError:
        """Return the answer to one look of many passes, which ends at its deadline."""
        return _or_error(partial(self._alone, order))

    def _alone(self, order: LookOrder) -> LookAnswer:
        one, passes = self._prepared(order), 0

        def progress(done: int, total: int | None) -> None:
            del total
            nonlocal passes
            passes = done
            order.check()

        found = explain(
            one.model, one.picture.picture, one.asked.method, one.asked.target, progress
        )
        return LookAnswer(explanation_bytes(found, with_picture=False), 1, passes)

    def _prepared(self, order: LookOrder) -> _Prepared:
        order.check()
        request = order.request
        if request.method not in {"auto", *Question, *(one.name for one in METHODS)}:
            raise NotServedError(f"This server knows no method {request.method!r}.")
        model = self.networks.get(request.model, request.side, request.weights)
        targets = read_targets(request.targets, model)
        inputs, geometry = model.preprocess.tensor(request.picture)
        return _Prepared(
            order,
            model,
            Asked(request.method, targets or None),
            PreparedPicture(request.picture, inputs, geometry),
        )


def takes_many_passes(request: LookRequest) -> bool:
    """Return whether a look takes so many passes that it shares none, and can be stopped."""
    return is_slow(request.method)


def read_targets(text: str, model: VisionModel) -> tuple[Target, ...]:
    """Return the targets of a text that names nothing but classes, words and places.

    Raises
    ------
    NotServedError
        It is no text of targets here.
    """
    if not text:
        return ()
    try:
        return parse_targets(text, TextContext(model.labels))
    except TargetError as error:
        raise NotServedError(f"This server cannot ask that of {model.name}: {error}") from error


def _answered(group: Sequence[_Prepared]) -> list[LookAnswer | AttnvizError]:
    first = group[0]
    with _counted(first.model.module) as passes:
        pictures = [one.picture for one in group]
        found = _or_error(partial(explain_together, first.model, pictures, first.asked))
    if isinstance(found, AttnvizError):
        if len(group) == 1:
            return [found]
        return [answer for one in group for answer in _answered([one])]  # each its own error
    return [_answer(one, len(group), passes()) for one in found]


def _answer(
    found: Explanation | AttnvizError, together: int, passes: int
) -> LookAnswer | AttnvizError:
    if isinstance(found, AttnvizError):
        return found
    return LookAnswer(explanation_bytes(found, with_picture=False), together, passes)


def _or_error(make: Callable[[], T]) -> T | AttnvizError:
    """What is made, or why it is not: an error of one look must not be that of its neighbours."""
    try:
        return make()
    except AttnvizError as error:
        return error
    except Exception as error:
        return failure(error)


def failure(error: Exception) -> ServerError:
    """Return what is told of an error that nobody foresaw; where it arose is noted for the log."""
    told = ServerError(
        f"The server failed on the look ({type(error).__name__}). Its log says where."
    )
    told.add_note("".join(traceback.format_exception(error)))
    return told


@contextmanager
def _counted(module: nn.Module) -> Iterator[Callable[[], int]]:
    """Count how often a network runs in the block."""
    passes = 0

    def count(*_: object) -> None:
        nonlocal passes
        passes += 1

    handle = module.register_forward_pre_hook(count)
    try:
        yield lambda: passes
    finally:
        handle.remove()
