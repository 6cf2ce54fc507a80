"""Comparison of two cells at every stop."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.errors import FocusError
from attnviz.metrics.map_difference import MapDifference, difference
from attnviz.render.focus import is_flat
from attnviz.ui.kit.text import signed
from attnviz.ui.pages.compare.cells import Cell
from attnviz.ui.pages.compare.scales import layer_at

CHANCE = 0.2 / 1.8


@dataclass(frozen=True, eq=False)
class Pair:
    """Two cells, and the difference of each pair of layers that is displayed at a stop.

    If two maps cannot be compared, a sentence takes the place of the difference.
    """

    a: Cell
    b: Cell
    found: dict[tuple[int, int], MapDifference | str]

    @property
    def note(self) -> str:
        """Caveats for reading the difference."""
        parts = []
        if self.a.photo is not self.b.photo:
            parts.append(
                "These are two pictures: positions are matched by their share of width and height."
            )
        if self.a.nature is not self.b.nature:
            parts.append("One is attention and one relevance: their orders can be compared, "
                         "their values cannot.")  # fmt: skip
        return " ".join(parts)


def compare_cells(a: Cell, b: Cell, count: int) -> Pair:
    """Compare two cells that have maps, at each of `count` stops and at their best layers.

    Parameters
    ----------
    a, b : Cell
        Two cells with maps.
    count : int
        Number of stops of depth.

    Returns
    -------
    Pair
        The cells and their differences.
    """
    found: dict[tuple[int, int], MapDifference | str] = {}
    for stop in range(count + 1):
        layers = layer_at(a, stop, count), layer_at(b, stop, count)
        if layers not in found:
            found[layers] = _compared(a, b, layers)
    return Pair(a, b, found)


def _compared(a: Cell, b: Cell, layers: tuple[int, int]) -> MapDifference | str:
    one, other = a.explanation, b.explanation
    assert one is not None
    assert other is not None
    maps = one.map_of(a.layers[layers[0]]), other.map_of(b.layers[layers[1]])
    flat = [letter for letter, values in zip("AB", maps, strict=True) if is_flat(values)]
    if flat:
        return (
            f"The map of {' and '.join(flat)} is flat here and ranks no positions, so there is "
            "nothing to compare. Choose another depth."
        )
    try:
        return difference(maps[0], one.geometry, maps[1], other.geometry)
    except FocusError as error:
        return str(error)


def describe_difference(found: MapDifference) -> tuple[str, str]:
    """Describe the rank correlation and the overlap, each in a sentence with its number."""
    rho = found.spearman
    kinds = ((0.7, "much the same ranking of positions"), (0.3, "partly the same ranking"))
    alike = next((text for least, text in kinds if rho >= least), "little in common")
    if rho <= -0.3:
        alike = "rather the reverse ranking"
    return (
        f"Rank correlation {signed(rho)}: {alike}",
        f"Top 20 % overlap (IoU) {found.iou:.2f}; maps with nothing in common: {CHANCE:.2f}",
    )
