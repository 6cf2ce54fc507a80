"""What a network is for: it decides how its output is read, whatever form that has."""

from __future__ import annotations

from enum import StrEnum

from attnviz.errors import ModelError, UnknownNameError
from attnviz.models.scores import ScoreKind


class ModelTask(StrEnum):
    """What a network is for.

    Attributes
    ----------
    CLASSES
        To tell which one of several classes it is.
    BINARY
        To tell yes from no: one output, or two that exclude each other.
    MULTI_LABEL
        To tell of each label by itself whether it is there.
    FEATURES
        To describe: an embedding, measurements. There are no classes, and none are told.
    """

    CLASSES = "classes"
    BINARY = "binary"
    MULTI_LABEL = "multi-label"
    FEATURES = "features"


_KINDS = {
    ModelTask.CLASSES: (ScoreKind.SOFTMAX, ScoreKind.PROBABILITIES),
    ModelTask.BINARY: (ScoreKind.SIGMOID, ScoreKind.SOFTMAX, ScoreKind.PROBABILITIES),
    ModelTask.MULTI_LABEL: (ScoreKind.SIGMOID, ScoreKind.PROBABILITIES),
    ModelTask.FEATURES: (ScoreKind.NONE,),
}


def task_named(name: str | None, kind: ScoreKind | None = None) -> ModelTask | None:
    """Return the task of a name; None stays None.

    Parameters
    ----------
    name
        "classes", "binary", "multi-label" or "features".
    kind
        What the network is said to return, if that is said too.

    Returns
    -------
    ModelTask or None

    Raises
    ------
    UnknownNameError
        There is no such task.
    ModelError
        The task and what the network returns contradict each other.
    """
    if name is None:
        return None
    if name not in set(ModelTask):
        raise UnknownNameError("task", str(name), ModelTask)
    task = ModelTask(name)
    if kind is not None and kind not in _KINDS[task]:
        raise ModelError(
            f'task="{task}" and scores="{kind}" contradict each other. Leave `scores` away: what '
            "the network returns is found when it first runs."
        )
    return task
