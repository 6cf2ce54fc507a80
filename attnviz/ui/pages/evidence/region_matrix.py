"""Numbers for each pair of regions as matrices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnviz.evidence.interaction.shapley import Interactions
from attnviz.types import DoubleArray
from attnviz.ui.kit.text import signed
from attnviz.ui.pages.evidence.region_pairs import REDUNDANCY, SYNERGY, significant_edges

FLOW = "#0f8f7f"
MANY = 9  # with more regions cells are too small for numbers


def relation_matrix(relations: Interactions) -> str:
    """Draw the interactions of all pairs, with each region's Shapley value beside its row.

    Parameters
    ----------
    relations : Interactions
        Shapley values and interactions of n regions.

    Returns
    -------
    str
        HTML of an n x n matrix.
    """
    edges = significant_edges(relations)
    significant = {(edge.first, edge.second) for edge in edges}
    most = max((abs(edge.value) for edge in edges), default=1.0)

    def cell(row: int, column: int) -> str:
        if row == column:
            return "<span></span>"
        value, error = (
            float(table[row, column])
            for table in (relations.interaction, relations.interaction_error)
        )
        known = (min(row, column), max(row, column)) in significant
        colour = SYNERGY if value > 0 else REDUNDANCY
        title = f"Regions {row + 1} and {column + 1}: "
        title += signed(value, error) if np.isfinite(value) else "never sampled together"
        return _cell(signed(value) if known else "≈ 0", title, colour, abs(value) / most * known)

    heads = [signed(float(value)) for value in relations.shapley]
    return _matrix(len(heads), heads, cell, "Interaction of each pair of regions")


def flow_matrix(flow: DoubleArray) -> str:
    """Draw which share of each region's information (row) comes from each region (column).

    Parameters
    ----------
    flow : float64 [n, n]
        Shares in 0..1.

    Returns
    -------
    str
        HTML of an n x n matrix.
    """
    most = max(float(flow.max()), 1e-12)

    def cell(row: int, column: int) -> str:
        share = float(flow[row, column])
        title = f"Region {row + 1} gets {100 * share:.1f} % from region {column + 1}"
        return _cell(f"{100 * share:.0f} %", title, FLOW, share / most)

    return _matrix(len(flow), [""] * len(flow), cell, "Attention from region to region")


def _matrix(count: int, heads: list[str], cell: Callable[[int, int], str], title: str) -> str:
    top = "".join(f"<b>{column + 1}</b>" for column in range(count))
    rows = "".join(
        f'<b class="av-head-cell">{row + 1}<small>{heads[row]}</small></b>'
        + "".join(cell(row, column) for column in range(count))
        for row in range(count)
    )
    many = " av-many" if count > MANY else ""
    return (
        f'<div class="av-scroll" tabindex="0" role="group" aria-label="{title}">'
        f'<div class="av-matrix{many}" style="--av-regions:{count}"><b></b>{top}{rows}</div></div>'
    )


def _cell(text: str, title: str, colour: str, strength: float) -> str:
    share = round(70 * min(max(strength, 0.0), 1.0))
    back = f"color-mix(in srgb,{colour} {share}%,transparent)"
    return f'<span title="{title}" style="background:{back}">{text}</span>'
