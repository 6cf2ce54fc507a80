"""One picture, one network, one pass: every layer's map."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from attnviz.analysis.answers import Answer, first_answer, stepped_aside
from attnviz.analysis.asked import choices_for_targets, class_alone, targets_of
from attnviz.analysis.certainty import certainty_of, decision_facts
from attnviz.analysis.detect import first_found
from attnviz.analysis.explanation import Explanation
from attnviz.analysis.inference import run_inference
from attnviz.analysis.kinds import kinds_and_doubts
from attnviz.analysis.plain_pass import judged, plain_logits
from attnviz.analysis.prediction import AskedTarget, Prediction
from attnviz.analysis.predictions import check_target, ranked_predictions
from attnviz.analysis.provenance import pass_provenance
from attnviz.analysis.target_maps import (
    TargetMaps,
    asked_targets,
    common_layers,
    competing_maps,
    explained,
    passed_over,
    run_for_targets,
)
from attnviz.capture.discovery.reach import reach_notes
from attnviz.methods.base import METHODS
from attnviz.methods.inference import Cost, Inference, MethodResult
from attnviz.methods.questions import Choice
from attnviz.models.classes import index_of_class
from attnviz.models.spec import Source
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, PictureSource, as_picture
from attnviz.progress import Progress
from attnviz.types import FloatArray

SHOWN = 5


def explain(
    model: VisionModel,
    picture: Picture | PictureSource,
    method: str = "auto",
    target: Any = None,
    progress: Progress | None = None,
) -> Explanation:
    """Explain a picture: run a model on it and return the map of every layer.

    One forward pass, and one backward pass where the method needs gradients (the first time a
    network is used, more passes find its sites and what it returns). Thread-safe: passes on one
    model wait for each other. If memory runs out, the pass is retried once, on a smaller input or
    on the CPU, and `notes` says so.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    picture
        From `open_picture`, or anything that it opens, such as a path.
    method
        Name of a method, or a question: "attention", "decision", or "auto". A method that fails on
        the network, or gives NaN, is replaced by the next best for a question, and `notes` says so.
    target
        What to explain (default: the top prediction): a class, as index or label; a function from
        the network's output to a score for each picture; or a target, such as `Contrast`. Several
        in a list compete, and the maps show who wins where.
    progress
        Called after each forward pass; what it raises stops the work, and comes out as it is.

    Returns
    -------
    Explanation
        The maps of all layers, with the predictions and the provenance.

    Raises
    ------
    PictureError
        The picture cannot be opened.
    UnknownNameError
        No method has that name.
    UnknownClassError
        There is no such class.
    TargetError
        The model cannot be asked this.
    MethodError
        The method does not fit the network, or cannot explain the target.
    ModelError
        The network cannot be read, fails on the picture, or returns NaN.
    OutOfMemoryError
        The pass did not fit into memory, nor did the retry.
    """
    picture = as_picture(picture)
    targets = targets_of(model, target) or first_found(model, picture, method)
    index = class_alone(model, targets)
    scored = bool(targets) and index is None
    kinds, doubts = (
        ((), ()) if method in METHODS else kinds_and_doubts(model, picture, any_output=scored)
    )
    choices = choices_for_targets(model, method, kinds, targets if scored else ())
    maps: list[TargetMaps] = []

    def run(choice: Choice, inference: Inference) -> tuple[MethodResult, ...]:
        if scored:
            maps.append(run_for_targets(model, choice, inference, targets))
            return maps[-1].results
        check_target(model, choice.method, inference)
        return (choice.method.run(inference),)

    def work(inference: Inference) -> Answer:
        answer = first_answer(model, inference, choices, run)
        return replace(answer, notes=(*answer.notes, *_reach(model, inference, answer.choice)))

    answer, notes = run_inference(
        model, picture, work, target=index, progress=progress, any_output=scored
    )
    result, shown, geometry = answer.results[0], answer.choice, answer.geometry
    asked: tuple[AskedTarget, ...] = ()
    if scored or (targets and result.target is not None):
        values = maps[-1].values if scored else result.logits[0, [index]]
        asked = asked_targets(model, targets, answer.results, values, shown.layer)
    predictions, classes = ranked_predictions(model, result.logits[0])
    certainty = certainty_of(model, result.logits[0])
    return Explanation(
        picture=picture,
        choice=shown,
        layers=common_layers(answer.results),
        maps=competing_maps(answer.results, shown.layer),
        predictions=predictions[:SHOWN],
        classes=classes[:SHOWN],
        target=explained(model, result, asked),
        geometry=geometry,
        provenance={
            **pass_provenance(model, picture, geometry),
            "method": shown.method.name,
            "paper": shown.method.paper,
            **decision_facts(predictions, certainty),
        },
        notes=(*picture.notes, *doubts, *answer.notes, *notes, *passed_over(shown, targets, asked)),
        scores=model.read_as,
        asked=asked,
        certainty=certainty,
    )


def _reach(model: VisionModel, inference: Inference, choice: Choice) -> tuple[str, ...]:
    """What is to be said of where a user's network could be read."""
    kind, chosen = choice.method.kind, choice.question is not None
    if model.spec.source is not Source.USER or kind is None:
        return ()
    try:
        return reach_notes(inference.module, kind, inference.inputs, attention=chosen)
    except Exception as error:
        stepped_aside(model, inference, error)  # raises what users must know
        return ()


def method_cost(model: VisionModel, picture: Picture, method: str) -> Cost:
    """Return what a method would send through the network, before it runs.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    picture
        From `open_picture`.
    method
        Name of a method. For some, up to three passes find the cost, one of them forward and
        backward.

    Returns
    -------
    Cost
        Inputs of forward and backward passes.

    Raises
    ------
    UnknownNameError, MethodError, ModelError
        As `explain`.
    """
    return run_inference(model, picture, METHODS.get(method)().cost)[0]


def predict(
    model: VisionModel, picture: Picture | PictureSource, count: int | None = SHOWN
) -> tuple[Prediction, ...]:
    """Return the most probable classes, best first, from a plain forward pass.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    picture
        From `open_picture`, or anything that it opens.
    count
        How many classes; all if None.

    Returns
    -------
    tuple of Prediction
        Labels and probabilities in 0..1; none for a network that returns features.

    Raises
    ------
    ModelError, OutOfMemoryError
        As `explain`.
    """
    return ranked_predictions(model, plain_logits(model, as_picture(picture)))[0][:count]


def probabilities(model: VisionModel, picture: Picture) -> FloatArray:
    """Return the probability of each class.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    picture
        From `open_picture`.

    Returns
    -------
    FloatArray
        float32 [classes] in 0..1, in the network's order; of independent classes they do not sum
        to one.

    Raises
    ------
    ModelError, OutOfMemoryError
        As `explain`, and for a network that returns features.
    """
    return judged(model, picture)[0]


def class_index(model: VisionModel, target: int | str) -> int:
    """Return the index of a class.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    target
        Index or label of the class.

    Returns
    -------
    int
        The index. How many classes a network without labels has is only known when it runs.

    Raises
    ------
    UnknownClassError
        There is no such class.
    """
    return index_of_class(target, model.labels)
