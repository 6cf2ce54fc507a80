"""Level lines across a chart: what a number would be if a layer looked evenly at everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attnviz.training.recording.growth import LayerGrowth
from attnviz.ui.pages.training.runs import RecordedRun

Growth = Sequence[Sequence[LayerGrowth]]
_NAMED = 4  # layers that a line names


@dataclass(frozen=True)
class ReferenceLine:
    """A level line across a chart, and what it means."""

    value: float
    meaning: str


def even_spread(_runs: Sequence[RecordedRun], growth: Growth) -> list[ReferenceLine]:
    """One line for all layers: their grids differ little in it."""
    spreads = [one.even_spread for layers in growth for one in layers]
    return [ReferenceLine(float(np.mean(spreads)), "an even map")]


def even_distance(runs: Sequence[RecordedRun], growth: Growth) -> list[ReferenceLine]:
    """A line for each distance that even attention has in some layer.

    It depends on the layer's window and on the size of the run's input.
    """
    whose: dict[float, list[str]] = {}
    for run, layers in zip(runs, growth, strict=True):
        for one in layers:
            if one.even_distance is not None:
                name = f"{one.layer} in {run.title}" if len(runs) > 1 else one.layer
                whose.setdefault(round(one.even_distance, 1), []).append(name)
    if len(whose) == 1:
        return [ReferenceLine(value, "even attention") for value in whose]
    return [
        ReferenceLine(value, f"even attention of {_name_list(names)}")
        for value, names in whose.items()
    ]


def _name_list(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
