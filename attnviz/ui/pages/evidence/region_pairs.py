"""Pairs of regions that interact, their numbers, and what they say in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from attnviz.evidence.interaction.regions import RegionInteractions
from attnviz.evidence.interaction.shapley import Interactions, PairGains
from attnviz.ui.kit.text import signed

# Blue and orange of Okabe & Ito, which all kinds of colour blindness tell apart.
SYNERGY, REDUNDANCY = "#0072b2", "#e69f00"
MAX_EDGES = 8
_ROUNDING = 1e-5  # of the score; float32 has seven digits
_MIN_EDGE = 0.1  # of the strongest


@dataclass(frozen=True)
class RegionEdge:
    """Two regions (from 0) and their interaction, with its standard error."""

    first: int
    second: int
    value: float
    error: float


def significant_edges(relations: Interactions) -> list[RegionEdge]:
    """All pairs whose interaction is more than two standard errors from 0, strongest first.

    What rounding of the network's numbers can bring about is none either.
    """
    found = []
    rounding = _ROUNDING * max(abs(relations.empty_value), abs(relations.full_value))
    for first, second in zip(*np.triu_indices(len(relations.shapley), 1), strict=True):
        value = float(relations.interaction[first, second])
        error = float(relations.interaction_error[first, second])
        if abs(value) > rounding and abs(value) > 2 * error:  # not so where one of them is NaN
            found.append(RegionEdge(int(first), int(second), value, error))
    return sorted(found, key=lambda edge: -abs(edge.value))


def strongest_edges(relations: Interactions) -> list[RegionEdge]:
    """Only the strongest: eight at most, none below a tenth of the first."""
    found = significant_edges(relations)
    return [one for one in found[:MAX_EDGES] if abs(one.value) >= _MIN_EDGE * abs(found[0].value)]


def describe_regions(found: RegionInteractions, label: str) -> str:
    """The most important region, the strongest synergy and redundancy, in a few sentences."""
    relations = found.interactions
    best = int(np.argmax(np.abs(relations.shapley)))
    value = float(relations.shapley[best])
    side = "for" if value >= 0 else "against"
    words = f"Region {best + 1} matters most: {signed(value)}, it speaks {side} {label}."
    pairs = significant_edges(relations)
    synergy = next((one for one in pairs if one.value > 0), None)
    redundancy = next((one for one in pairs if one.value < 0), None)
    if synergy:
        words += (
            f" Regions {synergy.first + 1} and {synergy.second + 1} need each other most "
            f"({signed(synergy.value)})."
        )
    if redundancy:
        words += (
            f" Regions {redundancy.first + 1} and {redundancy.second + 1} can best stand in for "
            f"each other ({signed(redundancy.value)})."
        )
    if not pairs:
        words += " No two regions interact: what they bring adds up."
    return words


def pair_rows(found: RegionInteractions, gains: PairGains) -> list[dict[str, Any]]:
    """A row of numbers for each two regions, the strongest interaction first."""
    relations = found.interactions
    rows = []
    for first, second in zip(*np.triu_indices(len(relations.shapley), 1), strict=True):
        row: dict[str, Any] = {
            "Regions": f"{first + 1} and {second + 1}",
            "Interaction": round(float(relations.interaction[first, second]), 3),
        }
        if not found.exact:
            row["Standard error"] = round(float(relations.interaction_error[first, second]), 3)
        row["Alone"] = round(float(gains.alone[first, second]), 3)
        row["In context"] = round(float(gains.in_context[first, second]), 3)
        rows.append(
            {name: one if isinstance(one, str) else round(one, 3) for name, one in row.items()}
        )
    return sorted(rows, key=lambda row: -abs(np.nan_to_num(row["Interaction"])))
