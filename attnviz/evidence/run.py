"""From a model and a photo to an experiment on them: state guard, precision and retries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor

from attnviz.analysis.explain import class_index
from attnviz.analysis.failures import is_inside
from attnviz.analysis.inference import check_logits, run_inference
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.logits import logits_of, target_classes
from attnviz.errors import EvidenceError
from attnviz.evidence.subject import Subject
from attnviz.methods.inference import Inference
from attnviz.models.device import is_out_of_memory
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.pictures.geometry import resample

T = TypeVar("T")


def run_experiment(
    model: VisionModel,
    picture: Picture,
    experiment: Callable[[Subject], T],
    target: int | str | None = None,
) -> tuple[T, tuple[str, ...]]:
    """Run an experiment on a picture, prepared as the model's network takes it.

    Meanwhile the network is locked, in evaluation mode and without gradients; afterwards it is as
    before, also when `experiment` raises. If memory runs out, the experiment is repeated once on a
    smaller input, or on the CPU.

    Parameters
    ----------
    model : VisionModel
        From `load_model` or `wrap`.
    picture : Picture
        From `open_picture`.
    experiment : callable
        Takes a `Subject`, such as a function of `attnviz.evidence`.
    target : int or str, optional
        Class to measure, as index or label (default: the top prediction).

    Returns
    -------
    result
        What `experiment` returns.
    notes : tuple of str
        What had to be changed to run it, such as a smaller input.

    Raises
    ------
    UnknownClassError
        If there is no such class.
    EvidenceError
        If the experiment cannot be done with this picture or map.
    ModelError, OutOfMemoryError
        As `attnviz.explain` does.
    """
    index = None if target is None else class_index(model, target)
    work = partial(_run, model, picture, experiment)
    result, notes = run_inference(model, picture, work, target=index)
    if isinstance(result, _Raised):
        raise result.error
    return result, notes


@dataclass(frozen=True)
class _Raised:
    """What an experiment raised, on its way to the caller, whose experiment it is."""

    error: Exception


def _run(
    model: VisionModel, picture: Picture, experiment: Callable[[Subject], T], inference: Inference
) -> T | _Raised:
    module, inputs = prepare_for_hooks(inference.module, inference.inputs)
    with state_guard(module, frozen=True):
        with torch.inference_mode():
            logits = logits_of(module(inputs), module)
        check_logits(model, logits)
        kind, device = inputs.dtype, inputs.device

        def normalise(pictures: Tensor) -> Tensor:
            return model.preprocess.normalised(pictures.to(device)).to(kind)

        scores = inference.scores
        if inference.target is None and not scores.has_classes:
            raise EvidenceError(
                f"{model.name} returns features and no scores of classes. Name the component to "
                "measure by its index."
            )
        target = int(target_classes(logits, inference.target)[0])
        pixels = resample(picture.pixels, inference.geometry)
        try:
            return experiment(Subject(module, pixels, normalise, target, scores=scores))
        except Exception as error:
            if is_inside(module, error) or is_out_of_memory(error):
                raise
            return _Raised(error)
