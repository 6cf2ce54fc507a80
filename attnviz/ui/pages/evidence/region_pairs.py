"""Pairs of regions that interact, in numbers and in sentences."""

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
    """Two regions (counted from 0) and their interaction, with its standard error."""

    first: int
    second: int
    value: float
    error: float


def significant_edges(relations: Interactions) -> list[RegionEdge]:
    """Select the pairs whose interaction is more than two standard errors from 0.

    Parameters
    ----------
    relations : Interactions
        Interactions and their standard errors.

    Returns
    -------
    list of RegionEdge
        Strongest first. Interactions that rounding of float32 scores can cause are left out too.
    """
    edges = []
    rounding = _ROUNDING * max(abs(relations.empty_value), abs(relations.full_value))
    for first, second in zip(*np.triu_indices(len(relations.shapley), 1), strict=True):
        value = float(relations.interaction[first, second])
        error = float(relations.interaction_error[first, second])
        if abs(value) > rounding and abs(value) > 2 * error:  # false where one of them is NaN
            edges.append(RegionEdge(int(first), int(second), value, error))
    return sorted(edges, key=lambda edge: -abs(edge.value))


def strongest_edges(relations: Interactions) -> list[RegionEdge]:
    """Select the edges to draw: at most eight, none below a tenth of the strongest."""
    edges = significant_edges(relations)
    smallest = _MIN_EDGE * abs(edges[0].value) if edges else 0.0
    return [edge for edge in edges[:MAX_EDGES] if abs(edge.value) >= smallest]


def describe_regions(result: RegionInteractions, label: str) -> str:
    """Name the most important region, the strongest synergy and the strongest redundancy.

    Parameters
    ----------
    result : RegionInteractions
        Regions and their interactions.
    label : str
        The target class.

    Returns
    -------
    str
        Unescaped plain text.
    """
    relations = result.interactions
    best = int(np.argmax(np.abs(relations.shapley)))
    value = float(relations.shapley[best])
    effect = "raises" if value >= 0 else "lowers"
    words = f"Region {best + 1} matters most: it {effect} the score of {label} ({signed(value)})."
    pairs = significant_edges(relations)
    synergy = next((pair for pair in pairs if pair.value > 0), None)
    redundancy = next((pair for pair in pairs if pair.value < 0), None)
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
        words += " No two regions interact: their contributions add up."
    return words


def pair_rows(result: RegionInteractions, gains: PairGains) -> list[dict[str, Any]]:
    """Tabulate the numbers of each pair of regions, the strongest interaction first.

    Parameters
    ----------
    result : RegionInteractions
        Regions and their interactions.
    gains : PairGains
        Joint contribution of each pair, alone and in context.

    Returns
    -------
    list of dict
        Rows for `st.dataframe`.
    """
    relations = result.interactions
    rows = []
    for first, second in zip(*np.triu_indices(len(relations.shapley), 1), strict=True):
        row: dict[str, Any] = {
            "Regions": f"{first + 1} and {second + 1}",
            "Interaction": round(float(relations.interaction[first, second]), 3),
        }
        if not result.exact:
            row["Standard error"] = round(float(relations.interaction_error[first, second]), 3)
        row["Alone"] = round(float(gains.alone[first, second]), 3)
        row["In context"] = round(float(gains.in_context[first, second]), 3)
        rows.append(
            {
                name: value if isinstance(value, str) else round(value, 3)
                for name, value in row.items()
            }
        )
    return sorted(rows, key=lambda row: -abs(np.nan_to_num(row["Interaction"])))
