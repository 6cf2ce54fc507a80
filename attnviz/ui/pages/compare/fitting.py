"""Which questions and methods a network supports, and the reasons if it does not."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.capture.site import Kind
from attnviz.methods.base import METHODS, Nature
from attnviz.methods.questions import (
    Choice,
    Question,
    can_answer,
    choose_method,
    has_spatial_attention,
    methods_for,
    questions_for,
)
from attnviz.models.scores import ScoreKind
from attnviz.models.spec import ModelSpec
from attnviz.ui.kit.method_picker import QUESTION_TITLES, method_title

_READS = {
    Kind.SPATIAL: "soft masks",
    Kind.CHANNEL: "channel gates",
    Kind.CONTEXT: "self-attention",
    Kind.FEATURES: "feature maps of blocks",
}


def offered_looks(specs: Sequence[ModelSpec]) -> dict[str, str]:
    """Return titles of the questions and methods that at least one of the networks supports."""
    questions = {
        str(question): title
        for question, title in QUESTION_TITLES.items()
        if question in questions_for(*specs)
    }
    methods = sorted(methods_for(*specs), key=lambda method: method.many_passes)
    return questions | {method.name: method_title(method) for method in methods}


def look_title(look: str) -> str:
    """Return a question in words, or the title of a method."""
    if look in METHODS:
        return METHODS.get(look).title
    return QUESTION_TITLES[Question(look)]


def choice_for(spec: ModelSpec, look: str) -> Choice:
    """Resolve a question or a method's name for a network, without loading the network."""
    return choose_method(
        look,
        has_attention=has_spatial_attention(spec.kinds),
        answers=spec.answers,
        kinds=tuple(Kind(kind) for kind in spec.kinds),
        observable=spec.observable,
        has_classes=spec.scores is not ScoreKind.NONE,
    )


def reason_unfit(spec: ModelSpec, look: str, target: str) -> str:
    """Say why a network does not support a question or a method.

    Parameters
    ----------
    spec : ModelSpec
        The network.
    look : str
        Name of a question or a method.
    target : str
        Class that relevance explains; empty for the network's top prediction.

    Returns
    -------
    str
        A sentence; empty if the network supports it.
    """
    if look == Question.ATTENTION and not can_answer(spec, look):
        return f"{spec.title} has no spatial attention. Choose what its decision rests on."
    method = choice_for(spec, look).method
    if method.kind is not None and method.kind not in spec.kinds:
        return f"{method.title} reads {_READS[method.kind]}, and {spec.title} has none."
    if not method.fits(spec):
        return f"{method.title} cannot be run on {spec.title}. Choose another map."
    if target and method.nature is Nature.RELEVANCE and target not in spec.labels:
        return f"{spec.title} does not know the class '{target}'."
    return ""
