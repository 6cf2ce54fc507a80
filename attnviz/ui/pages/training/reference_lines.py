"""Reference lines: the value a number would have if a layer attended evenly to everything."""

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
    """A horizontal line across a chart, and what it means."""

    value: float
    meaning: str


def even_spread(_runs: Sequence[RecordedRun], growth: Growth) -> list[ReferenceLine]:
    """Make one line at the spread of an even map, averaged over layers: they differ little.

    Parameters
    ----------
    _runs : sequence of RecordedRun
        Not needed.
    growth : sequence of sequence of LayerGrowth
        Numbers of each run's layers.

    Returns
    -------
    list of ReferenceLine
        One line.
    """
    spreads = [layer.even_spread for layers in growth for layer in layers]
    return [ReferenceLine(float(np.mean(spreads)), "an even map")]


def even_distance(runs: Sequence[RecordedRun], growth: Growth) -> list[ReferenceLine]:
    """Make a line for each distance that even attention has in some layer.

    Parameters
    ----------
    runs : sequence of RecordedRun
        Their titles name the lines.
    growth : sequence of sequence of LayerGrowth
        Numbers of each run's layers.

    Returns
    -------
    list of ReferenceLine
        The distance depends on the layer's window and on the size of the run's input.
    """
    layers_by_value: dict[float, list[str]] = {}
    for run, layers in zip(runs, growth, strict=True):
        for layer in layers:
            if layer.even_distance is not None:
                name = f"{layer.layer} in {run.title}" if len(runs) > 1 else layer.layer
                layers_by_value.setdefault(round(layer.even_distance, 1), []).append(name)
    if len(layers_by_value) == 1:
        return [ReferenceLine(value, "even attention") for value in layers_by_value]
    return [
        ReferenceLine(value, f"even attention of {_name_list(names)}")
        for value, names in layers_by_value.items()
    ]


def _name_list(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
