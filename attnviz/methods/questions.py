"""Two questions people ask, and the map that answers each best for a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from attnviz.errors import UnknownNameError
from attnviz.methods.base import METHODS, AnyMethod


class Question(StrEnum):
    """`ATTENTION`: what does the network attend to? `DECISION`: what does this decision rest on?"""

    ATTENTION = "attention"
    DECISION = "decision"


class Answering(Protocol):
    """A measured answer: the name of a method, and the layer whose map did best."""

    @property
    def method(self) -> str:
        """Name of the method."""
        ...

    @property
    def layer(self) -> str:
        """Name of the layer, or of all layers fused."""
        ...


@dataclass(frozen=True)
class Choice:
    """A method to run. `layer` is the one to show first, None for the last.

    `question` is what was asked, None if the method was named; `measured` tells an answer that was
    found by measurement on this network from one that is only a sound default.
    """

    method: AnyMethod
    layer: str | None = None
    question: Question | None = None
    measured: bool = False


def choose_method(
    name: str, *, has_attention: bool, answers: Mapping[str, Answering] | None = None
) -> Choice:
    """The method behind a name, a question, or "auto".

    Args:
        name: a method's name, "attention", "decision", or "auto", which is "attention" where the
            network has any and "decision" elsewhere.
        has_attention: whether the network has soft masks.
        answers: what was measured for this network.

    Raises UnknownNameError for any other name.
    """
    if name == "auto":
        name = Question.ATTENTION if has_attention else Question.DECISION
    if name in METHODS:
        return Choice(METHODS.get(name)())
    if name not in set(Question):
        known = ["auto", *Question, *(method.name for method in METHODS)]
        raise UnknownNameError("method", name, known)
    question = Question(name)
    answer = (answers or {}).get(question)
    if answer is not None:
        return Choice(METHODS.get(answer.method)(), answer.layer, question, measured=True)
    default = "mask-effect" if question is Question.ATTENTION else "grad-cam"
    return Choice(METHODS.get(default)(), None, question)
