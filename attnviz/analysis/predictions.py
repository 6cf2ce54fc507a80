"""From a network's logits to the classes that are told."""

from __future__ import annotations

from torch import Tensor

from attnviz.analysis.explanation import Prediction
from attnviz.errors import MethodError
from attnviz.methods.base import Method
from attnviz.methods.inference import Inference
from attnviz.models.spec import Source
from attnviz.models.vision_model import VisionModel

_CLASSES_AFTER_ALL = ' If these are classes, say so to `wrap`, as in scores="softmax".'


def ranked_predictions(
    model: VisionModel, logits: Tensor, count: int | None = None
) -> tuple[tuple[Prediction, ...], tuple[int, ...]]:
    """Return classes with their probabilities, best first, and their indices.

    Parameters
    ----------
    model
        The network, which has run.
    logits
        float [classes], on the CPU.
    count
        How many classes; all if None.

    Returns
    -------
    tuple
        Predictions and indices; both empty for a network that returns features.
    """
    scores = model.read_as
    if not scores.has_classes:
        return (), ()
    chances, order = scores.probabilities(logits).sort(descending=True)
    classes = tuple(order[:count].tolist())
    pairs = zip(classes, chances[:count].tolist(), strict=True)
    return tuple(Prediction(model.label(index), chance) for index, chance in pairs), classes


def check_target(model: VisionModel, method: Method, inference: Inference) -> None:
    """Raise MethodError if a method explains a class, and none was named of a network of features.

    Parameters
    ----------
    model, method
        The network and the method.
    inference
        With the target, and how the network's output is read.
    """
    if inference.scores.has_classes or inference.target is not None:
        return
    if method.depends_on_score():
        raise MethodError(
            f"{model.name} names no classes: it returns features, so there is no prediction to "
            "explain. Ask for its attention, choose a method that needs no class, such as "
            '"eigen-cam", or name a component of its features by its index, such as target=0.'
            + (_CLASSES_AFTER_ALL if model.spec.source is Source.USER else "")
        )


def prediction_of(model: VisionModel, logits: Tensor, index: int) -> Prediction:
    """Return one class with its probability; of features, the component with its value.

    Parameters
    ----------
    model, logits
        As for `ranked_predictions`.
    index
        Of the class.

    Returns
    -------
    Prediction
    """
    chances = model.read_as.probabilities(logits)
    return Prediction(model.label(index), float(chances[index]))
