"""Values of the grid's controls, which survive reruns and can be shared in a link."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self

from attnviz.untrusted.values import sendable

_LONGEST = 400
PREFIX = "compare "


class Spans(StrEnum):
    """Which maps share a colour scale; attention and relevance never share one."""

    ROW = "row"
    ALL = "all"
    EVEN = "even"
    CELL = "cell"


class Shown(StrEnum):
    """What each cell draws: its map over the photo, or the photo with the map as its focus."""

    MAP = "map"
    FOCUS = "focus"


@dataclass(frozen=True)
class GridView:
    """Values of the controls.

    Attributes
    ----------
    best : bool
        Whether each cell shows its best layer instead of the one at `depth`.
    depth : float
        Relative depth, 0 for a network's first layer and 1 for its last.
    shown : Shown
        What each cell draws.
    scale : Spans
        Which maps share a colour scale.
    a, b : str
        Keys of the two cells that are compared.
    """

    best: bool = True
    depth: float = 1.0
    shown: Shown = Shown.MAP
    scale: Spans = Spans.ROW
    a: str = ""
    b: str = ""

    @classmethod
    def from_untrusted(cls, values: Mapping[str, Any]) -> Self:
        """Parse a link or a browser's message; invalid values are replaced by defaults."""
        plain = cls()
        best = {"true": True, "1": True, "false": False, "0": False}
        shown, scale = values.get("shown"), values.get("scale")
        return cls(
            best.get(str(values.get("best", "")).lower(), plain.best),
            _share(values.get("depth"), plain.depth),
            Shown(shown) if shown in tuple(Shown) else plain.shown,
            Spans(scale) if scale in tuple(Spans) else plain.scale,
            _name(values.get("a")),
            _name(values.get("b")),
        )

    def to_json(self) -> dict[str, Any]:
        """Return all values, serialisable as JSON."""
        return asdict(self)

    def to_query(self) -> dict[str, str]:
        """Return the values for a link; empty where they are the default."""
        plain = type(self)()
        return {
            f"{PREFIX}best": "" if self.best else "0",
            f"{PREFIX}depth": "" if self.depth == plain.depth else f"{self.depth:.4g}",
            f"{PREFIX}shown": "" if self.shown is plain.shown else str(self.shown),
            f"{PREFIX}scale": "" if self.scale is plain.scale else str(self.scale),
            f"{PREFIX}a": self.a,
            f"{PREFIX}b": self.b,
        }

    def fitting(self, keys: tuple[str, ...], first: tuple[str, str]) -> Self:
        """Return a view of two different existing cells.

        Parameters
        ----------
        keys : tuple of str
            Keys of the existing cells.
        first : (str, str)
            Keys to compare if `a` or `b` is missing, or both are the same.

        Returns
        -------
        GridView
            The view itself, if its cells exist.
        """
        if self.a in keys and self.b in keys and self.a != self.b:
            return self
        return replace(self, a=first[0], b=first[1])

    def stop(self, count: int) -> int:
        """Index of the displayed stop among `count` stops; `count` for the best layers."""
        return count if self.best else round(self.depth * max(count - 1, 0))


def _share(value: Any, default: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return default
    return min(max(number, 0.0), 1.0) if math.isfinite(number) else default


def _name(value: Any) -> str:
    return sendable(value) if isinstance(value, str) and len(value) <= _LONGEST else ""
