"""Everything that one pass through a network recorded: readings at its sites, and the logits."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from attnviz.capture.readings import (
    ContextReading,
    FeatureReading,
    GateReading,
    Reading,
    SoftMaskReading,
)


@dataclass(frozen=True, eq=False)
class Trace:
    """All readings of one pass, in the order in which the pass reached their sites.

    Attributes
    ----------
    readings
        One for each site that was reached.
    logits
        float32 [N, classes].
    target
        int64 [N], the class whose score was differentiated; None without gradients.
    input_size
        (height, width) of the network's input in pixels.
    """

    readings: tuple[Reading, ...]
    logits: Tensor
    target: Tensor | None
    input_size: tuple[int, int]

    @property
    def soft_masks(self) -> tuple[SoftMaskReading, ...]:
        """The readings of kind `SPATIAL`."""
        return tuple(r for r in self.readings if isinstance(r, SoftMaskReading))

    @property
    def gates(self) -> tuple[GateReading, ...]:
        """The readings of kind `CHANNEL`."""
        return tuple(r for r in self.readings if isinstance(r, GateReading))

    @property
    def context(self) -> tuple[ContextReading, ...]:
        """The readings of kind `CONTEXT`."""
        return tuple(r for r in self.readings if isinstance(r, ContextReading))

    @property
    def features(self) -> tuple[FeatureReading, ...]:
        """The readings of kind `FEATURES`."""
        return tuple(r for r in self.readings if isinstance(r, FeatureReading))
