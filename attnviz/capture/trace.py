"""What one pass through a network leaves behind: readings at its sites, and the scores."""

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


@dataclass(frozen=True)
class Trace:
    """All readings of one pass, in the order in which the pass reached them.

    logits: [N, classes] float32. target: [N] int64, the class whose score was differentiated, or
    None where no gradients were asked for. input_size: (height, width) of the network's input.
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
