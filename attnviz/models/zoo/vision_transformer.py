"""Modules of the vision transformer (Dosovitskiy et al., ICLR 2021, arXiv 2010.11929).

Pre-norm blocks over a class token and a grid of tokens, and position embeddings for any grid. The
tokens come from a convolutional stem (Xiao et al. 2021, arXiv 2106.14881), with which a transformer
learns from few pictures.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """Multi-head self-attention: `softmax(q k^T / sqrt(d)) v` for each head, then a projection.

    Input and output [N, tokens, width]. `qkv` returns queries, keys and values one after another,
    each as heads x d; `scaled_dot_product_attention` receives them, where capture reads them.

    Parameters
    ----------
    width
        Number of channels of a token.
    heads
        Number of heads, a divisor of `width`.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} cannot be split over {heads} heads")
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        count, tokens, width = x.shape
        split = self.qkv(x).view(count, tokens, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value)
        mixed: Tensor = self.mix(attended.transpose(1, 2).reshape(count, tokens, width))
        return mixed


class TransformerBlock(nn.Module):
    """`x + attention(norm(x))`, then `x + mlp(norm(x))`; input and output [N, tokens, width]."""

    def __init__(self, width: int, heads: int, *, ratio: int = 4) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, ratio * width), nn.GELU(), nn.Linear(ratio * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = x + self.attention(self.norm1(x))
        output: Tensor = x + self.mlp(self.norm2(x))
        return output


class PositionEmbedding(nn.Module):
    """A learned vector for each position, added to the grid of tokens.

    Input and output [N, width, rows, columns]. The vectors are learned for side x side positions;
    for any other grid they are interpolated bicubically.

    Parameters
    ----------
    width
        Number of channels of a token.
    side
        Rows and columns of the learned grid.
    """

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        self.grid = nn.Parameter(torch.empty(1, width, side, side))
        nn.init.trunc_normal_(self.grid, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return x + self.fitted((x.shape[-2], x.shape[-1]))

    def fitted(self, size: tuple[int, int]) -> Tensor:
        """Return the vectors for a grid.

        Parameters
        ----------
        size
            Rows and columns.

        Returns
        -------
        Tensor
            [1, width, rows, columns].
        """
        if size == tuple(self.grid.shape[-2:]):
            return self.grid
        return F.interpolate(self.grid, size=size, mode="bicubic", align_corners=False)


class VisionTransformer(nn.Module):
    """Stem, tokens with position embeddings, blocks, and a classifier of the class token.

    Input [N, 3, H, W]; output logits [N, classes]. Token 0 is the class token; the others are the
    grid's cells, row by row.

    Parameters
    ----------
    stem
        Maps the input to [N, width, rows, columns].
    width, depth, heads
        Channels of a token, number of blocks, and heads of each.
    classes
        Number of classes.
    side
        Rows and columns of the learned position embeddings.
    ratio
        Hidden units of the MLPs per channel.
    """

    def __init__(
        self,
        stem: nn.Module,
        width: int,
        classes: int,
        *,
        side: int,
        depth: int,
        heads: int,
        ratio: int,
    ) -> None:
        super().__init__()
        self.stem = stem
        self.position = PositionEmbedding(width, side)
        self.class_token = nn.Parameter(torch.empty(1, 1, width))
        self.blocks = nn.Sequential(
            *(TransformerBlock(width, heads, ratio=ratio) for _ in range(depth))
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)
        nn.init.trunc_normal_(self.class_token, std=0.02)
        self.apply(_initialise)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        cells = self.position(self.stem(x)).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.class_token.expand(len(cells), -1, -1), cells], 1)
        logits: Tensor = self.head(self.norm(self.blocks(tokens)[:, 0]))
        return logits


def _initialise(module: nn.Module) -> None:
    """Small weights and zero biases, as in the paper's code."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
