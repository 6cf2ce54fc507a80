"""What the viewer's controls say: one value that survives reruns, page changes and reloads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self

from attnviz.render.aperture import Aperture
from attnviz.render.focus import Edges, FocusSettings, Scale
from attnviz.render.heat import COLOUR_MAPS


class Mode(StrEnum):
    """How the stage is laid out: one surface, two with a wipe between them, or two panes."""

    SIDE = "side"
    BOKEH = "bokeh"
    HEAT = "heat"
    PHOTO = "photo"
    SPLIT = "split"


class Surface(StrEnum):
    """What can be drawn of a picture."""

    PHOTO = "photo"
    BOKEH = "bokeh"
    HEAT = "heat"


@dataclass(frozen=True)
class View:
    """The controls' values.

    Attributes
    ----------
    layer
        Its name; empty for the one that answers best.
    radius
        Of the largest blur disc, as a share of the picture's diagonal, 0..0.06.
    threshold, softness, scale
        See `FocusSettings`.
    outline
        Whether the field is snapped to the object's outline.
    highlights
        0..8, see `bokeh`.
    opacity
        Of the heat.
    blend
        Whether the steps between layers are faded.
    speed
        Layers a second while playing.
    left, right
        What split and side by side show.
    wipe
        Where the divider stands.
    """

    layer: str = ""
    mode: Mode = Mode.SIDE
    radius: float = 0.024
    threshold: float = 0.25
    softness: float = 0.5
    scale: Scale = Scale.LAYER
    outline: bool = False
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
        """The view in a link or in a browser's message; whatever does not fit is left out."""
        taken: dict[str, Any] = {}
        for field in fields(cls):
            if field.name in values:
                value = _checked(field.name, field.default, values[field.name])
                if value is not None:
                    taken[field.name] = value
        return cls(**taken)

    def to_json(self) -> dict[str, Any]:
        """All values, as JSON can hold them."""
        return asdict(self)

    def to_query(self) -> dict[str, str]:
        """What differs from the default, as a link carries it."""
        plain = View()
        return {
            field.name: _written(getattr(self, field.name))
            for field in fields(self)
            if getattr(self, field.name) != getattr(plain, field.name)
        }

    def at(self, layer: str) -> Self:
        """The same view of another layer."""
        return replace(self, layer=layer)

    def focus_settings(self) -> FocusSettings:
        """What turns a map into this view's focus."""
        return FocusSettings(
            threshold=self.threshold,
            softness=self.softness,
            scale=self.scale,
            edges=Edges.OBJECT if self.outline else Edges.FIELD,
        )


_LIMITS = {
    "radius": (0.0, 0.06),
    "threshold": (0.0, 1.0),
    "softness": (0.05, 1.0),
    "highlights": (0.0, 8.0),
    "opacity": (0.0, 1.0),
    "speed": (0.25, 8.0),
    "wipe": (0.0, 1.0),
}
_LONGEST_NAME = 200


def _checked(name: str, default: Any, value: Any) -> Any:
    """`value` as the field's type and within its limits, or None where it cannot be."""
    if isinstance(default, bool):
        return {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())
    if isinstance(default, StrEnum):
        return type(default)(value) if value in tuple(type(default)) else None
    if isinstance(default, str):
        if name == "colours":
            return value if value in COLOUR_MAPS else None
        return value if isinstance(value, str) and len(value) <= _LONGEST_NAME else None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):  # JSON knows whole numbers of any length
        return None
    low, high = _LIMITS[name]
    return min(max(number, low), high) if math.isfinite(number) else None


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return f"{value:g}" if isinstance(value, float) else str(value)
