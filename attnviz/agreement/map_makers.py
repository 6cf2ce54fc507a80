"""Everything that makes a map of a picture: networks with their methods, and what needs none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from attnviz.analysis.explain import explain
from attnviz.methods.questions import Question, methods_for
from attnviz.metrics.inter_observer import OtherPictures
from attnviz.metrics.saliency import centre_prior
from attnviz.models.spec import ModelSpec, Source
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.types import FloatArray
from attnviz.vision.itti_koch import itti_koch
from attnviz.vision.spectral_residual import spectral_residual


@dataclass(frozen=True)
class Drawn:
    """A map at the picture's size, float32 [H, W], and which method and layer it is of."""

    values: FloatArray
    source: str = ""


@dataclass(frozen=True)
class Contestant:
    """Something that draws a map of the picture with that number in the set.

    density: whether the map is one of fixations, so that KL and information gain make sense.
    """

    name: str
    draw: Callable[[int, Picture], Drawn]
    density: bool = False


def of_models(models: Sequence[VisionModel], methods: Sequence[str]) -> list[Contestant]:
    """Each model with each method (or question, as `explain` takes them) that fits it."""
    return [
        Contestant(f"{model.name}, {method}", partial(_explained, model, method))
        for model in models
        for method in methods
        if fits(model.spec, method)
    ]


def left_out(specs: Iterable[ModelSpec], methods: Sequence[str]) -> list[str]:
    """A sentence for each model and method that do not fit each other."""
    return [
        f"{spec.name} has no map for {method!r}, which needs what this network does not have."
        for spec in specs
        for method in methods
        if not fits(spec, method)
    ]


def fits(spec: ModelSpec, method: str) -> bool:
    """Whether a network has what the method reads; its attention to places for that question."""
    if spec.source is Source.USER:  # what it has is found when it runs
        return True
    if method == Question.ATTENTION:
        return bool({"spatial", "context"} & set(spec.kinds))
    if method in ("auto", *Question):
        return True
    return method in {one.name for one in methods_for(spec)}


def of_no_model(others: OtherPictures) -> list[Contestant]:
    """The baselines: two centres, and two models of what stands out."""
    return [
        Contestant("centre, a Gaussian", lambda _, seen: Drawn(centre_prior(*_size(seen))), True),
        Contestant("centre, where people looked in other pictures", partial(_prior, others), True),
        Contestant("spectral residual", lambda _, seen: Drawn(spectral_residual(seen.pixels))),
        Contestant("Itti-Koch", lambda _, seen: Drawn(itti_koch(seen.pixels))),
    ]


def _explained(model: VisionModel, method: str, number: int, picture: Picture) -> Drawn:
    del number
    result = explain(model, picture, method)
    layer = result.best_layer
    values = result.geometry.spread(result.map_of(layer))
    return Drawn(values, f"{result.method} at {layer}")


def _prior(others: OtherPictures, number: int, picture: Picture) -> Drawn:
    density = others.prior(number, _size(picture))
    return Drawn(np.asarray(density * density.size, dtype=np.float32))


def _size(picture: Picture) -> tuple[int, int]:
    return picture.height, picture.width
