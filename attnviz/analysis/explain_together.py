"""Pictures whose inputs have one size, explained together: one pass for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from attnviz.analysis.explain import explain
from attnviz.analysis.explanation import Explanation
from attnviz.analysis.inference import run_notes, run_prepared
from attnviz.analysis.inquiry import Answered, Inquiry, inquiry_about, read_so_far
from attnviz.errors import AttnvizError, UnknownNameError
from attnviz.methods.base import Method
from attnviz.methods.inference import Inference, MethodResult
from attnviz.methods.questions import Choice
from attnviz.models.device import free_memory, is_out_of_memory, move_inputs
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.pictures.geometry import PictureGeometry

PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, eq=False)
class PreparedPicture:
    """A picture with the input that was made of it.

    Attributes
    ----------
    picture
        The picture.
    inputs
        float32 [1, C, h, w] on the CPU, normalised.
    geometry
        How they were taken from the picture.
    """

    picture: Picture
    inputs: Tensor
    geometry: PictureGeometry


@dataclass(frozen=True)
class Asked:
    """What is asked about every picture.

    Attributes
    ----------
    method, target, layers
        As for `attnviz.explain`.
    precision
        One of `PRECISIONS`; below float32 the network runs under autocast.

    Raises
    ------
    UnknownNameError
        There is no such precision.
    """

    method: str = "auto"
    target: Any = None
    precision: str = "float32"
    layers: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise UnknownNameError("precision", self.precision, PRECISIONS)

    def autocast(self, device: torch.device) -> AbstractContextManager[Any]:
        """Return the block in which the network computes in the precision."""
        dtype = PRECISIONS[self.precision]
        return torch.autocast(device.type, dtype=dtype, enabled=dtype is not None)


def explain_together(
    model: VisionModel, pictures: Sequence[PreparedPicture], asked: Asked
) -> list[Explanation | AttnvizError]:
    """Explain pictures whose inputs have one shape, each as `explain` does.

    A method of few passes runs once for all; other methods, and what is asked about places, run
    picture by picture. Where memory runs out, the pictures are halved. A picture on which something
    fails in the batch is explained alone, and so gets the error or the retry of `explain`.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    pictures
        One or more; their inputs have the same shape.
    asked
        What is asked.

    Returns
    -------
    list
        For each picture its explanation, or why there is none.
    """
    try:
        found = _passed(model, pictures, asked)
    except Exception as error:
        if is_out_of_memory(error) and len(pictures) > 1:
            free_memory(model.device)
            half = len(pictures) // 2
            parts = pictures[:half], pictures[half:]
            return [one for part in parts for one in explain_together(model, part, asked)]
        found = [None] * len(pictures)
    return [
        explain_alone(model, one.picture, asked) if result is None else result
        for one, result in zip(pictures, found, strict=True)
    ]


def explain_alone(model: VisionModel, picture: Picture, asked: Asked) -> Explanation | AttnvizError:
    """Return the explanation of a picture, or why there is none; see `explain_together`."""
    try:
        with asked.autocast(model.device):
            return explain(model, picture, asked.method, asked.target, layers=asked.layers)
    except AttnvizError as error:
        return error


def _passed(
    model: VisionModel, pictures: Sequence[PreparedPicture], asked: Asked
) -> list[Explanation | None]:
    """The explanations from one pass; None of a picture that must be explained alone."""
    first = pictures[0].picture
    inquiry = inquiry_about(model, first, asked.method, asked.target, asked.layers)
    if inquiry.scored or model.spec.outputs is not None or len(pictures) == 1:
        return [None] * len(pictures)
    inputs = torch.cat([one.inputs for one in pictures])
    inputs = inputs.pin_memory() if model.device.type == "cuda" else inputs
    with model.lock, asked.autocast(model.device):
        moved = move_inputs(inputs, model.device)
        inference = Inference(
            model.module, moved, pictures[0].geometry, inquiry.index, layers=inquiry.layers
        )
        answers = run_prepared(model, inference, partial(_answers, inquiry, pictures))
    return [
        None
        if one is None
        else inquiry.explanation(each.picture, one, run_notes(model, each.picture))
        for each, one in zip(pictures, answers, strict=True)
    ]


def _answers(
    inquiry: Inquiry, pictures: Sequence[PreparedPicture], inference: Inference
) -> list[Answered | None]:
    shared = _SharedPass(inference)
    return [shared.answer(inquiry, index, one.geometry) for index, one in enumerate(pictures)]


class _SharedPass:
    """What methods return for a batch, run when the first of its pictures asks for it."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._results: dict[Method, MethodResult | None] = {}
        self._reach: dict[Choice, tuple[str, ...]] = {}

    def answer(self, inquiry: Inquiry, index: int, geometry: PictureGeometry) -> Answered | None:
        """The answer for one picture; None if it is to be asked alone."""
        one = replace(
            self._inference, inputs=self._inference.inputs[index : index + 1], geometry=geometry
        )
        try:
            return inquiry.answered(one, partial(self._result, index), self._read_so_far)
        except Exception as error:
            if is_out_of_memory(error):
                raise
            return None

    def _result(self, index: int, choice: Choice, one: Inference) -> MethodResult:
        method = choice.method
        if method.many_passes:  # in batches of variants of one picture
            return method.run(one)
        if method not in self._results:
            self._results[method] = self._run(method)
        whole = self._results[method]
        return method.run(one) if whole is None else whole.row(index)

    def _run(self, method: Method) -> MethodResult | None:
        try:
            return method.run(self._inference)
        except Exception as error:
            if is_out_of_memory(error):
                raise
            return None

    def _read_so_far(
        self, model: VisionModel, inference: Inference, choice: Choice
    ) -> tuple[str, ...]:
        key = replace(choice, layer=None)
        if key not in self._reach:
            self._reach[key] = read_so_far(model, inference, choice)
        return self._reach[key]
