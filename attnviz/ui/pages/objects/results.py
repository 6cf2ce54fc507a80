"""Results of the choices: maps, the competition of objects, and the contrast of two classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnviz.analysis.class_maps import ClassMaps, difference
from attnviz.errors import MethodError, NoSitesError
from attnviz.pictures.geometry import PictureGeometry
from attnviz.pictures.names import file_stem
from attnviz.render.focus import is_flat
from attnviz.render.pointed import pointed_map
from attnviz.types import DoubleArray, FloatArray
from attnviz.ui.components.viewer import Content, Layer, pointed_layer
from attnviz.ui.pages.objects.cache import PhotoClasses
from attnviz.ui.pages.objects.choices import ObjectChoices, Strength, Versus
from attnviz.ui.pages.objects.state import TOGETHER
from attnviz.vision.biased_competition import combined_focus, relative_gains, response_shares


@dataclass(frozen=True, eq=False)
class ObjectCompetition:
    """The maps of the chosen objects and their competition.

    Attributes
    ----------
    seen : PhotoClasses
        Picture and network.
    choices : ObjectChoices
        The choices.
    all_maps : ClassMaps
        Maps of the chosen classes, as computed.
    maps : tuple of float32 [h, w]
        Map of each object, in the order of `choices.objects`.
    shares : float64 [n]
        Share of the focus of each object.
    kept : float64 [n]
        The shares relative to the largest share.
    contrast : (str, float32 [h, w]), optional
        Name and map of the contrast of two classes; None if none are chosen, or the map is empty.
    refused : str
        Why there is no contrast, if the network does not support it.
    """

    seen: PhotoClasses
    choices: ObjectChoices
    all_maps: ClassMaps
    maps: tuple[FloatArray, ...]
    shares: DoubleArray
    kept: DoubleArray
    contrast: tuple[str, FloatArray] | None
    refused: str = ""

    @property
    def geometry(self) -> PictureGeometry:
        """Relates the picture to the network's input."""
        return self.all_maps.geometry

    def content(self, point: tuple[float, float] | None = None) -> Content:
        """Content for the viewer: each object, the contrast, and all objects together.

        Around a point, x and y in 0..1, there is a map of its own.
        """
        names = [self.seen.label(one) for one in self.choices.objects]
        layers = [Layer(name, values) for name, values in zip(names, self.maps, strict=True)]
        if self.contrast is not None:
            layers.append(Layer(*self.contrast))
        if len(self.maps) > 1:
            layers.append(Layer(TOGETHER, self._together(), True, "1 is the peak of the strongest"))
        pointed = None if point is None else pointed_map(self.geometry, *point)
        if pointed is not None:
            layers.append(pointed_layer(pointed))
        method = self.all_maps.choice.method
        legend = f"{method.title}, {self.all_maps.layer}."
        pixels = self.seen.photo.shown.pixels
        name = file_stem(self.seen.photo.title)
        return Content(
            pixels, self.geometry, layers, "Relevance", legend, noun="Object", name=name, folds=True
        )

    def _together(self) -> FloatArray:
        maps = np.stack(self.maps)
        competing = strengths(self.all_maps, self.choices)
        return combined_focus(maps, competing, self.choices.selectivity)


def compute_competition(seen: PhotoClasses, choices: ObjectChoices) -> ObjectCompetition:
    """Compute the maps of the chosen classes; new classes take one forward pass.

    Parameters
    ----------
    seen : PhotoClasses
        Picture and network.
    choices : ObjectChoices
        The chosen classes and how they compete.

    Returns
    -------
    ObjectCompetition
        Maps, shares of the focus, and the contrast of two classes.
    """
    others = (choices.wanted, choices.against)
    classes = {*choices.objects, *(one for one in others if one is not None)}
    all_maps = seen.maps(tuple(classes))
    won = response_shares(strengths(all_maps, choices), choices.selectivity)
    maps = tuple(all_maps.map_of(one) for one in choices.objects)
    contrast, refused = None, ""
    try:
        contrast = _contrast(seen, choices, all_maps)
    except (MethodError, NoSitesError) as error:  # the rest of the page can still be shown
        refused = str(error)
    return ObjectCompetition(
        seen, choices, all_maps, maps, won, relative_gains(won), contrast, refused
    )


def strengths(maps: ClassMaps, choices: ObjectChoices) -> DoubleArray:
    """Compute the strength of each object: mean of the map's positive part, or probability.

    Parameters
    ----------
    maps : ClassMaps
        Maps of all chosen classes.
    choices : ObjectChoices
        The chosen classes, and what decides the competition.

    Returns
    -------
    float64 [n]
        In the order of `choices.objects`.
    """
    if choices.strength is Strength.PROBABILITY:
        chances = dict(zip(maps.classes, maps.predictions, strict=True))
        return np.asarray([chances[one].probability for one in choices.objects], np.float64)
    return np.asarray(
        [np.maximum(maps.map_of(one), 0).mean(dtype=np.float64) for one in choices.objects]
    )


def contrast_name(seen: PhotoClasses, choices: ObjectChoices) -> str:
    """Name the contrast, as in `"tabby, not tiger cat"`; empty if there is none."""
    if choices.wanted is None or choices.against is None:
        return ""
    return f"{seen.label(choices.wanted)}, not {seen.label(choices.against)}"


def _contrast(
    seen: PhotoClasses, choices: ObjectChoices, maps: ClassMaps
) -> tuple[str, FloatArray] | None:
    if choices.wanted is None or choices.against is None:
        return None
    if choices.versus is Versus.SCORES:
        values = seen.finer(choices.wanted, choices.against).maps[0]
    else:
        values = difference(maps, choices.wanted, [choices.against])
    return None if is_flat(values) else (contrast_name(seen, choices), values)
