"""Maps of targets: of a class as ever, of any other by its score, of several in competition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from attnviz.analysis.prediction import AskedTarget, Prediction
from attnviz.analysis.predictions import prediction_of
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.methods.base import Method
from attnviz.methods.fuse import FUSED
from attnviz.methods.inference import Inference, MethodResult
from attnviz.methods.questions import Choice
from attnviz.models.scores import Scores
from attnviz.models.vision_model import VisionModel
from attnviz.targets import Target
from attnviz.targets.head import Head, score_head
from attnviz.targets.single_class import Class
from attnviz.targets.text import format_target
from attnviz.types import FloatArray
from attnviz.vision.biased_competition import combined_focus, response_shares
from attnviz.words import listed


@dataclass(frozen=True, eq=False)
class TargetMaps:
    """The maps of targets by one method.

    Attributes
    ----------
    results
        One for each target, in their order. Their logits are those of the classes; without columns
        where the network returns none.
    values
        float32 [targets], on the CPU: the scores of the picture.
    """

    results: tuple[MethodResult, ...]
    values: Tensor


def run_for_targets(
    model: VisionModel, choice: Choice, inference: Inference, targets: Sequence[Target]
) -> TargetMaps:
    """Run a method for targets; those of one pass share the forward pass.

    Parameters
    ----------
    model
        The network; the caller holds its lock.
    choice
        The method.
    inference
        Of the picture.
    targets
        What is asked, at least one.

    Returns
    -------
    TargetMaps

    Raises
    ------
    TargetError, MethodError, UnknownClassError
        As the targets and the method.
    """
    method = choice.method
    if all(isinstance(target, Class) for target in targets):
        indices = [target.index(model) for target in targets if isinstance(target, Class)]
        first = replace(inference, target=indices[0])
        results = method.run_for_classes(first, lambda _logits: indices, FUSED)
        return TargetMaps(results, results[0].logits[0, indices])
    if all(target.shown_by(type(method)) for target in targets):
        fitted = [target.fitted(method, model, inference) for target in targets]
        with score_head(model, inference, targets) as head:
            results = tuple(one.run(head.asked) for one in fitted)
    else:
        results, head = _scored(model, method, inference, targets)
    results = tuple(replace(result, logits=head.classes) for result in results)
    return TargetMaps(results, head.values[0])


def _scored(
    model: VisionModel, method: Method, inference: Inference, targets: Sequence[Target]
) -> tuple[tuple[MethodResult, ...], Head]:
    """What a method makes of the scores of targets, which take the place of classes."""
    module, inputs = prepare_for_hooks(inference.module, inference.inputs)
    if method.kind is not None:
        find_sites(module, method.kind, inputs)  # kept for all scores, so not found by these
    if len(targets) == 1:
        method = targets[0].fitted(method, model, inference)
    with score_head(model, inference, targets) as head:
        if len(targets) == 1:
            return (method.run(head.asked),), head
        columns = range(len(targets))
        results = method.run_for_classes(head.asked, lambda _logits: columns, FUSED)
        return method.contested(results), head


def asked_targets(
    model: VisionModel,
    targets: Sequence[Target],
    results: Sequence[MethodResult],
    values: Tensor,
    layer: str | None,
) -> tuple[AskedTarget, ...]:
    """Return targets with their values, their maps and their shares of the focus.

    Parameters
    ----------
    model
        The network.
    targets
        What was asked.
    results
        What the method returned for each.
    values
        float [targets], their scores of the picture.
    layer
        The layer at which they compete: by the means of their maps' positive parts.

    Returns
    -------
    tuple of AskedTarget
        In the order of `targets`.
    """
    shares = response_shares(_strengths(results, layer)) if len(targets) > 1 else [1.0]
    logits = results[0].logits[0]
    names = common_layers(results)
    return tuple(
        AskedTarget(
            target.resolved(model),
            _prediction(model, target, logits, values[index]),
            target.score_kind(model),
            float(shares[index]),
            tuple(results[index].map_of(name) for name in names),
        )
        for index, target in enumerate(targets)
    )


def _prediction(model: VisionModel, target: Target, logits: Tensor, value: Tensor) -> Prediction:
    """What a target is called, and its probability, or else its value."""
    if isinstance(target, Class):
        return prediction_of(model, logits, target.index(model))
    chance = Scores(target.score_kind(model), exclusive=False).probabilities(value)
    return Prediction(target.words(model), float(chance))


def competing_maps(results: Sequence[MethodResult], layer: str | None) -> tuple[FloatArray, ...]:
    """Return the maps of all layers, in which several targets compete.

    Parameters
    ----------
    results
        One for each target, from one method.
    layer
        The layer whose maps decide how strong each target is.

    Returns
    -------
    tuple of FloatArray
        Of one target its own; of several in 0..1, where 1 is the peak of the strongest, see
        `combined_focus`.
    """
    names = common_layers(results)
    if len(results) == 1:
        return tuple(results[0].map_of(name) for name in names)
    strengths = _strengths(results, layer)
    return tuple(combined_focus([one.map_of(name) for one in results], strengths) for name in names)


def explained(
    model: VisionModel, result: MethodResult, asked: Sequence[AskedTarget]
) -> Prediction | None:
    """Return what the maps explain: what was asked, or else the top class; None for attention."""
    if asked:
        label = listed([one.prediction.label for one in asked])
        return Prediction(label, asked[0].prediction.probability)
    if result.target is None:
        return None
    return prediction_of(model, result.logits[0], int(result.target[0]))


def passed_over(
    choice: Choice, targets: Sequence[Target], asked: Sequence[AskedTarget]
) -> tuple[str, ...]:
    """Return a sentence about what was asked, where the map is the same whatever is asked."""
    if not targets or asked:
        return ()
    texts = listed([format_target(target) for target in targets])
    return (
        f"{choice.method.title} is the same whatever is asked, so it does not explain {texts}. Ask "
        "what the decision rests on (decision) for that.",
    )


def common_layers(results: Sequence[MethodResult]) -> tuple[str, ...]:
    """Return the layers of which every result has a map: one may lack those not finite."""
    return tuple(name for name in results[0].layers if all(name in one.layers for one in results))


def _strengths(results: Sequence[MethodResult], layer: str | None) -> list[float]:
    shown = results[0].shown_layer(layer)
    return [float(np.maximum(one.map_of(shown), 0).mean(dtype=np.float64)) for one in results]
