"""Which parts of a picture support which class: maps of several classes from one forward pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from torch import Tensor

from attnviz.analysis.answers import Answer, RunChoice, first_answer
from attnviz.analysis.explain import class_index
from attnviz.analysis.explanation import Prediction
from attnviz.analysis.inference import run_inference
from attnviz.analysis.kinds import choices_for, network_kinds
from attnviz.analysis.predictions import check_target, prediction_of
from attnviz.errors import MethodError
from attnviz.methods.base import METHODS, Nature
from attnviz.methods.grad_cam import GradCam
from attnviz.methods.inference import Inference, MethodResult
from attnviz.methods.questions import Choice, Question
from attnviz.methods.trace_method import one_hot
from attnviz.models.scores import Scores
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.pictures.geometry import PictureGeometry
from attnviz.types import FloatArray

LIKELY = 20


@dataclass(frozen=True, eq=False)
class ClassMaps:
    """Where each of several classes is supported, by one method at one layer.

    Parameters
    ----------
    classes
        Indices of n classes.
    predictions
        Their labels and probabilities, in the same order.
    maps
        float32 [n, h, w], absolute, on the layer's own grid, all in one unit.
    geometry
        How the network's input was taken from the picture.
    choice
        The method, and the layer whose map answers best.
    layer
        Name of the layer, or `FUSED`.
    notes
        Sentences for the user, such as a retry on a smaller input.
    """

    classes: tuple[int, ...]
    predictions: tuple[Prediction, ...]
    maps: FloatArray
    geometry: PictureGeometry
    choice: Choice
    layer: str
    notes: tuple[str, ...] = ()

    def map_of(self, index: int) -> FloatArray:
        """Return the map of one class.

        Parameters
        ----------
        index
            Index of the class, one of `classes`.

        Returns
        -------
        FloatArray
            float32 [h, w].

        Raises
        ------
        MethodError
            The class is not one of `classes`.
        """
        if index not in self.classes:
            raise MethodError(f"There is no map of class {index} among those of {self.classes}.")
        return np.asarray(self.maps[self.classes.index(index)])


def class_maps(
    model: VisionModel,
    picture: Picture,
    classes: Sequence[int | str],
    method: str = Question.DECISION,
) -> ClassMaps:
    """Return the maps of several classes, each equal to what `attnviz.explain` makes for it.

    Methods of one pass share the forward pass and take one short backward pass per class; others
    run once for each class. Thread-safe, and retried once if memory runs out, as `explain` is.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    picture
        From `open_picture`.
    classes
        Indices or labels, at least one.
    method
        Name of a method, or a question.

    Returns
    -------
    ClassMaps
        One map per class, in the order of `classes`.

    Raises
    ------
    UnknownNameError
        No method has that name.
    UnknownClassError
        There is no such class.
    MethodError
        `classes` is empty, the method has no classes or does not fit the network.
    ModelError, OutOfMemoryError
        As `explain`.
    """
    targets = [class_index(model, target) for target in classes]
    if not targets:
        raise MethodError("No class was named. Choose one at least.")
    choices = _choices(model, picture, method)

    def run(choice: Choice, inference: Inference) -> tuple[MethodResult, ...]:
        return choice.method.run_for_classes(inference, lambda _logits: targets, choice.layer)

    return _maps_of(model, picture, choices, run, targets[0])


def likely_maps(
    model: VisionModel, picture: Picture, count: int = LIKELY, method: str = Question.DECISION
) -> ClassMaps:
    """Return the maps of the most probable classes.

    Parameters
    ----------
    model, picture, method
        As for `class_maps`.
    count
        How many classes; all if there are fewer.

    Returns
    -------
    ClassMaps
        One map per class, the most probable first.

    Raises
    ------
    UnknownNameError, MethodError, ModelError, OutOfMemoryError
        As `class_maps`.
    """
    choices = _choices(model, picture, method)
    choose = partial(_most_likely, count=count)

    def run(choice: Choice, inference: Inference) -> tuple[MethodResult, ...]:
        check_target(model, choice.method, inference)
        return choice.method.run_for_classes(inference, choose, choice.layer)

    return _maps_of(model, picture, choices, run)


def difference(maps: ClassMaps, target_class: int, against: Sequence[int]) -> FloatArray:
    """Return where one class has more support than each of several others.

    Parameters
    ----------
    maps
        Of one method at one layer, so all in one unit; none of them is rescaled.
    target_class
        Index of the class, A in the formula.
    against
        Indices of the classes to compare with, B_j in the formula.

    Returns
    -------
    FloatArray
        float32 [h, w], from 0 up: `max(A - max over j of B_j, 0)`; negative values of the maps
        count as 0.

    Raises
    ------
    MethodError
        A class has no map, `against` is empty, or the class is compared with itself.
    """
    _check_against(target_class, against)
    others = np.max([np.maximum(maps.map_of(index), 0) for index in against], axis=0)
    more = np.maximum(maps.map_of(target_class), 0) - others
    return np.asarray(np.maximum(more, 0), dtype=np.float32)


def finer_map(
    model: VisionModel,
    picture: Picture,
    target_class: int | str,
    against: Sequence[int | str],
    strength: float = 1.0,
) -> ClassMaps:
    """Return Finer-CAM: Grad-CAM of the difference between the score of one class and of others.

    Differentiates `sum over j of p_j (s_wanted - strength s_j) / sum over j of p_j`, where p_j is
    the probability of the j-th class in `against` and s are the scores. The paper takes the classes
    with the nearest scores; here the caller names them. One forward pass and one backward pass.

    Parameters
    ----------
    model, picture
        As for `class_maps`.
    target_class
        Index or label of the class to explain.
    against
        Indices or labels of the classes to compare with.
    strength
        Weight of their scores; 0 gives plain Grad-CAM.

    Returns
    -------
    ClassMaps
        One map, of `target_class`.

    Raises
    ------
    MethodError
        `against` is empty, or the class is compared with itself.
    UnknownNameError, ModelError, OutOfMemoryError
        As `class_maps`.

    References
    ----------
    Zhang et al., CVPR 2025, arXiv 2501.11309.
    """
    target = class_index(model, target_class)
    others = [class_index(model, rival) for rival in against]
    _check_against(target, others)
    answer = _choices(model, picture, Question.DECISION)[0]
    method = GradCam()

    def run(choice: Choice, inference: Inference) -> tuple[MethodResult, ...]:
        def weights(logits: Tensor) -> Tensor:
            return _finer_weights(logits, inference.scores, target, others, strength)

        return method.run_for_scores(inference, weights, choice.layer)

    return _maps_of(model, picture, [Choice(method, answer.layer)], run)


def _check_against(target_class: int, against: Sequence[int]) -> None:
    if not against or target_class in against:
        raise MethodError("A class cannot be compared with itself. Choose two classes that differ.")


def _choices(model: VisionModel, picture: Picture, method: str) -> tuple[Choice, ...]:
    kinds = () if method in METHODS else network_kinds(model, picture)
    choices = choices_for(model, method, kinds, has_attention=False)
    if choices[0].method.nature is Nature.ATTENTION:
        raise MethodError(
            f"{choices[0].method.title} shows attention, which is not evidence for a class. "
            "Choose a method that shows relevance."
        )
    return choices


def _most_likely(logits: Tensor, count: int) -> list[int]:
    return logits[0].sort(descending=True).indices[:count].tolist()


def _finer_weights(
    logits: Tensor, scores: Scores, target: int, others: Sequence[int], strength: float
) -> Tensor:
    """Weights [1, classes] of the score that Finer-CAM differentiates."""
    negative = one_hot(logits, others)
    shares = scores.comparable(logits[0].float().cpu())[list(others)].softmax(0)  # p_j / their sum
    return one_hot(logits, [target]) - strength * (shares[:, None] * negative).sum(0)


def _maps_of(
    model: VisionModel,
    picture: Picture,
    choices: Sequence[Choice],
    run: RunChoice,
    target: int | None = None,
) -> ClassMaps:
    """The maps of the first method that works at one layer; `run` runs it for each class."""

    def work(inference: Inference) -> Answer:
        return first_answer(model, inference, choices, run)

    long = choices[0].method.many_passes
    answer, notes = run_inference(model, picture, work, target=target, long=long)
    results, choice, layer = answer.results, answer.choice, str(answer.choice.layer)
    classes = tuple(int(result.target[0]) for result in results if result.target is not None)
    predictions = tuple(prediction_of(model, results[0].logits[0], index) for index in classes)
    maps = np.stack([result.map_of(layer) for result in results])
    notes = (*answer.notes, *notes)
    return ClassMaps(classes, predictions, maps, answer.geometry, choice, layer, notes)
