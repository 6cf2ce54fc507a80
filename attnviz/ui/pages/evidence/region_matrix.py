"""Numbers of each two regions as matrices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnviz.evidence.interaction.shapley import Interactions
from attnviz.types import DoubleArray
from attnviz.ui.kit.text import signed
from attnviz.ui.pages.evidence.region_pairs import REDUNDANCY, SYNERGY, significant_edges

FLOW = "#0f8f7f"
MANY = 9  # with more regions cells are too small for numbers


def relation_matrix(found: Interactions) -> str:
    """Interactions of all pairs, with the regions' own values at the rows, as HTML."""
    sure = {(one.first, one.second) for one in significant_edges(found)}
    most = max((abs(one.value) for one in significant_edges(found)), default=1.0)

    def cell(row: int, column: int) -> str:
        if row == column:
            return "<span></span>"
        value, error = (
            float(part[row, column]) for part in (found.interaction, found.interaction_error)
        )
        known = (min(row, column), max(row, column)) in sure
        colour = SYNERGY if value > 0 else REDUNDANCY
        said = f"Regions {row + 1} and {column + 1}: "
        said += signed(value, error) if np.isfinite(value) else "never asked together"
        return _cell(signed(value) if known else "≈ 0", said, colour, abs(value) / most * known)

    heads = [signed(float(value)) for value in found.shapley]
    return _matrix(len(heads), heads, cell, "Interaction of each two regions")


def flow_matrix(flow: DoubleArray) -> str:
    """Which share each region (row) gathers from each (column), as HTML."""
    most = max(float(flow.max()), 1e-12)

    def cell(row: int, column: int) -> str:
        share = float(flow[row, column])
        said = f"Region {row + 1} gathers {100 * share:.1f} % from region {column + 1}"
        return _cell(f"{100 * share:.0f} %", said, FLOW, share / most)

    return _matrix(len(flow), [""] * len(flow), cell, "Attention from region to region")


def _matrix(count: int, heads: list[str], cell: Callable[[int, int], str], said: str) -> str:
    top = "".join(f"<b>{column + 1}</b>" for column in range(count))
    rows = "".join(
        f'<b class="av-head-cell">{row + 1}<small>{heads[row]}</small></b>'
        + "".join(cell(row, column) for column in range(count))
        for row in range(count)
    )
    many = " av-many" if count > MANY else ""
    return (
        f'<div class="av-scroll" tabindex="0" role="group" aria-label="{said}">'
        f'<div class="av-matrix{many}" style="--av-regions:{count}"><b></b>{top}{rows}</div></div>'
    )


def _cell(text: str, said: str, colour: str, strength: float) -> str:
    share = round(70 * min(max(strength, 0.0), 1.0))
    back = f"color-mix(in srgb,{colour} {share}%,transparent)"
    return f'<span title="{said}" style="background:{back}">{text}</span>'
