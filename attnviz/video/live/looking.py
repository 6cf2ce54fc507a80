"""Looking at live frames one after another: each gives the steadied map of one layer."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from attnviz.analysis.explain import explain
from attnviz.methods.fuse import FUSED
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.pictures.geometry import PictureGeometry
from attnviz.targets import Target
from attnviz.types import FloatArray, Pixels
from attnviz.video.cuts import change_between, find_cuts, thumbnail
from attnviz.video.maps_over_time import common_range
from attnviz.video.steadying import followed

_NAME = "webcam"
_NO_FILE = "0" * 64
# Frames whose values make the scale, and those whose gaps and changes count as usual.
_SCALED_BY = 64
_RECENT = 5


@dataclass(frozen=True)
class LiveQuestion:
    """What is asked of every frame.

    Attributes
    ----------
    model
        The network.
    method
        Name of a method that takes few passes.
    layer
        Name of the layer that is shown, or "all layers".
    asked
        What is explained; empty for the top prediction of each frame.
    """

    model: VisionModel
    method: str
    layer: str
    asked: tuple[Target, ...] = ()


@dataclass(frozen=True, eq=False)
class LiveMap:
    """What the network attends to in a frame.

    Attributes
    ----------
    values
        float32 [h, w], steadied, absolute, on the layer's own grid.
    value_range
        Values that are scaled to 0 and 1, common to the latest frames.
    geometry
        How the network's input was taken from the frame.
    layer
        Name of the layer.
    """

    values: FloatArray = field(repr=False)
    value_range: tuple[float, float]
    geometry: PictureGeometry
    layer: str


class LiveLooking:
    """Looks at frames in order, and remembers what steadying and the scale need of earlier ones.

    Parameters
    ----------
    question
        What is asked of all of them.
    """

    def __init__(self, question: LiveQuestion) -> None:
        self.question = question
        self._steady: FloatArray | None = None
        self._thumbnail: FloatArray | None = None
        self._changes: deque[float] = deque(maxlen=_RECENT)
        self._times: deque[float] = deque(maxlen=_RECENT)
        self._ends: deque[tuple[float, float]] = deque(maxlen=_SCALED_BY)

    def __call__(self, pixels: Pixels, time: float) -> LiveMap:
        """Look at a frame.

        Parameters
        ----------
        pixels
            uint8 [H, W, 3].
        time
            When it came, in seconds; later than the one before.

        Returns
        -------
        LiveMap

        Raises
        ------
        AttnvizError
            As `explain`.
        """
        asked = self.question
        only = None if asked.layer == FUSED else [asked.layer]
        picture = Picture(pixels, _NAME, _NO_FILE)
        explanation = explain(asked.model, picture, asked.method, asked.asked or None, layers=only)
        values = self._steadied(explanation.map_of(asked.layer), pixels, time)
        shown = np.maximum(values, 0.0)
        self._ends.append((float(shown.min()), float(shown.max())))
        scale = common_range(*zip(*self._ends, strict=True))
        return LiveMap(values, scale, explanation.geometry, asked.layer)

    def _steadied(self, newest: FloatArray, pixels: Pixels, time: float) -> FloatArray:
        """The map that follows the newest one; it begins anew with each scene."""
        before, after = self._thumbnail, thumbnail(pixels)
        self._changes.append(0.0 if before is None else change_between(before, after))
        self._times.append(time)
        cut = bool(find_cuts([0.0, *self._changes])[-1])
        kept = self._steady
        if kept is None or cut or kept.shape != newest.shape:
            self._steady = newest
        else:
            gaps = np.diff(self._times)
            usual = float(np.median(gaps))
            self._steady = followed(kept, newest, float(gaps[-1]) / usual if usual > 0 else 1.0)
        self._thumbnail = after
        return self._steady
