"""Asking a network about changed pictures: the way from a model and a photo to a `Subject`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor

from attnviz.analysis.explain import class_index
from attnviz.analysis.inference import Place, check_logits, understood, with_retry
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.run import logits_of
from attnviz.evidence.subject import Subject
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
    wanted = None if target is None else class_index(model, target)
    return with_retry(model, partial(_asked, model, picture, work, wanted))


def _asked(
    model: VisionModel,
    picture: Picture,
    work: Callable[[Subject], T],
    target: int | None,
    place: Place,
) -> T:
    inputs, geometry = place.inputs(picture)
    with understood(model, inputs):
        module, inputs = prepare_for_hooks(model.module, inputs)
        with state_guard(module, frozen=True):
            with torch.inference_mode():
                logits = logits_of(module(inputs), module)
            check_logits(model, logits)
            kind, device = inputs.dtype, inputs.device

            def normalised(pictures: Tensor) -> Tensor:
                return place.preprocess.normalised(pictures.to(device)).to(kind)

            chosen = int(logits[0].argmax()) if target is None else target
            pixels = resample(picture.pixels, geometry)
            return work(Subject(module, pixels, normalised, chosen))
