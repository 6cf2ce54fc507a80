"""The kinds of sites in a network, known or looked for, and the methods that they allow."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from attnviz.analysis.answers import readable_kinds
from attnviz.analysis.inference import run_inference
from attnviz.capture.site import Kind
from attnviz.methods.questions import Choice, choose_methods
from attnviz.models.spec import Source
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture


def network_kinds(model: VisionModel, picture: Picture) -> tuple[Kind, ...]:
    """Return the kinds of sites in a network.

    Parameters
    ----------
    model
        From `load_model` or `wrap`. The catalogue knows the kinds of its models; a wrapped module
        takes one or two passes, the first time.
    picture
        A picture for those passes.

    Returns
    -------
    tuple of Kind
        The kinds of which the network has sites.

    Raises
    ------
    ModelError
        The network cannot be read, or fails on the picture.
    """
    return kinds_and_doubts(model, picture)[0]


def kinds_and_doubts(
    model: VisionModel, picture: Picture, *, any_output: bool = False
) -> tuple[tuple[Kind, ...], tuple[str, ...]]:
    """Return the kinds of sites in a network, and sentences about those not looked for.

    Parameters
    ----------
    model, picture
        As for `network_kinds`.
    any_output
        As for `run_inference`.

    Returns
    -------
    tuple
        Kinds and sentences.
    """
    if model.spec.source is not Source.USER:
        return tuple(Kind(kind) for kind in model.spec.kinds), ()
    work = partial(readable_kinds, model)
    return run_inference(model, picture, work, any_output=any_output)[0]


def choices_for(
    model: VisionModel, method: str, kinds: Collection[Kind], *, has_attention: bool
) -> tuple[Choice, ...]:
    """Return the methods that a name or a question stands for on a model, the best first.

    Parameters
    ----------
    model
        The network.
    method
        Name of a method, or a question.
    kinds
        Of its sites, as from `network_kinds`.
    has_attention
        Whether "auto" asks what it attends to.

    Returns
    -------
    tuple of Choice

    Raises
    ------
    UnknownNameError, MethodError
        As `choose_methods`.
    """
    return choose_methods(
        method,
        has_attention=has_attention,
        answers=model.spec.answers,
        kinds=kinds,
        observable=model.spec.observable,
        has_classes=model.has_classes,
    )
