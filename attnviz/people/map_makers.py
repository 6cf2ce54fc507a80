"""Map makers: networks with their methods, and baselines that need no network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from attnviz.analysis.explain import explain
from attnviz.analysis.explanation import Explanation
from attnviz.batch.explain_many import explain_many
from attnviz.methods.questions import can_answer
from attnviz.metrics.inter_observer import CentreBias
from attnviz.metrics.saliency import centre_prior
from attnviz.models.spec import ModelSpec, Source
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.types import FloatArray
from attnviz.vision.itti_koch import itti_koch
from attnviz.vision.spectral_residual import spectral_residual


@dataclass(frozen=True, eq=False)
class SourcedMap:
    """A map at the picture's size, float32 [H, W], and the method and layer it comes from."""

    values: FloatArray
    source: str = ""


@dataclass(frozen=True)
class MapMaker:
    """Makes a map of a picture, given its number in the set and the picture.

    Attributes
    ----------
    name : str
    make : callable
        Takes the number and the `Picture`, returns a `SourcedMap`.
    density : bool
        Whether the map is a density of fixations, for which KL and information gain are defined.
    together : callable, optional
        Makes the maps of several pictures at once, where that is faster.
    """

    name: str
    make: Callable[[int, Picture], SourcedMap]
    density: bool = False
    together: Callable[[Sequence[Picture]], list[SourcedMap]] | None = None

    def maps(self, first: int, pictures: Sequence[Picture]) -> list[SourcedMap]:
        """Make the maps of consecutive pictures, of which the first has the number `first`."""
        if self.together is not None:
            return self.together(pictures)
        return [self.make(number, picture) for number, picture in enumerate(pictures, first)]


def model_map_makers(models: Sequence[VisionModel], methods: Sequence[str]) -> list[MapMaker]:
    """Combine each model with each method (or question, as `explain` takes them) that it supports.

    Parameters
    ----------
    models : sequence of VisionModel
    methods : sequence of str

    Returns
    -------
    list of MapMaker
    """
    return [
        MapMaker(
            f"{model.name}, {method}",
            partial(_explained, model, method),
            together=partial(_explained_together, model, method),
        )
        for model in models
        for method in methods
        if supports(model.spec, method)
    ]


def unsupported_notes(specs: Iterable[ModelSpec], methods: Sequence[str]) -> list[str]:
    """One sentence for each combination of model and method that is not supported."""
    return [
        f"{spec.name} has no map for {method!r}, which needs what this network does not have."
        for spec in specs
        for method in methods
        if not supports(spec, method)
    ]


def supports(spec: ModelSpec, method: str) -> bool:
    """Whether a network has what the method reads."""
    if spec.source is Source.USER:  # discovered when it runs
        return True
    return can_answer(spec, method)


def baseline_map_makers(others: CentreBias) -> list[MapMaker]:
    """The baselines: two centre priors and two models of bottom-up saliency."""
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
    return _sourced(explain(model, picture, method))


def _explained_together(
    model: VisionModel, method: str, pictures: Sequence[Picture]
) -> list[SourcedMap]:
    """Raises what `explain` raises of the first picture that it fails on."""
    maps = []
    for one in explain_many(model, pictures, method):
        if one.explanation is None:
            assert one.error is not None
            raise one.error
        maps.append(_sourced(one.explanation))
    return maps


def _sourced(result: Explanation) -> SourcedMap:
    layer = result.best_layer
    values = result.geometry.spread(result.map_of(layer))
    return SourcedMap(values, f"{result.method} at {layer}")


def _prior(others: CentreBias, number: int, picture: Picture) -> SourcedMap:
    density = others.prior(number, _size(picture))
    return SourcedMap(np.asarray(density * density.size, dtype=np.float32))


def _size(picture: Picture) -> tuple[int, int]:
    return picture.height, picture.width
