"""What a network returns, inferred from its last step, its numbers and its settings."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from attnviz.capture.discovery.last_step import LastStep
from attnviz.errors import ModelError
from attnviz.models.scores import ScoreKind, Scores
from attnviz.models.tasks import ModelTask

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

_SUFFICE = "Pass `task` if that is wrong."
_PROBLEMS = {
    "multi_label_classification": ScoreKind.SIGMOID,
    "single_label_classification": ScoreKind.SOFTMAX,
    "regression": ScoreKind.NONE,
}


def inferred_scores(
    module: nn.Module, step: LastStep, chances: str | None, *, named: bool
) -> Scores:
    """Infer what a network returns.

    Parameters
    ----------
    module
        The network.
    step
        How it computes its output.
    chances
        From `sum_to_one`.
    named
        Whether its outputs have labels: then they are no features.

    Returns
    -------
    Scores
        With a note unless it is logits of classes.
    """
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
    if is_bounded(step):
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


def scores_for(task: ModelTask, name: str, step: LastStep, chances: str | None) -> Scores:
    """Return how the output of a network with a task is read, whatever form that output has.

    Parameters
    ----------
    task
        What the network is for.
    name
        What it is called in errors.
    step, chances
        As for `inferred_scores`.

    Returns
    -------
    Scores

    Raises
    ------
    ModelError
        It answers yes or no, but with more than two numbers.
    """
    count = step.output.shape[1]
    if task is ModelTask.FEATURES:
        return Scores(ScoreKind.NONE)
    if task is ModelTask.BINARY and count > 2:
        raise ModelError(
            f'{name} returns {count} scores for a picture, and task="binary" is answered by one or '
            'two. Give task="classes" if one of them is true, or "multi-label" if each may be.'
        )
    one_is_true = task is not ModelTask.MULTI_LABEL
    if chances == "log":
        return Scores(ScoreKind.PROBABILITIES, exclusive=one_is_true, logarithms=True)
    if chances is not None or is_bounded(step):
        return Scores(ScoreKind.PROBABILITIES, exclusive=one_is_true)
    return Scores(ScoreKind.SOFTMAX if one_is_true and count > 1 else ScoreKind.SIGMOID)


def _told(what: str, so: str) -> str:
    return f"The network {what}: {so}. {_SUFFICE}"


def _by_settings(module: nn.Module) -> tuple[ScoreKind | None, str]:
    """The kind that a network's settings or its own loss say, and the beginning of a sentence."""
    config: Any = getattr(module, "config", None)
    problem = getattr(config, "problem_type", None)
    if isinstance(problem, str) and problem in _PROBLEMS:
        return _PROBLEMS[problem], f'is set up for "{problem}"'
    for part in module.modules():
        if isinstance(part, _LABEL_LOSSES) or type(part).__name__.startswith(_LABEL_MEASURES):
            what = "loss" if isinstance(part, _LABEL_LOSSES) else "measure"
            return ScoreKind.SIGMOID, f"holds a {what} that takes each label by itself"
    return None, ""


_LABEL_LOSSES = (nn.BCEWithLogitsLoss, nn.MultiLabelSoftMarginLoss)
_LABEL_MEASURES = "Multilabel"  # of torchmetrics


def _as_features(module: nn.Module, step: LastStep) -> tuple[ScoreKind | None, str]:
    """Whether the output is rather features, where no label says otherwise."""
    output, many = step.output.float(), step.output.shape[1] >= _MANY
    if getattr(module, "num_classes", None) == 0:
        return ScoreKind.NONE, "is built without a classifier"
    if step.embedding:
        return ScoreKind.NONE, "returns an embedding, and no logits"
    if step.linear:
        return None, ""
    if step.operations & _NORMS or (many and step.operations & _BATCH_NORMS):
        return ScoreKind.NONE, "ends in a normalisation of features"
    if step.pooled and step.replaced:
        return ScoreKind.NONE, "has an `nn.Identity` in the place of its classifier"
    if step.pooled and many and (step.operations | step.activated) & _BATCH_NORMS:
        return ScoreKind.NONE, "returns averaged features, without a classifier behind them"
    lengths = output.norm(dim=1)
    if output.shape[1] > 1 and bool(((lengths - 1).abs() < tolerance(step)).all()):
        return ScoreKind.NONE, "returns vectors of length one, as embeddings are"
    return None, ""


def sum_to_one(step: LastStep) -> str | None:
    """Return whether the outputs are probabilities that sum to one: "plain", "log", or None."""
    output, limit = step.output.float(), tolerance(step)
    if step.linear or output.shape[1] < 2:
        return None
    if bool((output >= 0).all()) and bool(((output.sum(1) - 1).abs() < limit).all()):
        return "plain"
    if bool((output <= 0).all()) and bool((output.logsumexp(1).abs() < 8 * limit).all()):
        return "log"
    return None


def is_bounded(step: LastStep) -> bool:
    """Return whether every output is a probability by itself."""
    steps = step.operations
    by_form = steps <= _BOUNDED | _CLIPPED or (step.shifted and steps == {"tanh"})
    inside = bool(((step.output >= 0) & (step.output <= 1)).all())
    return bool(steps) and by_form and inside and not step.linear


def tolerance(step: LastStep) -> float:
    """Return how far sums and lengths may be off, in the type of the output."""
    return max(_TOLERANCE, 2 * torch.finfo(step.output.dtype).eps)
