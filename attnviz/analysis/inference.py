"""Running a network on a picture: its inputs, a retry if memory runs out, errors with its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor

from attnviz.analysis.failures import failure_on
from attnviz.analysis.score_kind import check_finite, check_labels, known_scores
from attnviz.capture.hooks.logit_outputs import logit_outputs
from attnviz.capture.hooks.picture_outputs import picture_outputs
from attnviz.errors import (
    AttnvizError,
    InputError,
    InternalError,
    ModelError,
    OutOfMemoryError,
)
from attnviz.methods.inference import Inference
from attnviz.models.apart import held, set_apart
from attnviz.models.device import free_memory, is_out_of_memory, move_inputs
from attnviz.models.inferred import found_by_trying
from attnviz.models.preprocess import Preprocess
from attnviz.models.scores import PLAIN_LOGITS, ScoreKind, Scores
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.progress import Progress, raised_by_progress

T = TypeVar("T")


def run_inference(
    model: VisionModel,
    picture: Picture,
    work: Callable[[Inference], T],
    *,
    target: int | None = None,
    progress: Progress | None = None,
    any_output: bool = False,
    long: bool = False,
) -> tuple[T, tuple[str, ...]]:
    """Do `work` with the network and the picture, and retry once if memory runs out.

    A network whose preprocessing was inferred, and which does not run on it, gets the size of input
    on which it runs. The retry takes an input of half the side if the network accepts any size;
    otherwise it runs on the CPU, to which the network is moved for it. The model's lock is held
    throughout, but for long work.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    picture
        From `open_picture`.
    work
        Runs the network; methods take the same `Inference`.
    target
        Index of the class to explain; the most probable one if None.
    progress
        Called by work after its passes; what it raises stops it, and comes out as it is.
    any_output
        Whether the work can do with an output that holds no logits, such as boxes.
    long
        Whether the work takes many passes: then it runs apart, and others may use the model.

    Returns
    -------
    tuple
        What `work` returned, and sentences for the user: how the network's output is read if that
        was inferred, and what a retry changed.

    Raises
    ------
    ModelError
        The network failed on the picture.
    OutOfMemoryError
        The work did not fit into memory, nor did the retry.
    """
    with set_apart(model) if long else held(model) as own:
        run = partial(_run, own, picture, work, target, progress, any_output)
        setting = _Setting(own.device, own.preprocess)
        try:
            return run(setting), run_notes(own, picture)
        except InputError as error:
            if not own.inferred or error.sides is None:
                raise
            found_by_trying(own, error.sides)
            return run_inference(
                own, picture, work, target=target, progress=progress, any_output=any_output,
                long=long,
            )  # fmt: skip
        except Exception as error:
            _hand_on(error)
            if not is_out_of_memory(error):
                raise
        free_memory(own.device)
        result, note = _second_try(own, run)
        return result, (*run_notes(own, picture), note)


def check_logits(model: VisionModel, logits: Tensor) -> None:
    """Raise ModelError if a network has returned NaN, or not one logit for each label.

    Parameters
    ----------
    model
        The network, with its name and labels.
    logits
        float [N, classes].

    Raises
    ------
    ModelError
        One of the logits is NaN, or their number is not that of the labels.
    """
    check_finite(model.name, logits)
    check_labels(model, logits.shape[1])


@dataclass(frozen=True)
class _Setting:
    """Where a pass runs and on what size of input."""

    device: torch.device
    preprocess: Preprocess


def _prepare(
    model: VisionModel,
    picture: Picture,
    setting: _Setting,
    target: int | None,
    progress: Progress | None,
) -> Inference:
    tensor, geometry = setting.preprocess.tensor(picture)
    inputs = move_inputs(tensor, setting.device)
    return Inference(model.module, inputs, geometry, target, progress)


def _run(
    model: VisionModel,
    picture: Picture,
    work: Callable[[Inference], T],
    target: int | None,
    progress: Progress | None,
    any_output: bool,
    setting: _Setting,
) -> T:
    inference = _prepare(model, picture, setting, target, progress)
    return run_prepared(model, inference, work, any_output=any_output)


def run_prepared(
    model: VisionModel,
    inference: Inference,
    work: Callable[[Inference], T],
    *,
    any_output: bool = False,
) -> T:
    """Do `work` with the network and inputs that are on its device, without a second try.

    Parameters
    ----------
    model
        From `load_model` or `wrap`; the caller holds its lock.
    inference
        The inputs, of one picture or of a batch.
    work, any_output
        As for `run_inference`.

    Returns
    -------
    What `work` returned.

    Raises
    ------
    ModelError
        The network failed on the inputs.
    """
    with _named_errors(model, inference.inputs):
        scores = Scores(ScoreKind.NONE)
        try:
            if model.spec.outputs is None:
                scores = _scores(model, inference.inputs)
        except ModelError:
            if not any_output:
                raise
    outputs, classes = model.spec.outputs, len(model.labels)
    with (
        logit_outputs(model.module, scores),
        picture_outputs(model.module, outputs, classes),
        _named_errors(model, inference.inputs),
    ):
        return work(replace(inference, scores=scores))


def _scores(model: VisionModel, inputs: Tensor) -> Scores:
    """How the output is read: as logits, with a note, if that could not be found out."""
    try:
        return known_scores(model, inputs)
    except Exception as error:
        if isinstance(error, AttnvizError) or is_out_of_memory(error):
            raise
        told = failure_on(model.module, inputs, error, model.name)
        if not isinstance(told, InternalError) or model.spec.scores is not None:
            raise told from error
        model.scores = replace(
            PLAIN_LOGITS,
            note=f"What {model.name} returns is taken for logits, because the search for its last "
            f"step failed ({error}). Pass `scores` to `wrap` if that is wrong.",
        )
        return model.scores


def run_notes(model: VisionModel, picture: Picture) -> tuple[str, ...]:
    """Return sentences about what was inferred, and about what a network does not see of a file."""
    notes = model.notes
    if picture.channels is not None and not model.preprocess.reads_channels(picture):
        notes += (
            f"{model.name} takes {model.preprocess.channels} channels, and {picture.name} has "
            f"{picture.channels.count}: it was given what is shown, in 8 bits.",
        )
    return (*notes, model.scores.note) if model.scores and model.scores.note else notes


def _second_try(model: VisionModel, run: Callable[[_Setting], T]) -> tuple[T, str]:
    cpu = torch.device("cpu")
    if model.preprocess.any_size:
        setting = _Setting(model.device, model.preprocess.halved())
        how = f"on a smaller input, {setting.preprocess.size} instead of {model.preprocess.size} px"
    else:
        setting, how = _Setting(cpu, model.preprocess), "on the CPU"
    try:
        if setting.device != model.device:
            model.module.to(setting.device)
        result = run(setting)
    except Exception as error:
        _hand_on(error)
        if is_out_of_memory(error):
            raise OutOfMemoryError(
                f"{model.name} does not fit into memory on {model.device}, nor {how}. "
                "Close other programs, or choose a smaller network."
            ) from error
        raise
    finally:
        model.module.to(model.device)
    note = f"{model.name} did not fit into memory on {model.device}; this was run {how}."
    return result, note


def _hand_on(error: Exception) -> None:
    """Raise what the caller's `progress` raised, if that ended the work."""
    callers = raised_by_progress(error)
    if callers is not None:
        raise callers


@contextmanager
def _named_errors(model: VisionModel, inputs: Tensor) -> Iterator[None]:
    """Turn unexpected errors into one that names the network and tells the cause."""
    try:
        yield
    except AttnvizError:
        raise
    except Exception as error:
        _hand_on(error)
        if is_out_of_memory(error):
            raise
        raise failure_on(model.module, inputs, error, model.name) from error
