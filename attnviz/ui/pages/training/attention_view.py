"""One layer's attention to one picture: the viewer with time as its axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from attnviz.methods.base import METHODS
from attnviz.pictures.geometry import PictureGeometry
from attnviz.render.focus import Scale
from attnviz.training.recording.growth import layer_maps
from attnviz.types import FloatArray, Pixels
from attnviz.ui.components.viewer import Content, Layer, Mode, View
from attnviz.ui.kit.map_view import show_maps
from attnviz.ui.pages.training.runs import RecordedRun

TOP_SHARE = 0.01  # of all values share the highest colour, and full focus
FIRST_VIEW = View(mode=Mode.SIDE, scale=Scale.ALL_LAYERS, speed=4.0, radius=0.03)


@dataclass(frozen=True, eq=False)
class RecordedMaps:
    """One picture of a run, seen by one method.

    span: the ends of each layer's scale, where other runs share it; "" is that of all layers.
    """

    run: RecordedRun
    method: str
    picture: int
    pixels: Pixels
    span: Mapping[str, tuple[float, float]] | None = None

    @cached_property
    def maps(self) -> dict[str, FloatArray]:
        """float32 [T, h, w] of each layer."""
        return layer_maps(self.run.recording, self.method, self.picture)

    @property
    def geometry(self) -> PictureGeometry:
        """The whole picture, stretched to the network's input."""
        height, width = self.pixels.shape[:2]
        return PictureGeometry((height, width), (0, 0, height, width), (height, width))

    def scale_ends(self, layer: str) -> tuple[float, float]:
        """The ends of a layer's scale over all checkpoints, and over all runs that share it."""
        if self.span is not None:
            return self.span[layer]
        return scale_ends([self.maps[layer]])

    @property
    def all_ends(self) -> tuple[float, float]:
        """The same of all layers."""
        return scale_ends(list(self.maps.values())) if self.span is None else self.span[""]

    def content(self, layer: str) -> Content:
        """The viewer's content: a checkpoint where other pages have a layer."""
        method = METHODS.get(self.method)
        names = self.run.checkpoints
        return Content(
            self.pixels,
            self.geometry,
            [Layer(name, values) for name, values in zip(names, self.maps[layer], strict=True)],
            f"Attention of {layer}",
            f"{method.title}. The largest {100 * TOP_SHARE:.0f} % of all checkpoints share the "
            "highest colour.",
            method.shares,
            noun="Checkpoint",
            quiet=True,
            times=[shot.epoch for shot in self.run.recording.snapshots],
            span=self.scale_ends(layer),
        )


def scale_ends(maps: Sequence[FloatArray]) -> tuple[float, float]:
    """The scale for all maps together: from 0 to the largest 1 %.

    The highest values of self-attention lie in single cells; up to them, all else would be black.
    """
    values = np.concatenate([one.ravel() for one in maps])
    low, high = min(float(values.min()), 0.0), float(np.quantile(values, 1 - TOP_SHARE))
    return (low, high) if high > low else (low, float(values.max()))


def with_shared_scale(watched: Sequence[RecordedMaps]) -> list[RecordedMaps]:
    """The runs with one scale for each layer, where they have the same layers of the same map.

    Maps of different networks have different units; each then keeps its own scale.
    """
    first = watched[0]
    if len(watched) < 2 or any(
        one.method != first.method or list(one.maps) != list(first.maps) for one in watched
    ):
        return list(watched)
    span = {layer: scale_ends([one.maps[layer] for one in watched]) for layer in first.maps}
    span[""] = scale_ends([maps for one in watched for maps in one.maps.values()])
    return [replace(one, span=span) for one in watched]


def show_maps_over_time(name: str, watched: RecordedMaps, layer: str) -> None:
    """The viewer; playing and scrubbing through the time is the browser's own work."""
    scale = "" if watched.span is None else str(watched.span[layer])
    key = (watched.run.key, watched.method, str(watched.picture), layer, scale)
    origin = f"{watched.run.key} {watched.method} {layer}"
    show_maps(name, key, watched.content(layer), origin, FIRST_VIEW)
