"""Values of the viewer's controls, which survive reruns, page changes and reloads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self

from attnviz.render.aperture import Aperture
from attnviz.render.focus import Edges, FocusSettings, Scale
from attnviz.render.heat import COLOUR_MAPS
from attnviz.untrusted.values import sendable

LARGEST_RADIUS = 0.06  # of a blur disc, as a share of the picture's diagonal


class Mode(StrEnum):
    """Layout of the stage: one surface, two with a wipe between them, or two panes."""

    SIDE = "side"
    BOKEH = "bokeh"
    HEAT = "heat"
    PHOTO = "photo"
    SPLIT = "split"


class Surface(StrEnum):
    """What a pane can show."""

    PHOTO = "photo"
    BOKEH = "bokeh"
    HEAT = "heat"


@dataclass(frozen=True)
class View:
    """Values of the controls.

    Attributes
    ----------
    layer : str
        Name of the layer; empty for the best one.
    mode : Mode
        Layout of the stage.
    radius : float
        Radius of the largest blur disc, as a share of the picture's diagonal, 0..`LARGEST_RADIUS`.
    threshold, softness : float
        See `FocusSettings`.
    scale : Scale
        See `FocusSettings`.
    outline : bool or None
        Whether the field is snapped to the object's outline; None if that is left to the page.
    aperture : Aperture
        Shape of the blur disc.
    highlights : float
        0..8, see `bokeh`.
    colours : str
        Colour map of the heat, one of `attnviz.render.heat.COLOUR_MAPS`.
    opacity : float
        Opacity of the heat, 0..1.
    blend : bool
        Whether to fade from one layer to the next.
    speed : float
        Layers per second while playing.
    left, right : Surface
        Surfaces of the modes "split" and "side".
    wipe : float
        Position of the divider, 0..1 from the left.
    """

    layer: str = ""
    mode: Mode = Mode.SIDE
    radius: float = 0.024
    threshold: float = 0.25
    softness: float = 0.5
    scale: Scale = Scale.LAYER
    outline: bool | None = None
    aperture: Aperture = Aperture.DISC
    highlights: float = 0.0
    colours: str = "inferno"
    opacity: float = 0.6
    blend: bool = True
    speed: float = 2.0
    left: Surface = Surface.BOKEH
    right: Surface = Surface.HEAT
    wipe: float = 0.5

    @classmethod
    def from_untrusted(cls, values: Mapping[str, Any]) -> Self:
        """Parse a link or a browser's message; invalid values are replaced by defaults."""
        taken: dict[str, Any] = {}
        for field in fields(cls):
            if field.name in values:
                value = _checked(field.name, field.default, values[field.name])
                if value is not None:
                    taken[field.name] = value
        return cls(**taken)

    def to_json(self) -> dict[str, Any]:
        """Return all values, serialisable as JSON; what is left to the page is the field."""
        return {**vars(self), "outline": bool(self.outline)}

    def to_query(self) -> dict[str, str]:
        """Return the values that differ from the default, for a link."""
        plain = View()
        return {
            field.name: _written(getattr(self, field.name))
            for field in fields(self)
            if getattr(self, field.name) != getattr(plain, field.name)
        }

    def at(self, layer: str) -> Self:
        """Return the same view of another layer."""
        return replace(self, layer=layer)

    def focus_settings(self) -> FocusSettings:
        """Return the settings that turn a map into this view's focus."""
        return FocusSettings(
            threshold=self.threshold,
            softness=self.softness,
            scale=self.scale,
            edges=Edges.OBJECT if self.outline else Edges.FIELD,
        )


_LIMITS = {
    "radius": (0.0, LARGEST_RADIUS),
    "threshold": (0.0, 1.0),
    "softness": (0.05, 1.0),
    "highlights": (0.0, 8.0),
    "opacity": (0.0, 1.0),
    "speed": (0.25, 30.0),
    "wipe": (0.0, 1.0),
}
_LONGEST_NAME = 200


def _checked(name: str, default: Any, value: Any) -> Any:
    """`value` converted to the field's type and clipped to its limits; None if invalid."""
    if default is None or isinstance(default, bool):  # a switch, perhaps left to the page
        return {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())
    if isinstance(default, StrEnum):
        return type(default)(value) if value in tuple(type(default)) else None
    if isinstance(default, str):
        if name == "colours":
            return value if value in COLOUR_MAPS else None
        named = isinstance(value, str) and len(value) <= _LONGEST_NAME
        return sendable(value) if named else None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):  # JSON integers can have any length
        return None
    low, high = _LIMITS[name]
    return min(max(number, low), high) if math.isfinite(number) else None


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return f"{value:g}" if isinstance(value, float) else str(value)
