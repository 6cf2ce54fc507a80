"""What a model can be asked, and which methods can answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from attnviz.analysis.kinds import choices_for
from attnviz.capture.site import Kind
from attnviz.errors import MethodError, TargetError
from attnviz.methods.base import METHODS, Method, Nature
from attnviz.methods.direct_contributions import DirectContributions
from attnviz.methods.questions import Choice, Question, has_spatial_attention
from attnviz.models.vision_model import VisionModel
from attnviz.targets import TARGETS, Target
from attnviz.targets.single_class import Class
from attnviz.targets.text import as_targets, format_target
from attnviz.targets.words import Words
from attnviz.words import listed


def targets_of(model: VisionModel, given: Any) -> tuple[Target, ...]:
    """Return what is asked of a model as targets.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    given
        As the `target` of `attnviz.explain`.

    Returns
    -------
    tuple of Target
        Empty for None.

    Raises
    ------
    TargetError
        The model cannot be asked this; the sentence lists what it can be asked.
    """
    targets = as_targets(given)
    for target in targets:
        for one in (target, *target.inner):
            if not one.fits(model):
                kinds = listed([kind.title for kind in kinds_for(model)])
                raise TargetError(
                    f"{model.name} cannot be asked for {one.title}, as in {format_target(one)}. It "
                    f"can be asked for {kinds}."
                )
    return targets


def kinds_for(model: VisionModel) -> tuple[type[Target], ...]:
    """Return the kinds of targets that a model can be asked for, classes first."""
    fitting = (kind for kind in TARGETS if kind.fits(model))
    return tuple(sorted(fitting, key=lambda kind: kind is not Class))


def class_alone(model: VisionModel, targets: Sequence[Target]) -> int | None:
    """Return the index of the class if a class, and nothing else, is asked for."""
    if len(targets) == 1 and isinstance(targets[0], Class):
        return targets[0].index(model)
    return None


def choices_for_targets(
    model: VisionModel, method: str, kinds: Collection[Kind], targets: Sequence[Target] = ()
) -> tuple[Choice, ...]:
    """Return the methods that can answer, the best first.

    Parameters
    ----------
    model
        The network.
    method
        Name of a method, a question, or "auto"; of targets that begins with what suits the first.
    kinds
        What can be read in the network.
    targets
        What is asked, other than one class alone.

    Returns
    -------
    tuple of Choice
        At least one.

    Raises
    ------
    UnknownNameError
        No method has that name.
    MethodError
        None of them can explain the targets.
    """
    auto = targets and method == "auto"
    name = Question.DECISION if auto else method
    choices = choices_for(model, name, kinds, has_attention=has_spatial_attention(kinds))
    if not targets:
        return choices
    places = method == Question.DECISION and model.spec.outputs is not None
    suited = targets[0].looks(kinds) if auto or places else ()
    if not model.spec.observable:  # a segmenter finds no things, so D-RISE is not for it
        suited = tuple(name for name in suited if METHODS.get(name).suits(model.spec))
    every = (*(Choice(METHODS.get(name)()) for name in suited), *choices)
    if name == Question.DECISION:
        every = (*_of_prompts(kinds, targets), *every)
    fitting = tuple(one for one in every if can_explain(type(one.method), targets))
    if not fitting:
        asked = listed([format_target(target) for target in targets])
        raise MethodError(
            f"{choices[0].method.title} {_why_not(choices[0].method)}, and {model.name} is asked "
            f'for {asked}. Choose a method that explains any score, such as "grad-cam".'
        )
    return fitting


def _of_prompts(kinds: Collection[Kind], targets: Sequence[Target]) -> tuple[Choice, ...]:
    """What tells several prompts apart for little more than the cost of one."""
    several = len(targets) > 1 and all(isinstance(target, Words) for target in targets)
    if not several or not {Kind.CONTEXT, Kind.FEATURES} <= set(kinds):
        return ()
    return (Choice(DirectContributions(), None, Question.DECISION),)


def _why_not(method: Method) -> str:
    if method.nature is not Nature.RELEVANCE:
        return f"shows {method.nature}, which is the same whatever is asked"
    return "makes the same map whatever is asked" if method.classless else "explains classes alone"


def can_explain(method: type[Method], targets: Sequence[Target]) -> bool:
    """Return whether a method can explain targets: by their scores, or each by itself."""
    if targets and all(target.shown_by(method) for target in targets):
        return True
    classes = all(isinstance(target, Class) for target in targets)
    return method.depends_on_score() and (classes or not method.needs_class)
