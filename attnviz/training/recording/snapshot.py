"""One recorded checkpoint of a training."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from attnviz.errors import DivergedError
from attnviz.types import AnyArray


@dataclass(frozen=True, eq=False, repr=False)
class Snapshot:
    """One recorded checkpoint.

    Attributes
    ----------
    step, epoch
        Optimiser steps and epochs done.
    maps
        float [pictures, h, w] by (method, layer).
    probabilities
        float [pictures, classes].
    accuracy, loss
        NaN where not measured.
    numbers
        float [k] by (quantity, layer); see `RecordedAttention`.
    """

    step: int
    epoch: float
    maps: dict[tuple[str, str], AnyArray]
    probabilities: AnyArray
    accuracy: float = float("nan")
    loss: float = float("nan")
    numbers: dict[tuple[str, str], AnyArray] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Say when it was, in a line."""
        layers = len({layer for _, layer in self.maps})
        return f"<Snapshot at step {self.step:,}, epoch {self.epoch:g}: {layers} layers>"


def check_finite(shot: Snapshot) -> None:
    """Raise DivergedError for a snapshot that holds NaN or infinity."""
    arrays = [(layer, values) for (_, layer), values in shot.maps.items()]
    arrays.append(("the output", shot.probabilities))
    wrong = [name for name, values in arrays if not np.isfinite(values).all()]
    if wrong:
        raise DivergedError(
            f"At step {shot.step} the network returns NaN or infinity, first in {wrong[0]}: the "
            "training has diverged. This checkpoint is not recorded; those before it are kept."
        )


def shapes(shot: Snapshot) -> dict[tuple[str, str], tuple[int, ...]]:
    """Shapes of the maps, by (method, layer)."""
    return {key: values.shape for key, values in shot.maps.items()}


def layer_list(shot: Snapshot) -> str:
    """Name up to four layers."""
    names = list(dict.fromkeys(layer for _, layer in shot.maps))
    return ", ".join(names[:4]) + (" ..." if len(names) > 4 else "")
