"""The maps of a video's frames, on one scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from attnviz.errors import VideoError
from attnviz.pictures.geometry import PictureGeometry
from attnviz.render.focus import Edges, FocusMap, FocusSettings, Scale, focus_map
from attnviz.types import BoolArray, DoubleArray, FloatArray, IntArray, Pixels
from attnviz.video.cuts import find_cuts
from attnviz.video.steadying import steadied

# Share of the frames whose smallest and largest values the scale leaves out at each end, so that a
# flash does not take all others out of focus.
_LEFT_OUT = 0.05


@dataclass(frozen=True, eq=False)
class MapsOverTime:
    """One layer's maps of all frames, as the network gave them.

    Attributes
    ----------
    maps
        float32 [frames, h, w], absolute values on the layer's own grid.
    ticks
        int64 [frames], when each frame is shown, in units of `time_base`.
    lasts
        For how long the last frame is shown, in the same unit.
    time_base
        Seconds of one tick.
    changes
        float32 [frames], how much each frame differs from the one before; by it cuts are found.
    geometry
        Which part of the frames the network sees.
    layer
        Name of the layer.
    title
        What the maps show: "Attention", or "Relevance for dog".
    steady
        Whether `shown` is steadied over time.
    provenance
        Where the maps come from: video, model, weights' hash, method, layer, target.
    notes
        Sentences for the user.
    """

    maps: FloatArray = field(repr=False)
    ticks: IntArray = field(repr=False)
    lasts: int
    time_base: Fraction
    changes: FloatArray = field(repr=False)
    geometry: PictureGeometry = field(repr=False)
    layer: str
    title: str
    steady: bool
    provenance: Mapping[str, str] = field(repr=False)
    notes: tuple[str, ...] = field(default=(), repr=False)

    @property
    def times(self) -> DoubleArray:
        """When each frame is shown, in seconds: float64 [frames]."""
        return np.asarray(self.ticks * float(self.time_base), np.float64)

    @cached_property
    def cuts(self) -> BoolArray:
        """Whether a frame begins a scene: bool [frames]."""
        return find_cuts(self.changes)

    @cached_property
    def shown(self) -> FloatArray:
        """The maps that are shown, steadied if asked for: float32 [frames, h, w]."""
        return steadied(self.maps, self.times, self.cuts) if self.steady else self.maps

    @cached_property
    def value_range(self) -> tuple[float, float]:
        """Values that are scaled to 0 and 1 in all frames alike.

        The smallest and the largest value, but for those of one frame in twenty at either end.
        """
        flat = np.maximum(self.shown.reshape(len(self.shown), -1), 0.0)
        return common_range(flat.min(1), flat.max(1))

    def focus(
        self,
        frame: int,
        settings: FocusSettings | None = None,
        *,
        size: tuple[int, int] | None = None,
        pixels: Pixels | None = None,
    ) -> FocusMap:
        """Return the focus map of a frame, on the scale of all frames.

        Parameters
        ----------
        frame
            Its index.
        settings
            How values become focus; its scale is not used (default: those of `FocusSettings`).
        size
            (height, width) of the frame; as it was looked at if None.
        pixels
            uint8 [H, W, 3], the frame; for `Edges.OBJECT` only.

        Returns
        -------
        FocusMap
            In 0..1, at that size; 1 stays sharp.

        Raises
        ------
        VideoError
            There is no such frame.
        """
        if not 0 <= frame < len(self.maps):
            raise VideoError(f"There is no frame {frame}: they are 0 to {len(self.maps) - 1}.")
        settings = replace(settings or FocusSettings(), scale=Scale.ALL_LAYERS)
        geometry = self.geometry if size is None else self.geometry.resized(size)
        return focus_map(
            self.shown[frame],
            geometry,
            settings,
            value_range=self.value_range,
            layer=self.layer,
            pixels=pixels if settings.edges is Edges.OBJECT else None,
        )

    def __repr__(self) -> str:
        """Say how many frames there are, of what, in a line."""
        frames, height, width = self.maps.shape
        return f"<{self.title} in {frames} frames, {height} x {width}, of {self.layer!r}>"


def common_range(lows: npt.ArrayLike, highs: npt.ArrayLike) -> tuple[float, float]:
    """Return the values that are scaled to 0 and 1 in several frames alike.

    Parameters
    ----------
    lows, highs
        float [frames], smallest and largest value of each frame's map.

    Returns
    -------
    tuple of float
        The smallest and the largest of them, but for those of one frame in twenty at either end.

    Examples
    --------
    >>> common_range([0.0, 0.25], [1.0, 1.0])
    (0.0125, 1.0)
    """
    low = float(np.quantile(np.asarray(lows), _LEFT_OUT))
    high = float(np.quantile(np.asarray(highs), 1.0 - _LEFT_OUT))
    return (low, high) if high > low else (float(np.min(lows)), float(np.max(highs)))
