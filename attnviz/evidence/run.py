"""Asking a network about changed pictures: the way from a model and a photo to a `Subject`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor

from attnviz.analysis.explain import class_index
from attnviz.analysis.inference import check_logits, run_inference
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.run import logits_of
from attnviz.evidence.subject import Subject
from attnviz.methods.inference import Inference
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.pictures.geometry import resample

T = TypeVar("T")


def run_experiment(
    model: VisionModel,
    picture: Picture,
    work: Callable[[Subject], T],
    target: int | str | None = None,
) -> tuple[T, tuple[str, ...]]:
    """Do `work` on the picture as the network takes it; notes say what had to be changed for it.

    The network is the caller's alone meanwhile, in evaluation mode and without gradients, and is
    left as it was, also when `work` raises. If memory runs out, `work` is done once more on a
    smaller input, or on the CPU.

    Args:
        model: from `load_model` or `wrap`.
        picture: from `open_picture`.
        work: what to ask, such as a function of `attnviz.evidence`.
        target: the class to ask about, as index or label; the most probable one if None.

    Raises:
        UnknownNameError: no such class.
        EvidenceError: what was asked makes no sense for this picture or map.
        ModelError, OutOfMemoryError: as `attnviz.explain` does.
    """
    index = None if target is None else class_index(model, target)
    return run_inference(model, picture, partial(_run, model, picture, work), target=index)


def _run(
    model: VisionModel, picture: Picture, work: Callable[[Subject], T], inference: Inference
) -> T:
    module, inputs = prepare_for_hooks(inference.module, inference.inputs)
    with state_guard(module, frozen=True):
        with torch.inference_mode():
            logits = logits_of(module(inputs), module)
        check_logits(model, logits)
        kind, device = inputs.dtype, inputs.device

        def normalised(pictures: Tensor) -> Tensor:
            return model.preprocess.normalised(pictures.to(device)).to(kind)

        target = int(logits[0].argmax()) if inference.target is None else inference.target
        pixels = resample(picture.pixels, inference.geometry)
        return work(Subject(module, pixels, normalised, target))
