"""A site: a place in a network where attention or features can be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from attnviz.capture.token_geometry import TokenGeometry
from attnviz.errors import ModelError


class Form(StrEnum):
    """How a site's attention is computed.

    `MODULE`: a module of its own. `FUSED`: `F.scaled_dot_product_attention`. `SOFTMAX`: a softmax
    over keys. `PROJECTED`: `nn.MultiheadAttention`, which projects inside. `FACTOR`: features times
    a factor for each channel, each place, or both.
    """

    MODULE = "module"
    FUSED = "fused"
    SOFTMAX = "softmax"
    PROJECTED = "projected"
    FACTOR = "factor"


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
    has its `form`, and in `call` how many calls of that form its module makes before; `additive`
    says that a heard factor is 1 + mask; `geometry` says where the tokens of self-attention lie,
    for inputs of one size.
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
    additive: bool = False
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
