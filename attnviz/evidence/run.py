"""From a model and a photo to an experiment on them: state guard, precision and retries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor

from attnviz.analysis.asked import class_alone, targets_of
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
from attnviz.targets import Target
from attnviz.targets.head import score_head

T = TypeVar("T")


def run_experiment(
    model: VisionModel,
    picture: Picture,
    experiment: Callable[[Subject], T],
    target: Any = None,
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
    target : optional
        What to measure, as in `attnviz.explain` (default: the top prediction). Several compete: the
        first is measured against the others. Of a score that is no probability, what is told is the
        share that is left of what the picture adds to an input of zeros.

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
    TargetError
        If the model cannot be asked this.
    EvidenceError
        If the experiment cannot be done with this picture or map.
    ModelError, OutOfMemoryError
        As `attnviz.explain` does.
    """
    if picture.channels is not None and model.preprocess.reads_channels(picture):
        raise EvidenceError(
            f"{model.name} reads the {picture.channels.count} channels of {picture.name} as the "
            "file has them, and this experiment hides parts of what is shown. Ask which channels "
            "matter: `attnviz.evidence.channels.channel_evidence`."
        )
    targets = targets_of(model, target)
    index = class_alone(model, targets)
    scored = targets if index is None else ()
    work = partial(_run, model, picture, experiment, scored)
    result, notes = run_inference(
        model, picture, work, target=index, any_output=bool(scored), long=True
    )
    if isinstance(result, _Raised):
        raise result.error
    return result, notes


@dataclass(frozen=True)
class _Raised:
    """What an experiment raised, on its way to the caller, whose experiment it is."""

    error: Exception


def _run(
    model: VisionModel,
    picture: Picture,
    experiment: Callable[[Subject], T],
    targets: Sequence[Target],
    inference: Inference,
) -> T | _Raised:
    module, inputs = prepare_for_hooks(inference.module, inference.inputs)
    kind, device = inputs.dtype, inputs.device

    def normalise(pictures: Tensor) -> Tensor:
        return model.preprocess.normalised(pictures.to(device)).to(kind)

    head = score_head(model, inference, targets) if targets else nullcontext()
    with state_guard(module, frozen=True), head as asked:
        with torch.inference_mode():
            logits = logits_of(module(inputs), module)
        if asked is None:
            target, scores = measured_class(model, inference, logits), inference.scores
        else:
            with torch.inference_mode():
                empty = module(torch.zeros_like(inputs))  # of the colour that means nothing
            target, scores = 0, asked.measured(empty)
        pixels = resample(picture.pixels, inference.geometry)
        try:
            return experiment(Subject(module, pixels, normalise, target, scores=scores))
        except Exception as error:
            if is_inside(module, error) or is_out_of_memory(error):
                raise
            return _Raised(error)


def measured_class(model: VisionModel, inference: Inference, logits: Tensor) -> int:
    """Return the class to measure: the one that is asked, or the top prediction."""
    check_logits(model, logits)
    if inference.target is None and not inference.scores.has_classes:
        raise EvidenceError(
            f"{model.name} names no classes: it returns features. Name the component of them to "
            "measure by its index."
        )
    return int(target_classes(logits, inference.target)[0])
