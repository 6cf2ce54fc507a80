"""Which parts of a picture speak for which class: maps of several classes from one forward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.analysis.explain import class_index, explain, network_kinds
from attnviz.analysis.explanation import Prediction
from attnviz.analysis.inference import Place, check_logits, understood, with_retry
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.discovery.last_block import influential_blocks
from attnviz.capture.run import capture_scores, target_classes
from attnviz.capture.site import Site
from attnviz.capture.trace import Trace
from attnviz.errors import MethodError
from attnviz.methods.base import METHODS, FeatureMethod, LayerMaps, Method, Nature, OnePassMethod
from attnviz.methods.fuse import FUSED, fuse_layers
from attnviz.methods.questions import Choice, Question, choose_method
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.pictures.geometry import PictureGeometry
from attnviz.types import FloatArray

FINER = "grad-cam"
LIKELY = 20
_Shared = tuple[Sequence[tuple[int, str, FloatArray]], Tensor, PictureGeometry]
"""Class, layer and map for each score; the logits on the CPU; the geometry."""


@dataclass(frozen=True, eq=False)
class ClassMaps:
    """Where each of several classes is supported, by one method at one layer.

    classes: their indices; predictions: their labels and probabilities, in the same order. maps:
    float32 [n, h, w], absolute, on the layer's own grid, all in one unit. notes: sentences for the
    user, such as a retry on a smaller input.
    """

    classes: tuple[int, ...]
    predictions: tuple[Prediction, ...]
    maps: FloatArray
    geometry: PictureGeometry
    choice: Choice
    layer: str
    notes: tuple[str, ...] = ()

    def map_of(self, index: int) -> FloatArray:
        """The map [h, w] of the class `index`; raises MethodError where it is not among them."""
        if index not in self.classes:
            raise MethodError(f"There is no map of class {index} among those of {self.classes}.")
        return np.asarray(self.maps[self.classes.index(index)])


def class_maps(
    model: VisionModel,
    picture: Picture,
    classes: Sequence[int | str],
    method: str = Question.DECISION,
) -> ClassMaps:
    """The maps of several classes, each equal to what `attnviz.explain` makes for it.

    Methods that read gradients, and those that run the network once, share one forward pass and
    take one short backward pass a class; for others the network is asked anew for each class.
    Thread-safe, and tried once more where memory runs out, as `explain` is.

    Args:
        model: from `load_model` or `wrap`.
        picture: from `open_picture`.
        classes: indices or labels, one or more.
        method: a method's name, or a question.

    Raises:
        UnknownNameError: no such method or class.
        MethodError: no class was named, the method knows no classes or does not fit the network.
        ModelError, OutOfMemoryError: as `explain` does.
    """
    wanted = [class_index(model, one) for one in classes]
    if not wanted:
        raise MethodError("No class was named. Choose one at least.")
    choice = _choice(model, picture, method)
    if isinstance(choice.method, Method) and choice.method.gradients:
        return _traced(model, picture, choice, partial(_one_hot, wanted=wanted))
    if isinstance(choice.method, OnePassMethod):
        return _probed(model, picture, choice, lambda _logits: wanted)
    return _one_by_one(model, picture, choice, wanted)


def likely_maps(
    model: VisionModel, picture: Picture, count: int = LIKELY, method: str = Question.DECISION
) -> ClassMaps:
    """The maps of the `count` most probable classes, or of all if there are fewer.

    Raises as `class_maps` does.
    """
    choice = _choice(model, picture, method)
    if isinstance(choice.method, Method) and choice.method.gradients:
        return _traced(model, picture, choice, partial(_most_likely, count=count))
    if isinstance(choice.method, OnePassMethod):
        return _probed(model, picture, choice, partial(_best, count=count))
    best = explain(model, picture, method).classes[:count]
    return _one_by_one(model, picture, choice, best)


def difference(maps: ClassMaps, wanted: int, against: Sequence[int]) -> FloatArray:
    """Where class `wanted` has more than each of the classes `against`: float32 [h, w], from 0 up.

    `max(A - max over j of B_j, 0)`, negative parts of maps counting as 0. The maps are those of one
    method at one layer, in one unit, so none is stretched. Raises MethodError where a class has no
    map, none is set against, or one is set against itself.
    """
    _check_against(wanted, against)
    others = np.max([np.maximum(maps.map_of(one), 0) for one in against], axis=0)
    more = np.maximum(maps.map_of(wanted), 0) - others
    return np.asarray(np.maximum(more, 0), dtype=np.float32)


def finer_map(
    model: VisionModel,
    picture: Picture,
    wanted: int | str,
    against: Sequence[int | str],
    strength: float = 1.0,
) -> ClassMaps:
    """Finer-CAM: Grad-CAM of what the score of `wanted` has over the scores of other classes.

    Differentiates `sum over j of p_j (s_wanted - strength s_j) / sum over j of p_j`, p_j the
    probability of the j-th class in `against`, s the scores (Zhang et al., CVPR 2025, arXiv
    2501.11309; the paper takes the nearest classes, here they are named). One forward pass and one
    backward pass. Raises as `class_maps` does, and MethodError where none is set against, or one is
    set against itself.
    """
    target, others = class_index(model, wanted), [class_index(model, one) for one in against]
    _check_against(target, others)
    answer = _choice(model, picture, Question.DECISION)
    choice = Choice(choose_method(FINER, has_attention=False).method, answer.layer)
    weigh = partial(_weighed, wanted=target, against=others, strength=strength)
    return _traced(model, picture, choice, weigh)


def _check_against(wanted: int, against: Sequence[int]) -> None:
    if not against or wanted in against:
        raise MethodError("A class is set against another one. Choose two that differ.")


def _choice(model: VisionModel, picture: Picture, method: str) -> Choice:
    kinds = () if method in METHODS else network_kinds(model, picture)
    choice = choose_method(method, has_attention=False, answers=model.spec.answers, kinds=kinds)
    if choice.method.nature is Nature.ATTENTION:
        raise MethodError(
            f"{choice.method.title} shows attention, which speaks for no class. "
            "Choose a method that shows relevance."
        )
    return choice


def _one_hot(logits: Tensor, wanted: Sequence[int]) -> Tensor:
    for one in wanted:
        target_classes(logits, one)  # raises for a class that is not there
    return torch.eye(logits.shape[1])[list(wanted)]


def _most_likely(logits: Tensor, count: int) -> Tensor:
    return torch.eye(logits.shape[1])[_best(logits, count)]


def _best(logits: Tensor, count: int) -> list[int]:
    return logits[0].float().cpu().sort(descending=True).indices[:count].tolist()


def _weighed(logits: Tensor, wanted: int, against: Sequence[int], strength: float) -> Tensor:
    row = _one_hot(logits, [wanted])
    others = _one_hot(logits, against)
    weights = logits[0, list(against)].float().cpu().softmax(0)  # p_j over their sum
    return row - strength * (weights[:, None] * others).sum(0)


def _traced(
    model: VisionModel, picture: Picture, choice: Choice, weigh: Callable[[Tensor], Tensor]
) -> ClassMaps:
    work = partial(_captured, model, picture, choice, weigh)
    return _shared(model, choice, *with_retry(model, work))


def _probed(
    model: VisionModel, picture: Picture, choice: Choice, pick: Callable[[Tensor], Sequence[int]]
) -> ClassMaps:
    """By a method that runs the network itself, once for all classes."""
    method: OnePassMethod = choice.method  # type: ignore[assignment]

    def work(place: Place) -> _Shared:
        inputs, geometry = place.inputs(picture)
        with understood(model, inputs):
            last = choice.layer is None
            each = method.probe_each(model.module, inputs, pick, last=last)
        check_logits(model, each.logits)
        shown = (_shown(maps, choice.layer) for maps in each.layer_maps)
        found = [(one, *pair) for one, pair in zip(each.classes, shown, strict=True)]
        return found, each.logits, geometry

    return _shared(model, choice, *with_retry(model, work))


def _shared(model: VisionModel, choice: Choice, done: _Shared, notes: tuple[str, ...]) -> ClassMaps:
    """What one forward pass for all classes has found."""
    found, logits, geometry = done
    classes = tuple(index for index, _, _ in found)
    shares = logits[0].softmax(0)
    said = tuple(Prediction(model.label(one), float(shares[one])) for one in classes)
    maps = np.stack([values for _, _, values in found])
    return ClassMaps(classes, said, maps, geometry, choice, found[0][1], notes)


def _captured(
    model: VisionModel,
    picture: Picture,
    choice: Choice,
    weigh: Callable[[Tensor], Tensor],
    place: Place,
) -> _Shared:
    inputs, geometry = place.inputs(picture)
    method: Method[Any] = choice.method  # type: ignore[assignment]
    seen: list[Tensor] = []

    def scores(logits: Tensor) -> Tensor:
        check_logits(model, logits)
        seen.append(logits.float().cpu())
        return weigh(logits)

    def read(trace: Trace) -> tuple[int, str, FloatArray]:
        assert trace.target is not None
        layer, values = _shown(method(trace), choice.layer)
        return int(trace.target[0]), layer, values

    with understood(model, inputs):
        sites = _sites_for(method, model.module, inputs, choice.layer)
        found = capture_scores(model.module, inputs, sites, scores, read)
    return found, seen[0], geometry


def _sites_for(
    method: Method[Any], module: nn.Module, inputs: Tensor, layer: str | None
) -> Sequence[Site]:
    """The sites that the shown layer needs: features are weighed block by block, so one is enough.

    The graph begins at the first site, which makes each backward pass short.
    """
    sites = find_sites(module, method.kind, inputs)
    if not isinstance(method, FeatureMethod) or layer == FUSED:
        return sites
    return [site for site in sites if site.layer == layer] or influential_blocks(
        module, sites, inputs
    )[-1:]


def _shown(layer_maps: Sequence[LayerMaps], wanted: str | None) -> tuple[str, FloatArray]:
    """The layer that answers best and its map, as `Explanation.best_layer` has it."""
    if wanted == FUSED:
        return FUSED, fuse_layers([one.values[0] for one in layer_maps])
    chosen = next((one for one in layer_maps if one.layer == wanted), layer_maps[-1])
    return chosen.layer, chosen.values[0]


def _one_by_one(
    model: VisionModel, picture: Picture, choice: Choice, wanted: Sequence[int]
) -> ClassMaps:
    """By a method that asks the network anew for each class."""
    found = [explain(model, picture, choice.method.name, target=one) for one in wanted]
    said = tuple(one.target for one in found if one.target is not None)
    if len(said) < len(found):
        raise MethodError(
            f"{choice.method.title} makes the same map for every class. Choose another method."
        )
    layer = choice.layer if choice.layer in (*found[0].layers, FUSED) else found[0].best_layer
    maps = np.stack([one.map_of(str(layer)) for one in found])
    notes = tuple(dict.fromkeys(note for one in found for note in one.notes))
    return ClassMaps(tuple(wanted), said, maps, found[0].geometry, choice, str(layer), notes)
