"""What one pass through a network leaves behind: readings at its sites, and the scores."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from torch import Tensor

from attnviz.capture.hooks.calls import Form
from attnviz.capture.readings import ContextReading
from attnviz.capture.token_geometry import TokenGeometry
from attnviz.errors import ModelError


class Kind(StrEnum):
    """What can be read at a site.

    `SPATIAL`: a mask over positions. `CHANNEL`: a gate for each feature. `CONTEXT`: every position
    looks at every other. `FEATURES`: the output of a block, from which relevance (not attention) is
    computed.
    """

    SPATIAL = "spatial"
    CHANNEL = "channel"
    CONTEXT = "context"
    FEATURES = "features"


class Layout(StrEnum):
    """How a block's output is laid out: channels first, channels last, or a row of tokens."""

    CHANNELS_FIRST = "NCHW"
    CHANNELS_LAST = "NHWC"
    TOKENS = "NTC"


@dataclass(frozen=True)
class Site:
    """A place in a network where something can be read.

    `layer` is the dotted name of the module under which the site is shown; `module` that of the
    module that is watched, the same or one inside it. The rest concerns `Kind.FEATURES` only:
    `layout` of the output; `stride`, input pixels to a cell of the grid, by which tokens are laid
    out, `merged`, how many of them on a side have been merged since into one, and `prefix`, how
    many stand in front that are no places; `overwritten`, whether a later layer changes the output
    in place; `wrapped`, whether the module returns it in a tuple. A site heard in a call
    has its `form`, and in `call` how many calls of that form its module makes before; `adds` says
    that a heard factor is 1 + mask; `geometry` says where the tokens of self-attention lie, for
    inputs of one size.
    """

    layer: str
    kind: Kind
    module: str
    layout: Layout = Layout.CHANNELS_FIRST
    stride: tuple[int, int] = (1, 1)
    merged: int = 1
    prefix: int = 0
    overwritten: bool = False
    wrapped: bool = False
    form: Form = Form.MODULE
    call: int = 0
    adds: bool = False
    geometry: TokenGeometry | None = field(default=None, compare=False)

    def token_grid(self, input_size: tuple[int, int], tokens: int) -> tuple[int, int]:
        """Rows and columns of a block's row of `tokens` for an input (height, width).

        A network may cut off what the stride does not divide, or pad it. Raises ModelError where
        the tokens lie neither way.
        """
        found = self._fitting(input_size, tokens)
        if found is not None:
            return found
        height, width = input_size
        raise ModelError(
            f"{self.layer} gives {tokens} tokens for an input of {height} x {width}, and they lie "
            "on no grid that is known. Choose an input of the size that the network was made for."
        )

    def fits(self, input_size: tuple[int, int], tokens: int) -> bool:
        """Whether `token_grid` knows how they lie."""
        return self._fitting(input_size, tokens) is not None

    def _fitting(self, input_size: tuple[int, int], tokens: int) -> tuple[int, int] | None:
        for more in (0, 1):  # cut, then padded
            rows, columns = (
                -(-((side + more * (step - 1)) // step) // self.merged)
                for side, step in zip(input_size, self.stride, strict=True)
            )
            if rows * columns + self.prefix == tokens:
                return rows, columns
        return None


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
