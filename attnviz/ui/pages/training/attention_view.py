"""One layer's attention to one picture over training time, in the viewer."""

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

TOP_SHARE = 0.01  # of all values; they share the highest colour, and full focus
FIRST_VIEW = View(mode=Mode.SIDE, scale=Scale.ALL_LAYERS, speed=4.0, radius=0.03)


@dataclass(frozen=True, eq=False)
class RecordedMaps:
    """A run's maps of one picture by one method.

    Parameters
    ----------
    run : RecordedRun
        The run.
    method : str
        Name of the method.
    picture : int
        Index of the picture in the recording.
    pixels : uint8 [H, W, 3]
        The picture.
    span : mapping of str to (float, float), optional
        Ends of each layer's scale, if runs share it; the key "" has those of all layers.
    """

    run: RecordedRun
    method: str
    picture: int
    pixels: Pixels
    span: Mapping[str, tuple[float, float]] | None = None

    @cached_property
    def maps(self) -> dict[str, FloatArray]:
        """Maps of each layer, float32 [T, h, w] for T checkpoints."""
        return layer_maps(self.run.recording, self.method, self.picture)

    @property
    def geometry(self) -> PictureGeometry:
        """The whole picture, stretched to the network's input."""
        height, width = self.pixels.shape[:2]
        return PictureGeometry((height, width), (0, 0, height, width), (height, width))

    def scale_ends(self, layer: str) -> tuple[float, float]:
        """Ends of a layer's scale over all checkpoints, and over all runs that share it."""
        if self.span is not None:
            return self.span[layer]
        return scale_ends([self.maps[layer]])

    @property
    def all_ends(self) -> tuple[float, float]:
        """Ends of one scale for all layers."""
        return scale_ends(list(self.maps.values())) if self.span is None else self.span[""]

    def content(self, layer: str) -> Content:
        """Content for the viewer, with a checkpoint in place of each layer of other pages."""
        method = METHODS.get(self.method)
        names = self.run.checkpoints
        return Content(
            self.pixels,
            self.geometry,
            [Layer(name, values) for name, values in zip(names, self.maps[layer], strict=True)],
            f"{method.nature.capitalize()} of {layer}",
            f"{method.title}. The largest {100 * TOP_SHARE:.0f} % of all checkpoints share the "
            "highest colour.",
            method.shares,
            noun="Checkpoint",
            quiet=True,
            times=[shot.epoch for shot in self.run.recording.snapshots],
            span=self.scale_ends(layer),
        )


def scale_ends(maps: Sequence[FloatArray]) -> tuple[float, float]:
    """Choose one scale for several maps.

    Parameters
    ----------
    maps : sequence of float32 arrays
        The maps.

    Returns
    -------
    low, high : float
        From 0, or the lowest value if negative, to the 99th percentile.

    Notes
    -----
    The highest values of self-attention lie in single cells; a scale up to them would leave
    everything else black.
    """
    values = np.concatenate([values.ravel() for values in maps])
    low, high = min(float(values.min()), 0.0), float(np.quantile(values, 1 - TOP_SHARE))
    return (low, high) if high > low else (low, float(values.max()))


def with_shared_scale(recordings: Sequence[RecordedMaps]) -> list[RecordedMaps]:
    """Give several runs one scale for each layer, if they have the same layers and method.

    Parameters
    ----------
    recordings : sequence of RecordedMaps
        Maps of at least one run.

    Returns
    -------
    list of RecordedMaps
        With a shared scale, or unchanged: maps of different networks have different units.
    """
    first = recordings[0]
    if len(recordings) < 2 or any(
        recorded.method != first.method or list(recorded.maps) != list(first.maps)
        for recorded in recordings
    ):
        return list(recordings)
    span = {
        layer: scale_ends([recorded.maps[layer] for recorded in recordings]) for layer in first.maps
    }
    span[""] = scale_ends([maps for recorded in recordings for maps in recorded.maps.values()])
    return [replace(recorded, span=span) for recorded in recordings]


def show_maps_over_time(name: str, recorded: RecordedMaps, layer: str) -> None:
    """Show a layer's maps in the viewer, which plays and scrubs through time in the browser.

    Parameters
    ----------
    name : str
        Key of the viewer.
    recorded : RecordedMaps
        The maps.
    layer : str
        The layer to show.
    """
    scale = "" if recorded.span is None else str(recorded.span[layer])
    key = (recorded.run.key, recorded.method, str(recorded.picture), layer, scale)
    origin = f"{recorded.run.key} {recorded.method} {layer}"
    show_maps(name, key, recorded.content(layer), origin, FIRST_VIEW)
