"""What comes out of looking at one picture with one network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from attnviz.errors import UnknownNameError
from attnviz.methods.fuse import FUSED, fuse_layers
from attnviz.methods.questions import Choice
from attnviz.pictures import Picture
from attnviz.pictures.geometry import PictureGeometry
from attnviz.render.focus import Edges, FocusMap, FocusSettings, Scale, focus_map
from attnviz.types import FloatArray


class Prediction(NamedTuple):
    """A class and the probability (softmax) the network gives it."""

    label: str
    probability: float


@dataclass(frozen=True)
class Explanation:
    """Every layer's map for one picture, from one pass.

    layers: names in forward order. maps: float32 [h, w] each, absolute values on the layer's own
    grid. predictions: best first; classes: their indices. target: the class the maps speak for, or
    None for attention, which speaks for none. notes: sentences for the user, such as a retry on a
    smaller input.
    """

    picture: Picture
    choice: Choice
    layers: tuple[str, ...]
    maps: tuple[FloatArray, ...]
    predictions: tuple[Prediction, ...]
    classes: tuple[int, ...]
    target: Prediction | None
    geometry: PictureGeometry
    provenance: Mapping[str, str]
    notes: tuple[str, ...] = field(default=())

    @property
    def method(self) -> str:
        """Name of the method that made the maps."""
        return self.choice.method.name

    @property
    def best_layer(self) -> str:
        """The layer that answers best, by measurement where there was one, else the last.

        The last informative one: behind the last attention to a class token, the maps of gradients
        are flat.
        """
        wanted = self.choice.layer
        return wanted if wanted in (*self.layers, FUSED) and wanted else self.layers[-1]

    def map_of(self, layer: int | str) -> FloatArray:
        """The map of a layer, by index, name, or `"all layers"` for the fused one."""
        if layer == FUSED:
            return fuse_layers(self.maps)
        return self.maps[self.index_of(layer)]

    def index_of(self, layer: int | str) -> int:
        """Index of a layer; raises UnknownNameError with the nearest names."""
        if isinstance(layer, str):
            if layer in self.layers:
                return self.layers.index(layer)
            raise UnknownNameError("layer", layer, (*self.layers, FUSED))
        if -len(self.layers) <= layer < len(self.layers):
            return layer % len(self.layers)
        numbers = f"0 to {len(self.layers) - 1}"
        raise UnknownNameError(f"layer among {numbers}", str(layer), self.layers)

    def focus(
        self, layer: int | str | None = None, settings: FocusSettings | None = None
    ) -> FocusMap:
        """The focus at the picture's size that the map of `layer` asks for; of the best, if None.

        All layers fused have no absolute values; they are shown on the scale of `Scale.LAYER`.
        """
        settings = settings or FocusSettings()
        layer = self.best_layer if layer is None else layer
        if layer == FUSED:  # relative to an even map: a scale of its own, which no layer shares
            settings = replace(settings, scale=Scale.LAYER)
        grid = self.map_of(layer)
        name = layer if layer == FUSED else self.layers[self.index_of(layer)]
        return focus_map(
            grid,
            self.geometry,
            settings,
            value_range=self.value_range if settings.scale is Scale.ALL_LAYERS else None,
            layer=str(name),
            pixels=self.picture.pixels if settings.edges is Edges.OBJECT else None,
        )

    @property
    def value_range(self) -> tuple[float, float]:
        """Smallest and largest value over all layers."""
        lows, highs = zip(*((float(one.min()), float(one.max())) for one in self.maps), strict=True)
        return min(lows), max(highs)
