"""One picture, one network, one pass: every layer's map."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from attnviz.capture.run import capture, logits_of
from attnviz.capture.sites import find_sites
from attnviz.capture.soft_masks import find_soft_masks
from attnviz.capture.trace import Trace
from attnviz.capture.undisturbed import undisturbed
from attnviz.errors import OutOfMemoryError, UnknownNameError
from attnviz.explanation import Explanation, Prediction
from attnviz.geometry import PictureGeometry
from attnviz.methods.questions import Choice, choose_method
from attnviz.models.device import free_memory, is_out_of_memory
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture

SHOWN = 5


@dataclass(frozen=True)
class _Passed:
    trace: Trace
    geometry: PictureGeometry
    notes: tuple[str, ...] = ()


def explain(
    model: VisionModel,
    picture: Picture,
    method: str = "auto",
    target: int | str | None = None,
) -> Explanation:
    """Look at `picture` with `model` and keep the map of every layer.

    One forward pass, and one backward pass where the method needs gradients. Thread-safe: passes on
    one model wait for each other. If memory runs out, the pass is tried once more on a smaller
    input, or on the CPU, and `notes` says so.

    Args:
        model: from `load_model` or `wrap`.
        picture: from `open_picture`.
        method: a method's name, or a question: "attention", "decision", or "auto".
        target: the class to explain, as index or label; the most probable one if None.

    Raises:
        UnknownNameError: no such method or class.
        MethodError: the method does not fit the network.
        OutOfMemoryError: it did not fit into memory, also after the retry.
    """
    choice = choose_method(
        method,
        has_attention=bool(find_soft_masks(model.module)),
        answers=model.spec.answers,
    )
    wanted = None if target is None else class_index(model, target)
    passed = _pass(model, picture, choice, wanted)
    layer_maps = choice.method(passed.trace)
    predictions, classes = _predictions(model, passed.trace.logits[0])
    chosen = passed.trace.target
    return Explanation(
        picture=picture,
        choice=choice,
        layers=tuple(one.layer for one in layer_maps),
        maps=tuple(one.values[0] for one in layer_maps),
        predictions=predictions[:SHOWN],
        classes=classes[:SHOWN],
        target=None if chosen is None else predictions[classes.index(int(chosen[0]))],
        geometry=passed.geometry,
        provenance=_provenance(model, picture, choice),
        notes=passed.notes,
    )


def predict(
    model: VisionModel, picture: Picture, count: int | None = SHOWN
) -> tuple[Prediction, ...]:
    """The `count` most probable classes (all if None), best first, from a plain forward pass."""
    inputs, _ = model.preprocess.tensor(picture)
    with model.lock, undisturbed(model.module), torch.inference_mode():
        logits = logits_of(model.module(inputs.to(model.device)))
    return _predictions(model, logits[0].float())[0][:count]


def class_index(model: VisionModel, target: int | str) -> int:
    """The index of a class given by index or label."""
    if isinstance(target, int):
        return target
    if target in model.labels:
        return model.labels.index(target)
    raise UnknownNameError("class", target, model.labels)


def _pass(model: VisionModel, picture: Picture, choice: Choice, target: int | None) -> _Passed:
    try:
        return _captured(
            model, model.module, model.device, model.preprocess, picture, choice, target
        )
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    free_memory(model.device)
    return _retried(model, picture, choice, target)


def _retried(model: VisionModel, picture: Picture, choice: Choice, target: int | None) -> _Passed:
    """The second try: on half the input's side if the network takes any size, else on the CPU."""
    module, device, preprocess = model.module, model.device, model.preprocess
    if preprocess.any_size:
        preprocess = preprocess.halved()
        how = f"on a smaller input, {preprocess.size} instead of {model.preprocess.size} px"
    else:
        module, device = copy.deepcopy(module).cpu(), torch.device("cpu")
        how = "on the CPU"
    try:
        passed = _captured(model, module, device, preprocess, picture, choice, target)
    except Exception as error:
        if is_out_of_memory(error):
            raise OutOfMemoryError(
                f"{model.name} does not fit into memory on {model.device}, nor {how}. "
                "Close other programs, or choose a smaller network."
            ) from error
        raise
    note = f"{model.name} did not fit into memory on {model.device}; this was run {how}."
    return _Passed(passed.trace, passed.geometry, (note,))


def _captured(
    model: VisionModel,
    module: nn.Module,
    device: torch.device,
    preprocess: Preprocess,
    picture: Picture,
    choice: Choice,
    target: int | None,
) -> _Passed:
    inputs, geometry = preprocess.tensor(picture)
    inputs = inputs.to(device, memory_format=torch.channels_last)
    method = choice.method
    with model.lock:
        sites = find_sites(module, method.kind, inputs)
        trace = capture(module, inputs, sites, gradients=method.gradients, target=target)
    return _Passed(trace, geometry)


def _predictions(
    model: VisionModel, logits: Tensor
) -> tuple[tuple[Prediction, ...], tuple[int, ...]]:
    shares, order = logits.softmax(0).sort(descending=True)
    classes = tuple(int(index) for index in order)
    pairs = zip(classes, shares.tolist(), strict=True)
    return tuple(Prediction(model.label(index), share) for index, share in pairs), classes


def _provenance(model: VisionModel, picture: Picture, choice: Choice) -> dict[str, str]:
    return {
        "model": model.name,
        "weights sha256": model.weights_sha256,
        "method": choice.method.name,
        "paper": choice.method.paper,
        "picture": picture.name,
        "picture sha256": picture.sha256,
    }
