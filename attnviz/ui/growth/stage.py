"""One layer's attention to one picture: the viewer with time as its axis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from attnviz.focus import Scale
from attnviz.geometry import PictureGeometry
from attnviz.methods.base import METHODS
from attnviz.training.growth import layer_maps
from attnviz.ui.growth.runs import Run
from attnviz.ui.layers.stage import show_maps
from attnviz.ui.viewer import Content, Layer, Mode, View

Pixels = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]
FIRST_VIEW = View(mode=Mode.SIDE, scale=Scale.ALL_LAYERS, speed=4.0, radius=0.03)


@dataclass(frozen=True, eq=False)
class Watched:
    """One picture of a run, seen by one method."""

    run: Run
    method: str
    picture: int
    pixels: Pixels

    @cached_property
    def maps(self) -> dict[str, FloatArray]:
        """float32 [T, h, w] of each layer."""
        return layer_maps(self.run.recording, self.method, self.picture)

    @property
    def geometry(self) -> PictureGeometry:
        """The whole picture, stretched to the network's input."""
        height, width = self.pixels.shape[:2]
        return PictureGeometry((height, width), (0, 0, height, width), (height, width))

    def content(self, layer: str) -> Content:
        """The viewer's content: a checkpoint where other pages have a layer."""
        method = METHODS.get(self.method)
        names = self.run.checkpoints
        return Content(
            self.pixels,
            self.geometry,
            [Layer(name, values) for name, values in zip(names, self.maps[layer], strict=True)],
            f"Attention of {layer}",
            f"{method.title}.",
            method.shares,
            noun="Checkpoint",
            quiet=True,
        )


def show_growth(name: str, watched: Watched, layer: str) -> None:
    """The viewer; playing and scrubbing through the time is the browser's own work."""
    key = (watched.run.key, watched.method, str(watched.picture), layer)
    origin = f"{watched.run.key} {watched.method} {layer}"
    show_maps(name, key, watched.content(layer), origin, FIRST_VIEW)
