"""What the grid's controls say: one value that survives reruns and travels in a link."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self

_LONGEST = 400
PREFIX = "compare "


class Spans(StrEnum):
    """What one colour scale spans. Attention and relevance never share absolute values."""

    ROW = "row"
    ALL = "all"
    EVEN = "even"
    CELL = "cell"


class Shown(StrEnum):
    """What every cell draws: its map over the photo, or the photo in focus there."""

    MAP = "map"
    FOCUS = "focus"


@dataclass(frozen=True)
class GridView:
    """The controls' values.

    Attributes
    ----------
    best
        Each cell shows the layer that answers best, instead of the one at `depth`, 0..1 of the way
        from a network's first layer to its last.
    a, b
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
        """The view in a link or in a browser's message; whatever does not fit is left out."""
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
        """All values, as JSON can hold them."""
        return asdict(self)

    def to_query(self) -> dict[str, str]:
        """As a link carries it; empty where it is the default."""
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
        """With two different cells that are there: `first` where one of them is not."""
        if self.a in keys and self.b in keys and self.a != self.b:
            return self
        return replace(self, a=first[0], b=first[1])

    def stop(self, count: int) -> int:
        """The stop of `count` that is shown; `count` itself for the best layers."""
        return count if self.best else round(self.depth * max(count - 1, 0))


def _share(value: Any, default: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return default
    return min(max(number, 0.0), 1.0) if math.isfinite(number) else default


def _name(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= _LONGEST else ""
