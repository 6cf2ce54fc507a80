"""Which questions and methods a network supports, and the reasons if it does not."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.analysis.asked import can_explain
from attnviz.capture.site import Kind
from attnviz.errors import AttnvizError
from attnviz.methods.base import METHODS
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
from attnviz.targets import Target, TextContext
from attnviz.targets.single_class import Class
from attnviz.targets.text import parse_targets
from attnviz.ui.kit.method_picker import QUESTION_TITLES, method_title
from attnviz.ui.kit.pickers import known_picture

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


def targets_for(spec: ModelSpec, text: str) -> tuple[Target, ...]:
    """Return what a text asks of a network; empty for its top prediction.

    Raises
    ------
    TargetError
        The text asks for nothing.
    """
    return parse_targets(text, TextContext(spec.labels, known_picture)) if text else ()


def depends_on(look: str, spec: ModelSpec, targets: Sequence[Target]) -> bool:
    """Return whether a map depends on what is asked; attention does only on a patch."""
    method = choice_for(spec, look).method
    shown = bool(targets) and all(target.shown_by(type(method)) for target in targets)
    return shown or method.depends_on_score()


def reason_unfit(spec: ModelSpec, look: str, text: str) -> str:
    """Say why a network does not support a question or a method.

    Parameters
    ----------
    spec : ModelSpec
        The network.
    look : str
        Name of a question or a method.
    text : str
        What relevance explains, as text; empty for the network's top prediction.

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
    if not spec.has_classes and not method.suits(spec):
        return (
            f"{spec.title} names no classes, so there is no decision to explain. Choose what it "
            "attends to."
        )
    if not method.fits(spec):
        return f"{method.title} cannot be run on {spec.title}. Choose another map."
    try:
        targets = targets_for(spec, text)
    except AttnvizError as error:
        return str(error)
    if not depends_on(look, spec, targets):
        return ""
    if look in METHODS and not can_explain(type(method), targets):
        return f"{method.title} explains classes alone. Choose another map."
    named = (one for target in targets for one in (target, *target.inner))
    for one in named:
        if isinstance(one, Class) and one.which not in (*spec.labels, *range(len(spec.labels))):
            return f"{spec.title} does not know the class '{one.which}'."
    return ""
