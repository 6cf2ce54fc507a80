"""What a network says of a picture: of a class, and of a target that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from attnviz.models.scores import ScoreKind
from attnviz.targets.base import Target
from attnviz.targets.text import format_target
from attnviz.types import FloatArray


class Prediction(NamedTuple):
    """A class and its probability in 0..1; of features, a component and its value."""

    label: str
    probability: float


@dataclass(frozen=True, eq=False)
class AskedTarget:
    """A target that was asked for, with what the network says of it.

    Parameters
    ----------
    target
        The target, with the model's names for what it names.
    prediction
        What it is called, and its probability in 0..1; of a score that is none, its value.
    kind
        How its score is read: `NONE` for a value.
    share
        Its share of the focus where several compete, 0..1.
    maps
        float32 [h, w] of each layer for it alone.
    """

    target: Target
    prediction: Prediction
    kind: ScoreKind
    share: float
    maps: tuple[FloatArray, ...]

    @property
    def text(self) -> str:
        """The target as links and files name it."""
        return format_target(self.target)

    def __repr__(self) -> str:
        """Say what was asked, and what the network says of it, in a line."""
        label, value = self.prediction
        return f"<AskedTarget {label!r}: {value:.3g}, {100 * self.share:.0f}% of the focus>"
