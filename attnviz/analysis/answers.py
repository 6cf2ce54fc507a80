"""The first method that answers a question: what fails steps aside for the next one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from attnviz.analysis.failures import failure_on
from attnviz.analysis.inference import check_logits
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.site import Kind
from attnviz.errors import (
    AttnvizError,
    GradientError,
    InternalError,
    MethodError,
    NoSitesError,
)
from attnviz.methods.fuse import FUSED
from attnviz.methods.inference import Inference, MethodResult
from attnviz.methods.questions import Choice
from attnviz.models.device import is_out_of_memory
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.geometry import PictureGeometry
from attnviz.progress import raised_by_progress
from attnviz.types import FloatArray
from attnviz.words import listed

RunChoice = Callable[[Choice, Inference], tuple[MethodResult, ...]]
"""Runs a method; one result for each class that is explained."""

_STEPS_ASIDE = (MethodError, NoSitesError, GradientError, InternalError)


@dataclass(frozen=True, eq=False)
class Answer:
    """What the first method returned that did not fail.

    Parameters
    ----------
    choice
        The method, and the layer to show.
    results
        One for each class that is explained; the map to show is finite in all of them.
    geometry
        How the inputs were taken from the picture.
    notes
        Sentences for the user: what failed before, and what is left out.
    """

    choice: Choice
    results: tuple[MethodResult, ...]
    geometry: PictureGeometry
    notes: tuple[str, ...]


def first_answer(
    model: VisionModel, inference: Inference, choices: Sequence[Choice], run: RunChoice
) -> Answer:
    """Try methods in turn until one gives a map.

    Parameters
    ----------
    model
        The network; the caller holds its lock.
    inference
        For `run`.
    choices
        From `choose_methods`, the best first. A method that was chosen by name is alone.
    run
        Runs one of them.

    Returns
    -------
    Answer
        Of the first one that works.

    Raises
    ------
    AttnvizError
        What users must know: the network fails by itself, has no such class, or returns NaN. If no
        method works, what the first one said.
    Exception
        Memory ran out, or the caller's `progress` raised.
    """
    failed: list[tuple[Choice, AttnvizError]] = []
    for choice in choices:
        try:
            results = run(choice, inference)
            check_logits(model, results[0].logits)
            answer = _with_finite_maps(model, inference, choice, results)
        except Exception as error:
            failed.append((choice, stepped_aside(model, inference, error)))
        else:
            return replace(answer, notes=(*_told(failed, choice), *answer.notes))
    raise failed[0][1]


def readable_kinds(
    model: VisionModel, inference: Inference
) -> tuple[tuple[Kind, ...], tuple[str, ...]]:
    """Return the kinds of sites in a network, and sentences about kinds whose search failed.

    Parameters
    ----------
    model
        The network; the caller holds its lock.
    inference
        Of the network.

    Returns
    -------
    tuple
        Kinds in the order of `Kind`, and notes.

    Raises
    ------
    AttnvizError
        The network cannot be read, or fails by itself.
    """
    kinds: list[Kind] = []
    failed: dict[str, list[str]] = {}
    for kind in Kind:
        try:
            if find_sites(inference.module, kind, inference.inputs):
                kinds.append(kind)
        except NoSitesError:
            continue
        except Exception as error:
            reason = _reason(stepped_aside(model, inference, error))
            failed.setdefault(reason, []).append(kind)
    notes = [
        f"Sites of the kind {listed(names)} were not found, because the search failed: {reason}."
        for reason, names in failed.items()
    ]
    return tuple(kinds), tuple(notes)


def stepped_aside(model: VisionModel, inference: Inference, error: Exception) -> AttnvizError:
    """Return an error after which something else can be tried, as one that says what happened.

    Parameters
    ----------
    model, inference
        The network that was run, and on what.
    error
        What was raised.

    Returns
    -------
    AttnvizError

    Raises
    ------
    Exception
        What must not be passed over, see `first_answer`.
    """
    if raised_by_progress(error) is not None or is_out_of_memory(error):
        raise error
    if isinstance(error, _STEPS_ASIDE):
        return error
    if isinstance(error, AttnvizError):
        raise error
    told = failure_on(inference.module, inference.inputs, error, model.name)
    told.__cause__ = error
    if isinstance(told, _STEPS_ASIDE):
        return told
    raise told


def _with_finite_maps(
    model: VisionModel, inference: Inference, choice: Choice, results: tuple[MethodResult, ...]
) -> Answer:
    """The answer without layers whose maps are not finite; MethodError for the one to show."""
    layer = results[0].shown_layer(choice.layer)
    kept = tuple(
        replace(one, layer_maps=tuple(maps for maps in one.layer_maps if _finite(maps.values)))
        for one in results
    )
    if any(layer not in one.layers and (layer != FUSED or not one.layers) for one in kept):
        raise MethodError(
            f"{choice.method.title} gave no finite values at {layer} of {model.name}. Choose "
            "another method, or run the network in float32."
        )
    left_out = [name for name in results[0].layers if name not in kept[0].layers]
    notes = (f"Left out, because its map is not finite: {', '.join(left_out)}.",) * bool(left_out)
    notes = (*results[0].notes, *notes)
    return Answer(replace(choice, layer=layer), kept, inference.geometry, notes)


def _finite(values: FloatArray) -> bool:
    return bool(np.isfinite(values).all())


def _told(failed: Sequence[tuple[Choice, AttnvizError]], shown: Choice) -> tuple[str, ...]:
    """One sentence about the methods that failed before another one answered."""
    if not failed:
        return ()
    titles = listed([choice.method.title for choice, _ in failed])
    reason = _reason(failed[0][1])
    return (f"{shown.method.title} is shown, because {titles} gave no map: {reason}.",)


def _reason(error: AttnvizError) -> str:
    """The first sentence of an error, which says what happened."""
    return str(error).split(". ")[0].rstrip(".")
