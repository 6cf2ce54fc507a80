"""What can be asked of a network, and one sentence where something cannot."""

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
from attnviz.models.spec import ModelSpec
from attnviz.ui.kit.pickers import QUESTION_TITLES, method_title

_READS = {
    Kind.SPATIAL: "soft masks",
    Kind.CHANNEL: "channel gates",
    Kind.CONTEXT: "self-attention",
    Kind.FEATURES: "feature maps of blocks",
}


def offered_looks(specs: Sequence[ModelSpec]) -> dict[str, str]:
    """The questions and methods that fit one of the networks at least, with their titles."""
    questions = {
        str(question): title
        for question, title in QUESTION_TITLES.items()
        if question in questions_for(*specs)
    }
    methods = sorted(methods_for(*specs), key=lambda method: method.many_passes)
    return questions | {method.name: method_title(method) for method in methods}


def look_title(look: str) -> str:
    """A question in words, or the title of a method."""
    if look in METHODS:
        return METHODS.get(look).title
    return QUESTION_TITLES[Question(look)]


def choice_for(spec: ModelSpec, look: str) -> Choice:
    """The method that a question or a name means for a network; nothing is loaded for it."""
    return choose_method(
        look,
        has_attention=has_spatial_attention(spec.kinds),
        answers=spec.answers,
        kinds=tuple(Kind(kind) for kind in spec.kinds),
    )


def reason_unfit(spec: ModelSpec, look: str, target: str) -> str:
    """Why a network cannot be asked that, in a sentence; empty if it can.

    Parameters
    ----------
    target
        The class that relevance is to speak for; empty for each network's own first.
    """
    if look == Question.ATTENTION and not can_answer(spec, look):
        return f"{spec.title} has no spatial attention. Choose what its decision rests on."
    method = choice_for(spec, look).method
    if method.kind not in spec.kinds:
        return f"{method.title} reads {_READS[method.kind]}, and {spec.title} has none."
    if not method.fits(spec):
        return f"{method.title} cannot be run on {spec.title}. Choose another map."
    if target and method.nature is Nature.RELEVANCE and target not in spec.labels:
        return f"{spec.title} does not know the class '{target}'."
    return ""
