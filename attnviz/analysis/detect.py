"""What a detector or a segmenter finds in a picture, each thing ready to be asked about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from attnviz.analysis.inference import run_inference
from attnviz.analysis.score_kind import check_finite
from attnviz.errors import TargetError
from attnviz.methods.base import METHODS
from attnviz.methods.inference import Inference
from attnviz.methods.questions import Question
from attnviz.models.outputs.base import Found
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, PictureSource, as_picture
from attnviz.pictures.geometry import PictureGeometry
from attnviz.targets import Target
from attnviz.targets.box import Box
from attnviz.targets.place_score import outputs_of, returned_by
from attnviz.targets.region import Region
from attnviz.types import FloatArray

LEAST = 0.5
_SIDE = 256  # pixels of the longer side of a region's mask
_SMALLEST = 0.001  # share of a picture that a region covers at least


@dataclass(frozen=True, eq=False)
class Detection:
    """A thing or a region that was found.

    Attributes
    ----------
    target
        A `Box`, or a `Region` where there is a mask; with its class. Give it to `explain`.
    label
        Name of the class.
    score
        Its probability in 0..1; of a region of a segmenter, its mean over the region.
    """

    target: Box | Region
    label: str
    score: float


def detect(
    model: VisionModel, picture: Picture | PictureSource, least: float = LEAST, most: int = 100
) -> tuple[Detection, ...]:
    """Find the things in a picture, or the region of each class, from one forward pass.

    Parameters
    ----------
    model
        A detector or segmenter, from `wrap`.
    picture
        From `open_picture`, or anything that it opens.
    least
        Probability, in 0..1, below which things are left out. Regions of a segmenter are of the
        most probable class of each position, whatever its probability.
    most
        How many are returned at most.

    Returns
    -------
    tuple of Detection
        The most probable first; regions by their area, the largest first. Empty if nothing is
        found.

    Raises
    ------
    TargetError
        The model finds neither boxes nor regions.
    ModelError, OutOfMemoryError
        As `explain`.
    """
    outputs = outputs_of(model)

    def work(inference: Inference) -> tuple[Detection, ...]:
        returned, geometry = returned_by(inference), inference.geometry
        if outputs.things is not None:
            found = outputs.things(returned, geometry.input_size)[0]
            return tuple(_things(model, found, geometry, least, most))
        if outputs.dense is None:
            return ()
        return tuple(_regions(model, outputs.dense(returned)[0], geometry))[:most]

    return run_inference(model, as_picture(picture), work, any_output=True)[0]


def asks_for_place(model: VisionModel, method: str) -> bool:
    """Return whether what a method shows is of a place: why is something found there?

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    method
        Name of a method, or a question.

    Returns
    -------
    bool
        True for a detector or segmenter, but where the map is the same whatever is asked, as
        attention and likeness are.
    """
    if model.spec.outputs is None or method == Question.ATTENTION:
        return False
    return method not in METHODS or METHODS.get(method).depends_on_score()


def first_found(model: VisionModel, picture: Picture, method: str) -> tuple[Target, ...]:
    """Return what is explained where nothing is asked: the first thing found.

    Parameters
    ----------
    model, picture
        As for `detect`.
    method
        Name of a method, or a question.

    Returns
    -------
    tuple of Target
        Empty for a model that is no detector or segmenter, and where the map is the same whatever
        is asked.

    Raises
    ------
    TargetError
        Nothing is found.
    """
    if not asks_for_place(model, method):
        return ()
    found = detect(model, picture, most=1)
    if not found:
        raise TargetError(
            f"{model.name} finds nothing in {picture.name} with a probability of {LEAST:g} or "
            'more. Ask about a place, as in target=Box(.2, .2, .6, .8, "dog"), or box:.2,.2,.6,.8,'
            "dog on the command line, or try another picture."
        )
    return (found[0].target,)


def _things(
    model: VisionModel, found: Found, geometry: PictureGeometry, least: float, most: int
) -> Iterator[Detection]:
    classes, chances = found.top()
    check_finite(model.name, chances)
    masks = found.masks
    for index in chances.sort(descending=True).indices[:most].tolist():
        chance = float(chances[index])
        if chance < least:
            return
        which = int(classes[index])
        named = model.own_label(which)
        target: Box | Region | None = None
        if masks is not None:
            target = _region(masks[index].float().cpu().numpy(), geometry, named)
        target = target or _box(found.boxes[index], geometry, named)
        if target is not None:
            yield Detection(target, model.label(which), chance)


def _box(edges: Tensor, geometry: PictureGeometry, label: int | str) -> Box | None:
    """The part of a box that is inside the picture, as shares of it; None if there is none."""
    left, top, right, bottom = (float(edge) for edge in edges)
    height, width = geometry.picture_size
    y0, x0 = geometry.to_picture(top, left)
    y1, x1 = geometry.to_picture(bottom, right)
    shares = (
        round(min(max(value, 0.0), 1.0), 4)
        for value in (x0 / width, y0 / height, x1 / width, y1 / height)
    )
    x0, y0, x1, y1 = shares
    return Box(x0, y0, x1, y1, label) if x0 < x1 and y0 < y1 else None


def _region(mask: FloatArray, geometry: PictureGeometry, label: int | str) -> Region | None:
    """A mask over the input as a region of the picture; None if nothing of it is above a half."""
    inside = geometry.reduced(_SIDE).spread(mask, outside=0.0) > 0.5
    return Region(inside, label) if inside.any() else None


def _regions(model: VisionModel, logits: Tensor, geometry: PictureGeometry) -> Iterator[Detection]:
    """The region of each class that is the most probable one somewhere, the largest first."""
    check_finite(model.name, logits)
    chances = logits.float().softmax(0)
    best = chances.argmax(0)
    classes, counts = torch.unique(best, return_counts=True)
    for place in counts.sort(descending=True, stable=True).indices.tolist():
        index, inside = int(classes[place]), best == classes[place]
        if float(inside.float().mean()) < _SMALLEST:
            return
        values = inside.float().cpu().numpy().astype(np.float32)
        region = _region(values, geometry, model.own_label(index))
        if region is not None:
            yield Detection(region, model.label(index), float(chances[index][inside].mean()))
