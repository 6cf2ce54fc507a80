"""Choices on the page "Objects", stored for each picture and network."""

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
    """How two classes are contrasted: by their maps, or by their scores (Finer-CAM)."""

    MAPS = "maps"
    SCORES = "scores"


class Strength(StrEnum):
    """Strength of objects in the competition: the mean of their map, or their probability."""

    RELEVANCE = "relevance"
    PROBABILITY = "probability"


@dataclass(frozen=True)
class ObjectChoices:
    """The chosen classes and how they compete.

    Attributes
    ----------
    objects : tuple of int
        Indices of the classes in the order in which they were chosen.
    wanted, against : int or None
        Classes to contrast; `against` is None if none are.
    versus : Versus
        How they are contrasted.
    selectivity : float
        0..6, see `attnviz.vision.biased_competition`.
    strength : Strength
        What decides the competition.
    """

    objects: tuple[int, ...] = ()
    wanted: int | None = None
    against: int | None = None
    versus: Versus = Versus.MAPS
    selectivity: float = 1.0
    strength: Strength = Strength.RELEVANCE

    @classmethod
    def first(cls, chances: FloatArray) -> Self:
        """Return the default: the two likeliest classes, and a third if it is likely enough."""
        best = most_likely(chances, 3)
        likely = [one for one in best if chances[one] >= _SURE]
        return cls(tuple(best[: max(2, len(likely))]))

    @classmethod
    def from_query(cls, query: Mapping[str, str], chances: FloatArray) -> Self | None:
        """Parse the choices in a link; None if it names no existing class.

        Invalid values are replaced by defaults.
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
        """Return the choices for a link; empty where they are the default."""
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
        """Return the choices with one more class, if there is room."""
        if index in self.objects or len(self.objects) >= MOST:
            return self
        return replace(self, objects=(*self.objects, index))

    def with_objects(self, indices: tuple[int, ...]) -> Self:
        """Return the choices with these classes: earlier ones keep their order, new ones follow."""
        kept = tuple(one for one in self.objects if one in indices)
        fresh = tuple(one for one in indices if one not in kept)
        return replace(self, objects=(kept + fresh)[:MOST]).fitting()

    def fitting(self) -> Self:
        """Return the choices with a valid pair of classes to contrast."""
        wanted, against = self.wanted, self.against
        if wanted not in self.objects:
            wanted = next((one for one in self.objects if one != against), None)
        if wanted is None or wanted == against:
            against = None
        return replace(self, wanted=wanted, against=against)


def most_likely(chances: FloatArray, count: int = SHOWN) -> list[int]:
    """Return the indices of the most probable classes, best first."""
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
