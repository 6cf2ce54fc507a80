"""What one pass through a network leaves behind: readings at its sites, and the scores."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from attnviz.capture.readings import ContextReading


@dataclass(frozen=True)
class SoftMaskReading:
    """A soft mask and what it weighs, for a batch of N inputs; float32, no graph.

    mask: [N, C or 1, h, w] in 0..1; with C channels it chooses features and places jointly.
    trunk: [N, C, h, w], the features before the mask.
    base: [N, C, h, w], what the gated features are added to (the trunk itself for a mask M that
    multiplies by 1 + M), or None for naive gating.
    mask_gradient: derivative of the target's score by the mask, as `mask`; None if not asked for.
    """

    layer: str
    mask: Tensor
    trunk: Tensor
    base: Tensor | None
    mask_gradient: Tensor | None = None


@dataclass(frozen=True)
class FeatureReading:
    """The output of a block, for a batch of N inputs; float32, no graph.

    activation: [N, C, h, w]; gradient: derivative of the target's score by it, or None.
    """

    layer: str
    activation: Tensor
    gradient: Tensor | None = None


@dataclass(frozen=True)
class GateReading:
    """A gate for each channel and what it weighs, for a batch of N inputs; float32, no graph.

    gate: [N, C], absolute: the factor by which each channel is multiplied. features: [N, C, h, w],
    the features before the gate. gate_gradient: derivative of the target's score by the gate, as
    `gate`; None if not asked for.
    """

    layer: str
    gate: Tensor
    features: Tensor
    gate_gradient: Tensor | None = None


Reading = SoftMaskReading | GateReading | ContextReading | FeatureReading


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
