"""One picture, one network, one pass: every layer's map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attnviz.analysis.explanation import Explanation
from attnviz.analysis.inference import run_inference
from attnviz.analysis.inquiry import SHOWN, inquiry_about
from attnviz.analysis.plain_pass import judged, plain_logits
from attnviz.analysis.prediction import Prediction
from attnviz.analysis.predictions import ranked_predictions
from attnviz.methods.base import METHODS
from attnviz.methods.inference import Cost
from attnviz.models.classes import index_of_class
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, PictureSource, as_picture
from attnviz.progress import Progress
from attnviz.types import FloatArray


def explain(
    model: VisionModel,
    picture: Picture | PictureSource,
    method: str = "auto",
    target: Any = None,
    progress: Progress | None = None,
    *,
    layers: Sequence[str] | str | None = None,
) -> Explanation:
    """Explain a picture: run a model on it and return the map of every layer.

    One forward pass, and one backward pass where the method needs gradients (the first time a
    network is used, more passes find its sites and what it returns). Thread-safe: passes on one
    model wait for each other, but not for a method that takes many. If memory runs out, the pass is
    retried once, on a smaller input or on the CPU, and `notes` says so.

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
    layers
        The only layers whose maps are needed, by their names or by what one name alone ends in;
        all if None. Then only they are read, and a backward pass ends at the first of them: one
        late layer costs about half as much as all. Methods that weigh features by gradients, such
        as Grad-CAM, take any module that returns a feature map, and not blocks alone. Methods that
        carry attention from layer to layer take what they need for these maps.

    Returns
    -------
    Explanation
        The maps of all layers, with the predictions and the provenance.

    Raises
    ------
    PictureError
        The picture cannot be opened.
    UnknownNameError
        No method has that name, or the method reads no such layer; near names are listed.
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
    inquiry = inquiry_about(model, picture, method, target, layers)
    answered, notes = run_inference(
        model,
        picture,
        inquiry.answered,
        target=inquiry.index,
        progress=progress,
        any_output=inquiry.scored,
        long=inquiry.choices[0].method.many_passes,
    )
    return inquiry.explanation(picture, answered, notes)


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
    return ranked_predictions(model, plain_logits(model, as_picture(picture)), count)[0]


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
