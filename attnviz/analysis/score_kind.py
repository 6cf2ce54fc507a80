"""What a wrapped network returns: asked for, or inferred from its last step and its settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from attnviz.capture.discovery.last_step import LastStep, last_step
from attnviz.capture.discovery.structure import StructureCache, structure_key
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.errors import ModelError
from attnviz.models.scores import ScoreKind, Scores, score_kind
from attnviz.models.spec import Source
from attnviz.models.vision_model import VisionModel

_TOLERANCE = 1e-3  # of sums and lengths; of types that round more coarsely, twice that
_BOUNDED = frozenset(
    ("sigmoid", "hardsigmoid", "reciprocal", "div alike", "_softmax", "log_sigmoid_forward")
)
_CLIPPED = frozenset(("clamp 0..1", "hardtanh 0..1"))
_NORMS = frozenset(("native_layer_norm", "_fused_rms_norm"))
_BATCH_NORMS = frozenset(
    (
        "native_batch_norm",
        "cudnn_batch_norm",
        "miopen_batch_norm",
        "_native_batch_norm_legit_no_training",
    )
)
_MANY = 64  # outputs above which normalised ones are rather features than classes

_SUFFICE = "Pass `scores` if that is wrong."
_PROBLEMS = {
    "multi_label_classification": ScoreKind.SIGMOID,
    "single_label_classification": ScoreKind.SOFTMAX,
    "regression": ScoreKind.NONE,
}


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
    labels, wish = len(model.labels), model.spec.scores
    module, example = prepare_for_hooks(model.module, inputs[:1])
    key = structure_key(module, example[:, :, :1, :1]), labels, wish  # of inputs of any size
    scores, step = _CACHE.of(module, key, lambda: _found(model.name, module, example, labels, wish))
    check_labels(model, 2 if scores.pair else step.output.shape[1], step.other_outputs)
    model.scores = scores
    return scores


_CACHE = StructureCache[tuple[Scores, LastStep]]()


def find_scores(module: nn.Module, inputs: Tensor, labels: int, kind: str | None = None) -> Scores:
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

    Returns
    -------
    Scores

    Raises
    ------
    ModelError
        As `known_scores`; labels are not counted.
    UnknownNameError
        There is no such kind.
    """
    module, example = prepare_for_hooks(module, inputs[:1])
    return _found(type(module).__name__, module, example, labels, score_kind(kind))[0]


def _found(
    name: str, module: nn.Module, example: Tensor, labels: int, wish: ScoreKind | None
) -> tuple[Scores, LastStep]:
    step = last_step(module, example)
    check_finite(name, step.output)
    return _scores(name, module, step, labels, wish), step


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
    if labels in (0, count):
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
    name: str, module: nn.Module, step: LastStep, labels: int, wish: ScoreKind | None
) -> Scores:
    single = step.output.shape[1] == 1
    chances = _exclusive(step)
    pair = single and labels == 2
    if wish is None:
        scores = _inferred(module, step, chances, named=labels > 0)
    elif wish is ScoreKind.PROBABILITIES:
        scores = _promised(name, step, chances)
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


def _inferred(module: nn.Module, step: LastStep, chances: str | None, *, named: bool) -> Scores:
    single = step.output.shape[1] == 1
    if chances == "log":
        return Scores(
            ScoreKind.PROBABILITIES,
            logarithms=True,
            note=_told("returns logarithms of probabilities", "the probabilities are told"),
        )
    if chances is not None:
        return Scores(
            ScoreKind.PROBABILITIES,
            note=_told("returns probabilities that sum to one", "they are told as they are"),
        )
    if _is_bounded(step):
        what = "returns a probability" + ("" if single else " for each label by itself")
        so = "it is told as it is" if single else "they are told as they are"
        return Scores(ScoreKind.PROBABILITIES, exclusive=False, note=_told(what, so))
    kind, why = _by_settings(module)
    if kind is None and not named:
        kind, why = _as_features(module, step)
    if kind in (None, ScoreKind.SOFTMAX) and single:
        kind, why = ScoreKind.SIGMOID, "returns a single number"
    if kind is ScoreKind.SIGMOID:
        numbers = "number" if single else "numbers"
        return Scores(kind, note=_told(why, f"the sigmoid of its {numbers} is told as probability"))
    if kind is ScoreKind.NONE:
        return Scores(kind, note=_told(why, "no classes are told"))
    return Scores()


def _told(what: str, so: str) -> str:
    return f"The network {what}: {so}. {_SUFFICE}"


def _by_settings(module: nn.Module) -> tuple[ScoreKind | None, str]:
    """The kind that a network's settings or its own loss say, and the beginning of a sentence."""
    config: Any = getattr(module, "config", None)
    problem = getattr(config, "problem_type", None)
    if isinstance(problem, str) and problem in _PROBLEMS:
        return _PROBLEMS[problem], f'is set up for "{problem}"'
    if any(isinstance(part, _LABEL_LOSSES) for part in module.modules()):
        return ScoreKind.SIGMOID, "holds a loss that takes each label by itself"
    return None, ""


_LABEL_LOSSES = (nn.BCEWithLogitsLoss, nn.MultiLabelSoftMarginLoss)


def _as_features(module: nn.Module, step: LastStep) -> tuple[ScoreKind | None, str]:
    """Whether the output is rather features, where no label says otherwise."""
    output, many = step.output.float(), step.output.shape[1] >= _MANY
    if getattr(module, "num_classes", None) == 0:
        return ScoreKind.NONE, "is built without a classifier"
    if step.linear:
        return None, ""
    if step.operations & _NORMS or (many and step.operations & _BATCH_NORMS):
        return ScoreKind.NONE, "ends in a normalisation of features"
    if step.pooled and step.replaced:
        return ScoreKind.NONE, "has an `nn.Identity` in the place of its classifier"
    if step.pooled and many and (step.operations | step.activated) & _BATCH_NORMS:
        return ScoreKind.NONE, "returns averaged features, without a classifier behind them"
    lengths = output.norm(dim=1)
    if output.shape[1] > 1 and bool(((lengths - 1).abs() < _tolerance(step)).all()):
        return ScoreKind.NONE, "returns vectors of length one, as embeddings are"
    return None, ""


def _promised(name: str, step: LastStep, chances: str | None) -> Scores:
    if chances == "log":
        return Scores(ScoreKind.PROBABILITIES, logarithms=True)
    low, high = float(step.output.min()), float(step.output.max())
    if low < 0 or high > 1 + _tolerance(step):
        value = low if low < 0 else high
        raise ModelError(
            f"{name} returned {value:.3g}, which is no probability. Give `wrap` "
            'scores="softmax" or "sigmoid" if it returns logits, or "none" if it returns features.'
        )
    return Scores(ScoreKind.PROBABILITIES, exclusive=chances is not None)


def _doubt(wish: ScoreKind, chances: str | None, step: LastStep) -> str:
    """What to say if logits were promised, and probabilities came."""
    bounded = chances == "plain" or _is_bounded(step)
    if not bounded or wish is ScoreKind.NONE:
        return ""
    return (
        f'The network seems to return probabilities, but it was wrapped with scores="{wish}", so '
        'what is told is not what it returns. Use scores="probabilities" to have it as it is.'
    )


def _exclusive(step: LastStep) -> str | None:
    """Whether the output are probabilities that sum to one: "plain", "log", or None."""
    output, tolerance = step.output.float(), _tolerance(step)
    if step.linear or output.shape[1] < 2:
        return None
    if bool((output >= 0).all()) and bool(((output.sum(1) - 1).abs() < tolerance).all()):
        return "plain"
    if bool((output <= 0).all()) and bool((output.logsumexp(1).abs() < 8 * tolerance).all()):
        return "log"
    return None


def _is_bounded(step: LastStep) -> bool:
    """Whether every output is a probability by itself."""
    steps = step.operations
    by_form = steps <= _BOUNDED | _CLIPPED or (step.shifted and steps == {"tanh"})
    inside = bool(((step.output >= 0) & (step.output <= 1)).all())
    return bool(steps) and by_form and inside and not step.linear


def _tolerance(step: LastStep) -> float:
    return max(_TOLERANCE, 2 * torch.finfo(step.output.dtype).eps)
