"""A site: a place in a network where attention or features can be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from attnviz.capture.token_geometry import TokenGeometry
from attnviz.errors import ModelError


class Form(StrEnum):
    """How a site's attention is computed.

    Attributes
    ----------
    MODULE
        By a module that is hooked itself.
    FUSED
        By `F.scaled_dot_product_attention`.
    SOFTMAX
        By a softmax over keys.
    PROJECTED
        By `nn.MultiheadAttention`, which projects internally.
    FACTOR
        By a product of features with a factor for each channel, each position, or both.
    """

    MODULE = "module"
    FUSED = "fused"
    SOFTMAX = "softmax"
    PROJECTED = "projected"
    FACTOR = "factor"


class Kind(StrEnum):
    """What can be read at a site.

    Attributes
    ----------
    SPATIAL
        A mask over positions.
    CHANNEL
        A gate for each channel.
    CONTEXT
        Self-attention: every position attends to every other.
    FEATURES
        The output of a block, from which relevance (not attention) is computed.
    """

    SPATIAL = "spatial"
    CHANNEL = "channel"
    CONTEXT = "context"
    FEATURES = "features"


class Layout(StrEnum):
    """Memory layout of a block's output.

    Attributes
    ----------
    CHANNELS_FIRST, CHANNELS_LAST
        A map.
    TOKENS
        A sequence of tokens for each input.
    SEQUENCE_FIRST
        The same, but along the first dimension, as `nn.TransformerEncoder` has it by default.
    """

    CHANNELS_FIRST = "NCHW"
    CHANNELS_LAST = "NHWC"
    TOKENS = "NTC"
    SEQUENCE_FIRST = "TNC"

    @property
    def is_sequence(self) -> bool:
        """Whether positions lie along a single dimension."""
        return self in (Layout.TOKENS, Layout.SEQUENCE_FIRST)


@dataclass(frozen=True)
class Site:
    """A place in a network where something can be read.

    Attributes
    ----------
    layer
        Dotted module name under which the site is shown.
    kind
        What can be read.
    module
        Dotted name of the module that is hooked: `layer` or a module inside it.
    layout
        Of a block's output.
    stride
        Vertical and horizontal input pixels per token of a block, before any merging.
    merged
        How many tokens on a side have been merged into one.
    prefix
        How many tokens without a position precede a block's grid.
    overwritten
        Whether a later layer changes a block's output in place.
    wrapped
        Whether a block returns its output inside a tuple.
    repeated
        Whether one pass calls a block's module more than once.
    form
        How the attention is computed.
    call
        Index of the call among those of the same form that the module makes; for a block, index
        among the calls of the module itself.
    additive
        Whether a factor is 1 + mask.
    geometry
        Where the tokens of self-attention are, for inputs of one size.
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
    repeated: bool = False
    form: Form = Form.MODULE
    call: int = 0
    additive: bool = False
    geometry: TokenGeometry | None = field(default=None, compare=False)

    def token_grid(self, input_size: tuple[int, int], tokens: int) -> tuple[int, int]:
        """Compute the grid of a block's tokens.

        Networks cut off or pad inputs that the stride does not divide; both are tried.

        Parameters
        ----------
        input_size
            (height, width) of the input in pixels.
        tokens
            Number of tokens that the block returned.

        Returns
        -------
        tuple of int
            Rows and columns.

        Raises
        ------
        ModelError
            The tokens form neither the cut nor the padded grid.
        """
        grid = self._fitting_grid(input_size, tokens)
        if grid is not None:
            return grid
        height, width = input_size
        raise ModelError(
            f"{self.layer} returns {tokens} tokens for an input of {height} x {width}, which form "
            "no known grid. Choose an input of the size that the network was made for."
        )

    def fits(self, input_size: tuple[int, int], tokens: int) -> bool:
        """Return whether `token_grid` finds a grid."""
        return self._fitting_grid(input_size, tokens) is not None

    def _fitting_grid(self, input_size: tuple[int, int], tokens: int) -> tuple[int, int] | None:
        for padded in (0, 1):  # cut first, then padded
            rows, columns = (
                -(-((side + padded * (step - 1)) // step) // self.merged)
                for side, step in zip(input_size, self.stride, strict=True)
            )
            if rows * columns + self.prefix == tokens:
                return rows, columns
        return None
