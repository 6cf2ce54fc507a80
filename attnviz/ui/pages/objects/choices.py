"""What is chosen on the page "Objects": one value, kept for each picture and network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

import numpy as np

from attnviz.types import FloatArray

MOST = 6
SHOWN = 5
SELECTIVE = 6.0
_SURE = 0.05


class Versus(StrEnum):
    """How one class is set against another: by their maps, or by their scores (Finer-CAM)."""

    MAPS = "maps"
    SCORES = "scores"


class Strength(StrEnum):
    """What objects compete by: how much of a map they have, or how probable they are."""

    RELEVANCE = "relevance"
    PROBABILITY = "probability"


@dataclass(frozen=True)
class ObjectChoices:
    """Classes by index, in the order in which they were chosen, and how they compete.

    Attributes
    ----------
    wanted, against
        The class that is set against another; against is None where none is.
    selectivity
        0..6, see `attnviz.vision.biased_competition`.
    """

    objects: tuple[int, ...] = ()
    wanted: int | None = None
    against: int | None = None
    versus: Versus = Versus.MAPS
    selectivity: float = 1.0
    strength: Strength = Strength.RELEVANCE

    @classmethod
    def first(cls, chances: FloatArray) -> Self:
        """To begin with: two classes, and up to three if they are at all likely."""
        best = most_likely(chances, 3)
        likely = [one for one in best if chances[one] >= _SURE]
        return cls(tuple(best[: max(2, len(likely))]))

    @classmethod
    def from_query(cls, query: Mapping[str, str], chances: FloatArray) -> Self | None:
        """The choices in a link; None if it names no class that is there.

        Whatever does not fit is left out.
        """
        count = len(chances)
        named = (_index(part, count) for part in query.get("objects", "").split(","))
        objects = tuple(dict.fromkeys(one for one in named if one is not None))[:MOST]
        if not objects:
            return None
        versus, strength = query.get("versus"), query.get("strength")
        found = cls(
            objects,
            _index(query.get("wanted", ""), count),
            _index(query.get("against", ""), count),
            Versus(versus) if versus in tuple(Versus) else Versus.MAPS,
            _number(query.get("selective", ""), SELECTIVE, 1.0),
            Strength(strength) if strength in tuple(Strength) else Strength.RELEVANCE,
        )
        return found.fitting()

    def to_query(self) -> dict[str, str]:
        """As a link carries it; empty where it is the default."""
        plain = ObjectChoices()
        set_against = self.against is not None
        return {
            "objects": ",".join(map(str, self.objects)),
            "wanted": str(self.wanted) if set_against else "",
            "against": str(self.against) if set_against else "",
            "versus": str(self.versus) if self.versus is not plain.versus else "",
            "selective": "" if self.selectivity == plain.selectivity else f"{self.selectivity:g}",
            "strength": str(self.strength) if self.strength is not plain.strength else "",
        }

    def with_object(self, index: int) -> Self:
        """With one more class, if there is room for it."""
        if index in self.objects or len(self.objects) >= MOST:
            return self
        return replace(self, objects=(*self.objects, index))

    def with_objects(self, indices: tuple[int, ...]) -> Self:
        """With these classes: those that stay keep their order, new ones come last."""
        kept = tuple(one for one in self.objects if one in indices)
        fresh = tuple(one for one in indices if one not in kept)
        return replace(self, objects=(kept + fresh)[:MOST]).fitting()

    def fitting(self) -> Self:
        """With a class that is set against another one, and is among the objects."""
        wanted, against = self.wanted, self.against
        if wanted not in self.objects:
            wanted = next((one for one in self.objects if one != against), None)
        if wanted is None or wanted == against:
            against = None
        return replace(self, wanted=wanted, against=against)


def most_likely(chances: FloatArray, count: int = SHOWN) -> list[int]:
    """The most probable classes, best first."""
    return [int(one) for one in np.argsort(-chances, kind="stable")[:count]]


def _index(text: str, count: int) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        return None
    return int(text) if int(text) < count else None


def _number(text: str, highest: float, default: float) -> float:
    try:
        value = float(text)
    except ValueError:
        return default
    return min(max(value, 0.0), highest) if math.isfinite(value) else default
