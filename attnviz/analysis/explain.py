"""One picture, one network, one pass: every layer's map."""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from attnviz.analysis.explanation import Explanation, Prediction
from attnviz.analysis.inference import Place, check_logits, understood, with_retry
from attnviz.capture.discovery.find_sites import find_kinds, find_sites
from attnviz.capture.discovery.last_block import last_influential
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.run import capture, logits_of
from attnviz.capture.site import Kind
from attnviz.errors import UnknownNameError
from attnviz.methods.base import METHODS, Cost, FeatureMethod, LayerMaps, ProbingMethod
from attnviz.methods.fuse import FUSED
from attnviz.methods.questions import Choice, choose_method
from attnviz.models.spec import Source
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.pictures.geometry import PictureGeometry
from attnviz.progress import Progress
from attnviz.types import FloatArray

SHOWN = 5


@dataclass(frozen=True)
class _Passed:
    """What one pass left. last: the layer to show first where none was measured."""

    layer_maps: tuple[LayerMaps, ...]
    logits: Tensor
    target: int | None
    geometry: PictureGeometry
    last: str


def explain(
    model: VisionModel,
    picture: Picture,
    method: str = "auto",
    target: int | str | None = None,
    progress: Progress | None = None,
) -> Explanation:
    """Look at `picture` with `model` and keep the map of every layer.

    One forward pass, and one backward pass where the method needs gradients (the first time a
    network's blocks are asked for, one more pass finds them). Thread-safe: passes on
    one model wait for each other. If memory runs out, the pass is tried once more on a smaller
    input, or on the CPU, and `notes` says so.

    Args:
        model: from `load_model` or `wrap`.
        picture: from `open_picture`.
        method: a method's name, or a question: "attention", "decision", or "auto".
        target: the class to explain, as index or label; the most probable one if None.
        progress: told how far a method with many passes has come; what it raises stops the work.

    Raises:
        UnknownNameError: no such method or class.
        MethodError: the method does not fit the network.
        ModelError: the network cannot be read, refuses the picture, or returns NaN.
        OutOfMemoryError: it did not fit into memory, also after the retry.
    """
    kinds = () if method in METHODS else network_kinds(model, picture)
    choice = choose_method(
        method, has_attention=_shows(kinds), answers=model.spec.answers, kinds=kinds
    )
    wanted = None if target is None else class_index(model, target)
    passed, notes = with_retry(model, partial(_captured, model, picture, choice, wanted, progress))
    layers = tuple(one.layer for one in passed.layer_maps)
    if choice.layer not in (*layers, FUSED):
        choice = replace(choice, layer=passed.last)
    predictions, classes = _predictions(model, passed.logits)
    return Explanation(
        picture=picture,
        choice=choice,
        layers=layers,
        maps=tuple(one.values[0] for one in passed.layer_maps),
        predictions=predictions[:SHOWN],
        classes=classes[:SHOWN],
        target=None if passed.target is None else predictions[classes.index(passed.target)],
        geometry=passed.geometry,
        provenance=_provenance(model, picture, choice, passed.geometry),
        notes=notes,
    )


def network_kinds(model: VisionModel, picture: Picture) -> tuple[Kind, ...]:
    """What can be read in the network: as the catalogue says, for a wrapped module as it is found.

    Finding costs a pass or two over the picture, the first time. Raises ModelError if the network
    cannot be read, or refuses the picture.
    """
    if model.spec.source is not Source.USER:
        return tuple(Kind(kind) for kind in model.spec.kinds)
    return with_retry(model, partial(_kinds, model, picture))[0]


def _shows(kinds: tuple[Kind, ...]) -> bool:
    """Whether there is attention to places among `kinds`, and a method that shows it."""
    shown = {method.kind for method in METHODS}
    return any(kind in kinds and kind in shown for kind in (Kind.SPATIAL, Kind.CONTEXT))


def method_cost(model: VisionModel, picture: Picture, method: str) -> Cost:
    """What the method of that name would send through the network, known before it runs.

    Methods that read a trace take one pass; for others up to three passes find it out, one of them
    forwards and backwards. Raises as `explain` does.
    """
    chosen = METHODS.get(method)()
    if not isinstance(chosen, ProbingMethod):
        return Cost(1, int(chosen.gradients))
    with model.lock:
        inputs, _ = Place(model.device, model.preprocess).inputs(picture)
        return chosen.cost(model.module, inputs)


def predict(
    model: VisionModel, picture: Picture, count: int | None = SHOWN
) -> tuple[Prediction, ...]:
    """The `count` most probable classes (all if None), best first, from a plain forward pass.

    Retries as `explain` does where memory runs out.
    """
    logits, _ = with_retry(model, partial(_scored, model, picture))
    return _predictions(model, logits)[0][:count]


def probabilities(model: VisionModel, picture: Picture) -> FloatArray:
    """The probability of each class, float32 [classes], in the network's order; as `predict`."""
    logits, _ = with_retry(model, partial(_scored, model, picture))
    return np.asarray(logits.softmax(0).numpy())


def class_index(model: VisionModel, target: int | str) -> int:
    """The index of a class given by index or label."""
    if not isinstance(target, str):
        return operator.index(target)
    if target in model.labels:
        return model.labels.index(target)
    raise UnknownNameError("class", target, model.labels)


def _captured(
    model: VisionModel,
    picture: Picture,
    choice: Choice,
    target: int | None,
    progress: Progress | None,
    place: Place,
) -> _Passed:
    inputs, geometry = place.inputs(picture)
    method = choice.method
    if isinstance(method, ProbingMethod):
        with understood(model, inputs):
            found = method.probe(model.module, inputs, target, progress)
        check_logits(model, found.logits)
        spoken = None if found.target is None else int(found.target[0])
        last = found.layer_maps[-1].layer
        return _Passed(found.layer_maps, found.logits[0], spoken, geometry, last)
    with understood(model, inputs):
        sites = find_sites(model.module, method.kind, inputs)
        trace = capture(model.module, inputs, sites, gradients=method.gradients, target=target)
        check_logits(model, trace.logits)
        maps = method(trace)
        last = maps[-1].layer
        if isinstance(method, FeatureMethod):  # the map of a block without a say is flat
            last = last_influential(trace.features) or last
    chosen = None if trace.target is None else int(trace.target[0])
    return _Passed(maps, trace.logits[0].cpu(), chosen, geometry, last)


def _kinds(model: VisionModel, picture: Picture, place: Place) -> tuple[Kind, ...]:
    inputs, _ = place.inputs(picture)
    with understood(model, inputs):
        return find_kinds(model.module, inputs)


def _scored(model: VisionModel, picture: Picture, place: Place) -> Tensor:
    inputs, _ = place.inputs(picture)
    with understood(model, inputs):
        module, inputs = prepare_for_hooks(model.module, inputs)
        with state_guard(module), torch.inference_mode():
            logits: Tensor = logits_of(module(inputs), module)[0].float().cpu()
    check_logits(model, logits)
    return logits


def _predictions(
    model: VisionModel, logits: Tensor
) -> tuple[tuple[Prediction, ...], tuple[int, ...]]:
    shares, order = logits.softmax(0).sort(descending=True)
    classes = tuple(order.tolist())
    pairs = zip(classes, shares.tolist(), strict=True)
    return tuple(Prediction(model.label(index), share) for index, share in pairs), classes


def _provenance(
    model: VisionModel, picture: Picture, choice: Choice, geometry: PictureGeometry
) -> dict[str, str]:
    height, width = geometry.input_size
    return {
        "model": model.name,
        "weights sha256": model.weights_sha256,
        "input": f"{width} x {height} pixels",
        "method": choice.method.name,
        "paper": choice.method.paper,
        "picture": picture.name,
        "picture sha256": picture.sha256,
    }
