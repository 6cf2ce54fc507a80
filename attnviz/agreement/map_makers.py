"""Everything that makes a map of a picture: networks with their methods, and what needs none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from attnviz.analysis.explain import explain
from attnviz.methods.questions import can_answer
from attnviz.metrics.inter_observer import CentreBias
from attnviz.metrics.saliency import centre_prior
from attnviz.models.spec import ModelSpec, Source
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.types import FloatArray
from attnviz.vision.itti_koch import itti_koch
from attnviz.vision.spectral_residual import spectral_residual


@dataclass(frozen=True)
class SourcedMap:
    """A map at the picture's size, float32 [H, W], and which method and layer it is of."""

    values: FloatArray
    source: str = ""


@dataclass(frozen=True)
class MapMaker:
    """Something that draws a map of the picture with that number in the set.

    density: whether the map is one of fixations, so that KL and information gain make sense.
    """

    name: str
    draw: Callable[[int, Picture], SourcedMap]
    density: bool = False


def model_map_makers(models: Sequence[VisionModel], methods: Sequence[str]) -> list[MapMaker]:
    """Each model with each method (or question, as `explain` takes them) that fits it."""
    return [
        MapMaker(f"{model.name}, {method}", partial(_explained, model, method))
        for model in models
        for method in methods
        if supports(model.spec, method)
    ]


def unsupported_notes(specs: Iterable[ModelSpec], methods: Sequence[str]) -> list[str]:
    """A sentence for each model and method that do not fit each other."""
    return [
        f"{spec.name} has no map for {method!r}, which needs what this network does not have."
        for spec in specs
        for method in methods
        if not supports(spec, method)
    ]


def supports(spec: ModelSpec, method: str) -> bool:
    """Whether a network has what the method reads; its attention to places for that question."""
    if spec.source is Source.USER:  # what it has is found when it runs
        return True
    return can_answer(spec, method)


def baseline_map_makers(others: CentreBias) -> list[MapMaker]:
    """The baselines: two centres, and two models of what stands out."""
    return [
        MapMaker(
            "centre, a Gaussian", lambda _, seen: SourcedMap(centre_prior(*_size(seen))), True
        ),
        MapMaker("centre, where people looked in other pictures", partial(_prior, others), True),
        MapMaker("spectral residual", lambda _, seen: SourcedMap(spectral_residual(seen.pixels))),
        MapMaker("Itti-Koch", lambda _, seen: SourcedMap(itti_koch(seen.pixels))),
    ]


def _explained(model: VisionModel, method: str, number: int, picture: Picture) -> SourcedMap:
    del number
    result = explain(model, picture, method)
    layer = result.best_layer
    values = result.geometry.spread(result.map_of(layer))
    return SourcedMap(values, f"{result.method} at {layer}")


def _prior(others: CentreBias, number: int, picture: Picture) -> SourcedMap:
    density = others.prior(number, _size(picture))
    return SourcedMap(np.asarray(density * density.size, dtype=np.float32))


def _size(picture: Picture) -> tuple[int, int]:
    return picture.height, picture.width
