"""Attention over a whole map, worked out from a module's weights and what it was given.

No windows are cut here: every place asks every other one, and who may see whom is said by a rule.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def by_head(values: Tensor, heads: int) -> Tensor:
    """[N, places, heads x d] -> [N, heads, places, d]."""
    return values.unflatten(-1, (heads, -1)).transpose(1, 2)


def places(rows: int, columns: int) -> tuple[Tensor, Tensor]:
    """Row and column of each place of a map, row by row."""
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    return y.flatten(), x.flatten()


def apart(along: Tensor) -> Tensor:
    """How far each query [T] lies behind each key, [T, T]."""
    return along[:, None] - along[None]


def softmax_of(scores: Tensor, seen: Tensor) -> Tensor:
    return scores.masked_fill(~seen, -math.inf).softmax(-1)


def assert_rows(found: Tensor, expected: Tensor) -> None:
    """Equal within 1e-5, and within 1 % of what sets them apart from even attention.

    Without training some are so nearly even that 1e-5 alone would let a wrong scale pass.
    """
    seen = expected > 0
    uneven = expected - seen / seen.sum(-1, keepdim=True)
    strongest = float(uneven.abs().max())
    assert strongest > 0
    torch.testing.assert_close(found, expected, atol=min(1e-5, 0.01 * strongest), rtol=0)


def shifted(sides: tuple[int, int], size: int, shift: int) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Who sees whom [T, T] in shifted windows, and where in a table of offsets each pair stands.

    Two places see each other if they stand in one window of the rolled and padded map and neither
    or both of them were rolled around its border.
    """
    seen, steps = [], []
    for along, side in zip(places(*sides), sides, strict=True):
        padded = math.ceil(side / size) * size
        by = shift if padded > size else 0
        rolled = (along - by) % padded
        seen.append((apart(rolled // size) == 0) & (apart((along < by).long()) == 0))
        steps.append((apart(rolled % size) + size - 1).clamp(0, 2 * size - 2))
    return seen[0] & seen[1], (steps[0], steps[1])


def swin(part: nn.Module, x: Tensor, *, cosine: bool) -> Tensor:
    """Shifted windows (arXiv 2103.14030, 2111.09883), x [N, h, w, C]."""
    size = part.window_size[0]
    seen, steps = shifted(tuple(x.shape[1:3]), size, part.shift_size[0])
    bias = part.qkv.bias.clone()
    if cosine:
        bias.chunk(3)[1].zero_()
    q, k, _ = (by_head(one, part.num_heads) for one in
               F.linear(x.flatten(1, 2), part.qkv.weight, bias).chunk(3, -1))  # fmt: skip
    if cosine:
        lengths = q.norm(dim=-1)[..., :, None] * k.norm(dim=-1)[..., None, :]
        scores = torch.einsum("nhtd,nhsd->nhts", q, k) / lengths
        scores = scores * part.logit_scale.exp().clamp_max(100)
        offsets = torch.cartesian_prod(*[torch.arange(1.0 - size, size) * 8 / (size - 1)] * 2)
        offsets = offsets.sign() * (offsets.abs() + 1).log2() / 3
        table = 16 * part.cpb_mlp(offsets).sigmoid()
    else:
        scores = torch.einsum("nhtd,nhsd->nhts", q, k) / math.sqrt(q.shape[-1])
        table = part.relative_position_bias_table
    table = table.unflatten(0, (2 * size - 1, -1))
    return softmax_of(scores + table[steps].permute(2, 0, 1), seen)


def projected_swin(layer: nn.Module, x: Tensor, sides: tuple[int, int]) -> Tensor:
    """Swin with projections of their own, from before its norm; x [N, h x w, C]."""
    part, size = layer.attention, layer.window_size
    seen, steps = shifted(sides, size, layer.shift_size)
    table = part.relative_position_bias.relative_position_bias_table
    table = table.unflatten(0, (2 * size - 1, -1))
    scores = products(part, layer.layernorm_before(x))
    return softmax_of(scores + table[steps].permute(2, 0, 1), seen)


def maxvit(part: nn.Module, x: Tensor) -> Tensor:
    """Blocks of neighbours, or places at equal distances (arXiv 2204.01697), x [N, C, h, w]."""
    norm, attention = part.attn_layer[:2]
    side, size = x.shape[-1], attention.size
    seen, within = [], []
    for along in places(side, side):
        block, inside = along // size, along % size
        if part.partition_type == "grid":
            block, inside = along % (side // size), along // (side // size)
        seen.append(apart(block) == 0)
        within.append(apart(inside) + size - 1)
    tokens = norm(x.flatten(2).transpose(1, 2))
    q, k, _ = (by_head(one, attention.n_heads) for one in attention.to_qkv(tokens).chunk(3, -1))
    scores = torch.einsum("nhtd,nhsd->nhts", q, k) * x.shape[1] ** -0.5
    table = attention.relative_position_bias_table.unflatten(0, (2 * size - 1, -1))
    return softmax_of(scores + table[within[0], within[1]].permute(2, 0, 1), seen[0] & seen[1])


def talking_heads(part: nn.Module, x: Tensor) -> Tensor:
    """CaiT (arXiv 2103.17239): heads are mixed before the softmax, x [N, T, C]."""
    q, k, _ = (by_head(one, part.num_heads) for one in part.qkv(x).chunk(3, -1))
    scores = torch.einsum("nhtd,nhsd->nhts", q, k) / math.sqrt(q.shape[-1])
    mixed = torch.einsum("gh,nhts->ngts", part.proj_l.weight, scores)
    return (mixed + part.proj_l.bias[:, None, None]).softmax(-1)


def class_attention(part: nn.Module, x: Tensor) -> Tensor:
    """CaiT's last layers: the class token alone asks, x [N, T, C]."""
    q, k = by_head(part.q(x[:, :1]), part.num_heads), by_head(part.k(x), part.num_heads)
    return (torch.einsum("nhtd,nhsd->nhts", q, k) / math.sqrt(q.shape[-1])).softmax(-1)


def latent(part: nn.Module, x: Tensor) -> Tensor:
    """SigLIP's pooling: a learnt query asks all places, x [N, T, C]."""
    q = by_head(part.q(part.latent).expand(len(x), -1, -1), part.num_heads)
    k = by_head(part.kv(x).chunk(2, -1)[0], part.num_heads)
    return (torch.einsum("nhtd,nhsd->nhts", q, k) / math.sqrt(q.shape[-1])).softmax(-1)


def products(part: nn.Module, x: Tensor) -> Tensor:
    """Scores by projections of their own for queries and keys, x [N, T, C]."""
    q, k = (by_head(one(x), part.num_attention_heads) for one in (part.q_proj, part.k_proj))
    return torch.einsum("nhtd,nhsd->nhts", q, k) / math.sqrt(q.shape[-1])


def projections(part: nn.Module, x: Tensor, _mask: None = None) -> Tensor:
    """A plain transformer with projections of their own, x [N, T, C]."""
    return products(part, x).softmax(-1)


def thirds(part: nn.Module, x: Tensor) -> Tensor:
    """A plain transformer whose one projection gives queries, keys and values, x [N, T, C]."""
    q, k, _ = (by_head(one, part.heads) for one in part.qkv(x).chunk(3, -1))
    return (torch.einsum("nhtd,nhsd->nhts", q, k) / math.sqrt(q.shape[-1])).softmax(-1)


def bottleneck(part: nn.Module, x: Tensor) -> Tensor:
    """BoTNet (arXiv 2101.11605): queries also look at relative places, x [N, C, h, w]."""
    rows, columns = x.shape[-2:]
    width = part.dim_out_qk
    q, k = (by_head(one.flatten(2).transpose(1, 2), part.num_heads)
            for one in part.qkv(x).split(width, 1)[:2])  # fmt: skip
    y, x_ = places(rows, columns)
    down = part.pos_embed.height_rel[-apart(y) + rows - 1]
    across = part.pos_embed.width_rel[-apart(x_) + columns - 1]
    scores = torch.einsum("nhtd,nhsd->nhts", q, k) * part.scale
    return (scores + torch.einsum("nhtd,tsd->nhts", q, down + across)).softmax(-1)


def halo(part: nn.Module, x: Tensor) -> Tensor:
    """Blocks that look over their border (arXiv 2103.12731), x [N, C, h, w].

    What falls on padding outside the map is left out, and the rest made to sum to 1.
    """
    rows, columns = x.shape[-2:]
    step, size, over = part.block_stride, part.block_size_ds, part.halo_size
    q = by_head(part.q(x).flatten(2).transpose(1, 2), part.num_heads)
    width = part.dim_head_qk + part.dim_head_v
    k = part.kv(x).flatten(2).unflatten(1, (part.num_heads, width))[:, :, : part.dim_head_qk]
    scores = torch.einsum("nhtd,nhds->nhts", q, k) * part.scale
    asking, asked = places(rows // step, columns // step), places(rows, columns)
    tables = part.pos_embed.height_rel, part.pos_embed.width_rel
    seen = torch.ones(scores.shape[-2:], dtype=torch.bool)
    for query, key, table in zip(asking, asked, tables, strict=True):
        first = query // size * part.block_size - over
        inside = key[None] - first[:, None]  # the key's place in the query's window
        seen &= (inside >= 0) & (inside < part.win_size)
        steps = inside - (query % size)[:, None] + part.win_size - 1
        scores = scores + torch.einsum(
            "nhtd,tsd->nhts", q, table[steps.clamp(0, 2 * part.win_size - 2)]
        )
    return softmax_of(scores, seen)


def global_context(part: nn.Module, x: Tensor) -> Tensor:
    """One map for all (arXiv 1904.11492), x [N, C, h, w]."""
    scores = torch.einsum("nchw,c->nhw", x, part.conv_attn.weight[0, :, 0, 0])
    return (scores + part.conv_attn.bias).flatten(1).softmax(-1)[:, None, None]


def non_local(part: nn.Module, x: Tensor) -> Tensor:
    """Every place asks every other one (arXiv 1711.07971), x [N, C, h, w]."""
    theta, phi = part.t(x).flatten(2), part.p(x).flatten(2)
    return (torch.einsum("nct,ncs->nts", theta, phi) * part.scale).softmax(-1)[:, None]
