"""What a wrapped network returns: asked for, or inferred from its last step and its settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor, nn

from attnviz.analysis.inferred_scores import (
    inferred_scores,
    is_bounded,
    scores_for,
    sum_to_one,
    tolerance,
)
from attnviz.capture.discovery.last_step import LastStep, last_step
from attnviz.capture.discovery.structure import StructureCache, structure_key
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.errors import ModelError
from attnviz.models.scores import ScoreKind, Scores, score_kind
from attnviz.models.spec import Source
from attnviz.models.tasks import ModelTask, task_named
from attnviz.models.vision_model import VisionModel


def known_scores(model: VisionModel, inputs: Tensor) -> Scores:
    """Return what a model returns; a wrapped network is run once to find out.

    That is the first time, and again when its modules or their settings have changed since.

    Parameters
    ----------
    model
        From `load_model` or `wrap`; the caller holds its lock.
    inputs
        [N, C, H, W], normalised as the network expects.

    Returns
    -------
    Scores
        Stored with the model.

    Raises
    ------
    ModelError
        The network does not return what was promised to `wrap`: another number of scores than there
        are labels, or no probabilities. Or it cannot be read, or returns NaN.
    """
    if model.scores is not None and model.spec.source is not Source.USER:
        return model.scores
    said = len(model.labels), model.spec.scores, model.spec.task
    module, example = prepare_for_hooks(model.module, inputs[:1])
    key = structure_key(module, example[:, :, :1, :1]), said  # of inputs of any size
    scores, step = _CACHE.of(module, key, lambda: _found(model.name, module, example, *said))
    check_labels(model, 2 if scores.pair else step.output.shape[1], step.other_outputs)
    model.scores = scores
    return scores


_CACHE = StructureCache[tuple[Scores, LastStep]]()


def find_scores(
    module: nn.Module,
    inputs: Tensor,
    labels: int,
    kind: str | None = None,
    task: str | None = None,
) -> Scores:
    """Find out what a network returns, with one pass.

    Parameters
    ----------
    module
        The network, which no other thread runs.
    inputs
        [N, C, H, W], normalised as the network expects.
    labels
        How many labels there are for its outputs; 0 if none.
    kind
        What it is said to return, one of `ScoreKind`; None to infer it.
    task
        What it is for, one of `ModelTask`; None if that is not said.

    Returns
    -------
    Scores

    Raises
    ------
    ModelError
        As `known_scores`; labels are not counted.
    UnknownNameError
        There is no such kind or task.
    """
    module, example = prepare_for_hooks(module, inputs[:1])
    wish = score_kind(kind)
    name = type(module).__name__
    return _found(name, module, example, labels, wish, task_named(task, wish))[0]


def _found(
    name: str,
    module: nn.Module,
    example: Tensor,
    labels: int,
    wish: ScoreKind | None,
    task: ModelTask | None,
) -> tuple[Scores, LastStep]:
    step = last_step(module, example)
    check_finite(name, step.output)
    return _scores(name, module, step, labels, wish, task), step


def check_labels(model: VisionModel, count: int, others: Sequence[int] = ()) -> None:
    """Raise ModelError if a network does not return one score for each label.

    Parameters
    ----------
    model
        The network, with its labels.
    count
        How many scores it returns.
    others
        How many numbers the other vectors have that it returns.
    """
    labels = len(model.labels)
    if labels in (0, count) or model.spec.outputs is not None:
        return
    scores = "1 score" if count == 1 else f"{count} scores"
    elsewhere = (
        f" Another part of its output has {labels}: wrap it in a module that returns that part."
        if labels in others
        else " Give one label for each, or have it return the scores of the classes alone."
    )
    raise ModelError(
        f"{model.name} returns {scores} for a picture, but there "
        f"{'is 1 label' if labels == 1 else f'are {labels} labels'}.{elsewhere}"
    )


def check_finite(name: str, output: Tensor) -> None:
    """Raise ModelError if a network has returned NaN."""
    if bool(output.isnan().any()):
        raise ModelError(
            f"{name} returned NaN for this picture. Its weights are damaged, or its numbers "
            "overflow: load other weights, or run it in float32."
        )


def _scores(
    name: str,
    module: nn.Module,
    step: LastStep,
    labels: int,
    wish: ScoreKind | None,
    task: ModelTask | None,
) -> Scores:
    single = step.output.shape[1] == 1
    chances = sum_to_one(step)
    pair = single and labels == 2 and task is not ModelTask.MULTI_LABEL
    if wish is None and task is not None:
        scores = scores_for(task, name, step, chances)
    elif wish is None:
        scores = inferred_scores(module, step, chances, named=labels > 0)
    elif wish is ScoreKind.PROBABILITIES:
        scores = _promised(name, step, chances)
        scores = (
            scores if task is None else replace(scores, exclusive=task is not ModelTask.MULTI_LABEL)
        )
    elif wish is ScoreKind.SOFTMAX and single:
        text = "A softmax of a single number is always 1, so its sigmoid is told."
        scores = Scores(ScoreKind.SIGMOID, note=text)
    else:
        scores = Scores(wish, note=_doubt(wish, chances, step))
    scores = replace(scores, flat=step.flat)
    if scores.kind is ScoreKind.SOFTMAX:
        return scores
    exclusive = pair or (scores.exclusive and not single and scores.kind is not ScoreKind.SIGMOID)
    return replace(scores, pair=pair and scores.has_classes, exclusive=exclusive)


def _promised(name: str, step: LastStep, chances: str | None) -> Scores:
    if chances == "log":
        return Scores(ScoreKind.PROBABILITIES, logarithms=True)
    low, high = float(step.output.min()), float(step.output.max())
    if low < 0 or high > 1 + tolerance(step):
        value = low if low < 0 else high
        raise ModelError(
            f"{name} returned {value:.3g}, which is no probability. Give `wrap` "
            'scores="softmax" or "sigmoid" if it returns logits, or "none" if it returns features.'
        )
    return Scores(ScoreKind.PROBABILITIES, exclusive=chances is not None)


def _doubt(wish: ScoreKind, chances: str | None, step: LastStep) -> str:
    """What to say if logits were promised, and probabilities came."""
    bounded = chances == "plain" or is_bounded(step)
    if not bounded or wish is ScoreKind.NONE:
        return ""
    return (
        f'The network seems to return probabilities, but it was wrapped with scores="{wish}", so '
        'what is told is not what it returns. Use scores="probabilities" to have it as it is.'
    )
