"""Parts of the vision transformer (Dosovitskiy et al., ICLR 2021, arXiv 2010.11929).

Pre-norm blocks over a grid of tokens with a class token in front, and position embeddings that fit
any grid. The tokens come from a convolutional stem (Xiao et al. 2021, arXiv 2106.14881), which
lets a transformer learn from few pictures.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """Every token looks at every token: `softmax(q k^T / sqrt(d)) v` for each head, then a mix.

    Input and output [N, tokens, width]. `qkv` puts out queries, keys and values one after another,
    each as heads x d. They meet in `scaled_dot_product_attention`, where they can be read.
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
        looked = F.scaled_dot_product_attention(query, key, value)
        mixed: Tensor = self.mix(looked.transpose(1, 2).reshape(count, tokens, width))
        return mixed


class TransformerBlock(nn.Module):
    """`x + attention(norm(x))`, then `x + mlp(norm(x))`; [N, tokens, width] both ways."""

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
        added: Tensor = x + self.mlp(self.norm2(x))
        return added


class PositionEmbedding(nn.Module):
    """A learned vector for each place, added to the tokens' grid.

    Input and output [N, width, rows, columns]. The vectors are learned for side x side places; for
    any other grid they are interpolated bicubically.
    """

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        self.grid = nn.Parameter(torch.empty(1, width, side, side))
        nn.init.trunc_normal_(self.grid, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return x + self.fitted((x.shape[-2], x.shape[-1]))

    def fitted(self, size: tuple[int, int]) -> Tensor:
        """The vectors for a grid of (rows, columns): [1, width, rows, columns]."""
        if size == tuple(self.grid.shape[-2:]):
            return self.grid
        return F.interpolate(self.grid, size=size, mode="bicubic", align_corners=False)


class VisionTransformer(nn.Module):
    """Stem, tokens with places, blocks, and a classifier that reads the class token.

    Input [N, 3, H, W]; output logits [N, classes]. stem: maps it to [N, width, rows, columns].
    side: rows and columns for which positions are learned. Token 0 is the class token; the others
    are the grid's cells, row by row.
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
        self.apply(_start)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        cells = self.position(self.stem(x)).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.class_token.expand(len(cells), -1, -1), cells], 1)
        logits: Tensor = self.head(self.norm(self.blocks(tokens)[:, 0]))
        return logits


def _start(part: nn.Module) -> None:
    """Small weights and no offsets, as the paper's code starts its matrices."""
    if isinstance(part, nn.Linear):
        nn.init.trunc_normal_(part.weight, std=0.02)
        nn.init.zeros_(part.bias)
