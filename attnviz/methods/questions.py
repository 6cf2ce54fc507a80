"""The two questions that users ask, and the method that answers each best for a network."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from attnviz.capture.site import Kind
from attnviz.errors import MethodError, UnknownNameError
from attnviz.methods.base import METHODS, Method, Nature, NetworkTraits
from attnviz.methods.defaults import Question as Question
from attnviz.methods.defaults import default_methods


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
    """A method to run.

    Parameters
    ----------
    method
        The method, with its options.
    layer
        Layer to show first; the last informative one if None.
    question
        The question that it answers; None if the method was chosen by name.
    measured
        Whether the method was measured to answer best on this network, and is not just a default.
    """

    method: Method
    layer: str | None = None
    question: Question | None = None
    measured: bool = False


# Of black boxes: RISE first, whose scores are of whole pictures that are partly hidden, and not of
# single patches.
_BY_SCORES = ("rise", "occlusion")
_OF_THINGS = "d-rise"


def choose_method(
    name: str,
    *,
    has_attention: bool,
    answers: Mapping[str, Answering] | None = None,
    kinds: Collection[Kind] = (),
    observable: bool = True,
    has_classes: bool = True,
) -> Choice:
    """Return the method that a name, a question, or "auto" stands for.

    Parameters
    ----------
    name, has_attention, answers, kinds, observable, has_classes
        As for `choose_methods`.

    Returns
    -------
    Choice
        The first of `choose_methods`.

    Raises
    ------
    UnknownNameError
        There is no method or question of that name.
    """
    return choose_methods(
        name,
        has_attention=has_attention,
        answers=answers,
        kinds=kinds,
        observable=observable,
        has_classes=has_classes,
    )[0]


def choose_methods(
    name: str,
    *,
    has_attention: bool,
    answers: Mapping[str, Answering] | None = None,
    kinds: Collection[Kind] = (),
    observable: bool = True,
    has_classes: bool = True,
) -> tuple[Choice, ...]:
    """Return the methods that can answer a question, the best first, or the one of a name.

    Parameters
    ----------
    name
        Name of a method, "attention", "decision", or "auto", which is "attention" where the network
        has any and "decision" elsewhere.
    has_attention
        Whether the network has spatial attention.
    answers
        What was measured for this network, by question.
    kinds
        What can be read in the network; soft masks and blocks if empty.
    observable
        Whether its layers can be observed, which those of a black box cannot.
    has_classes
        Whether the network names classes. If not, "auto" is "attention", which is then answered
        also where the network has none: by the objects that its features show.

    Returns
    -------
    tuple of Choice
        Methods, with the layer to show first. Where all that answer "attention" fail, those that
        answer "decision" follow; the last one is Grad-CAM. Where nothing was measured, those of
        `default_methods`.

    Raises
    ------
    UnknownNameError
        There is no method or question of that name.
    MethodError
        A black box cannot be asked so.
    """
    if name == "auto":
        shown = has_attention or (observable and not has_classes)
        name = Question.ATTENTION if shown else Question.DECISION
    if not observable:
        _check_asks_scores(name)
    if name in METHODS:
        return (Choice(METHODS.get(name)()),)
    if name not in set(Question):
        known = ["auto", *Question, *(method.name for method in METHODS)]
        raise UnknownNameError("method", name, known)
    if not observable:
        methods = (METHODS.get(method)() for method in _BY_SCORES)
        return tuple(Choice(method, None, Question.DECISION) for method in methods)
    asked = [Question(name)] if name == Question.DECISION else list(Question)
    choices: dict[str, Choice] = {}
    for question in asked:
        for choice in _answers(question, answers or {}, kinds, has_classes=has_classes):
            choices.setdefault(choice.method.name, choice)
    return tuple(choices.values())


def by_scores(name: str, network: NetworkTraits) -> str:
    """Return the name of the method by which a black box answers a question, or is asked.

    Parameters
    ----------
    name
        Name of a question or a method.
    network
        Its traits; `ModelSpec` has them.

    Returns
    -------
    str

    Raises
    ------
    MethodError
        A black box cannot be asked so.
    """
    _check_asks_scores(name)
    decision = _OF_THINGS if network.finds_things else _BY_SCORES[0]
    return decision if name == Question.DECISION else name


def _check_asks_scores(name: str) -> None:
    """Raise MethodError for a question or a method that needs more than scores."""
    if name == Question.ATTENTION or (name in METHODS and METHODS.get(name).kind is not None):
        what = METHODS.get(name).title if name in METHODS else "What a network attends to"
        raise MethodError(
            f"{what} is read from layers, and those of a black box cannot be observed. Ask what "
            f"its decision rests on (decision), or choose {' or '.join(_BY_SCORES)}."
        )


def _answers(
    question: Question,
    measured: Mapping[str, Answering],
    kinds: Collection[Kind],
    *,
    has_classes: bool,
) -> Iterator[Choice]:
    """The methods that answer one question, the best first."""
    answer = measured.get(question)
    if answer is not None:
        yield Choice(METHODS.get(answer.method)(), answer.layer, question, measured=True)
    for name in default_methods(question, kinds, has_classes=has_classes):
        yield Choice(METHODS.get(name)(), None, question)


def methods_for(*networks: NetworkTraits) -> tuple[type[Method], ...]:
    """Return the methods that fit at least one of the networks; attention first.

    Parameters
    ----------
    *networks
        Their traits; `ModelSpec` has them.

    Returns
    -------
    tuple of type
        The classes of the methods.
    """
    fitting = [method for method in METHODS if any(map(method.suits, networks))]
    return tuple(sorted(fitting, key=lambda method: list(Nature).index(method.nature)))


def questions_for(*networks: NetworkTraits) -> tuple[Question, ...]:
    """Return the questions that at least one of the networks can answer.

    Parameters
    ----------
    *networks
        Their traits; `ModelSpec` has them.

    Returns
    -------
    tuple of Question
        Attention only where a network has spatial attention or decides nothing, and the decision
        only where one names classes or finds things.
    """
    answered = {
        Question.ATTENTION: any(map(_attends, networks)),
        Question.DECISION: any(network.decides for network in networks),
    }
    return tuple(question for question in Question if answered[question])


def _attends(network: NetworkTraits) -> bool:
    """Whether it has spatial attention, or decides nothing: then its objects are shown for it."""
    return has_spatial_attention(network.kinds) or not network.decides


def can_answer(network: NetworkTraits, name: str) -> bool:
    """Return whether a network can be shown by a method or answer a question.

    Parameters
    ----------
    network
        Its traits; `ModelSpec` has them.
    name
        Name of a method, a question, or "auto".

    Returns
    -------
    bool
        False also where no method has that name.
    """
    if name in METHODS:
        return METHODS.get(name).suits(network)
    return name == "auto" or name in questions_for(network)


def has_spatial_attention(kinds: Collection[str]) -> bool:
    """Return whether sites of these kinds show attention to positions of the input.

    Parameters
    ----------
    kinds
        What can be read in a network. Channel gates attend to no position.

    Returns
    -------
    bool
        Whether soft masks or self-attention are among them.
    """
    return Kind.SPATIAL in kinds or Kind.CONTEXT in kinds


def is_slow(name: str) -> bool:
    """Return whether a method runs the network so often that users must confirm first.

    Parameters
    ----------
    name
        Name of a method, a question, or "auto"; questions are answered by one pass.

    Returns
    -------
    bool
        `Method.many_passes` of the method.
    """
    return name in METHODS and METHODS.get(name).many_passes
