"""One picture, one network, one pass: every layer's map."""

from __future__ import annotations

import operator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from attnviz.analysis.explanation import Explanation, Prediction
from attnviz.analysis.inference import check_logits, prepare_inference, run_inference
from attnviz.capture.discovery.find_sites import find_kinds
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.run import logits_of
from attnviz.capture.site import Kind
from attnviz.errors import UnknownNameError
from attnviz.methods.base import METHODS
from attnviz.methods.inference import Cost, Inference, MethodResult
from attnviz.methods.questions import Choice, choose_method, has_spatial_attention
from attnviz.models.spec import Source
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.pictures.geometry import PictureGeometry
from attnviz.progress import Progress
from attnviz.types import FloatArray

SHOWN = 5


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
        method, has_attention=has_spatial_attention(kinds), answers=model.spec.answers, kinds=kinds
    )

    def work(inference: Inference) -> tuple[MethodResult, PictureGeometry]:
        result = choice.method.run(inference)
        check_logits(model, result.logits)
        return result, inference.geometry

    (result, geometry), notes = run_inference(
        model,
        picture,
        work,
        target=None if target is None else class_index(model, target),
        progress=progress,
    )
    shown = replace(choice, layer=result.shown_layer(choice.layer))
    predictions, classes = _predictions(model, result.logits[0])
    explained = None if result.target is None else classes.index(int(result.target[0]))
    return Explanation(
        picture=picture,
        choice=shown,
        layers=result.layers,
        maps=tuple(maps.values[0] for maps in result.layer_maps),
        predictions=predictions[:SHOWN],
        classes=classes[:SHOWN],
        target=None if explained is None else predictions[explained],
        geometry=geometry,
        provenance=_provenance(model, picture, shown, geometry),
        notes=notes,
    )


def network_kinds(model: VisionModel, picture: Picture) -> tuple[Kind, ...]:
    """What can be read in the network: as the catalogue says, for a wrapped module as it is found.

    Finding costs a pass or two over the picture, the first time. Raises ModelError if the network
    cannot be read, or refuses the picture.
    """
    if model.spec.source is not Source.USER:
        return tuple(Kind(kind) for kind in model.spec.kinds)

    def work(inference: Inference) -> tuple[Kind, ...]:
        return find_kinds(inference.module, inference.inputs)

    return run_inference(model, picture, work)[0]


def method_cost(model: VisionModel, picture: Picture, method: str) -> Cost:
    """What the method of that name would send through the network, known before it runs.

    Methods that read a trace take one pass; for others up to three passes find it out, one of them
    forwards and backwards. Raises as `explain` does.
    """
    with model.lock:
        return METHODS.get(method)().cost(prepare_inference(model, picture))


def predict(
    model: VisionModel, picture: Picture, count: int | None = SHOWN
) -> tuple[Prediction, ...]:
    """The `count` most probable classes (all if None), best first, from a plain forward pass.

    Retries as `explain` does where memory runs out.
    """
    return _predictions(model, _logits(model, picture))[0][:count]


def probabilities(model: VisionModel, picture: Picture) -> FloatArray:
    """The probability of each class, float32 [classes], in the network's order; as `predict`."""
    return np.asarray(_logits(model, picture).softmax(0).numpy())


def class_index(model: VisionModel, target: int | str) -> int:
    """The index of a class given by index or label."""
    if not isinstance(target, str):
        return operator.index(target)
    if target in model.labels:
        return model.labels.index(target)
    raise UnknownNameError("class", target, model.labels)


def _logits(model: VisionModel, picture: Picture) -> Tensor:
    """The logits float32 [classes] of a plain forward pass, on the CPU."""

    def work(inference: Inference) -> Tensor:
        module, inputs = prepare_for_hooks(inference.module, inference.inputs)
        with state_guard(module), torch.inference_mode():
            logits: Tensor = logits_of(module(inputs), module)[0].float().cpu()
        check_logits(model, logits)
        return logits

    return run_inference(model, picture, work)[0]


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
