"""Statistics of each layer, from its reading and without another pass."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from attnviz.capture.readings import ContextReading, GateReading, SoftMaskReading, TokenGrid
from attnviz.capture.trace import Trace
from attnviz.methods.context import places, query_blocks, query_weights
from attnviz.types import FloatArray, IntArray

# Swin hides keys by a bias of -100, which leaves them up to e^-100 times a spread of scores.
_UNSEEN = 1e-20


@dataclass(frozen=True)
class AttentionFacts:
    """How wide the heads of one layer look, each beside the value of even attention.

    entropy: [N, heads], nats, mean over queries: 0 for one key alone. even_entropy: that of a query
    that looks at all it can see alike, log(keys) where it can see them all.
    distance: [N, heads], pixels of the input between the centres of a query and of what it looks
    at, mean over queries; NaN where the class token alone asks. even_distance: the same for a query
    that looks at all places it can see alike.
    """

    layer: str
    entropy: FloatArray
    even_entropy: float
    distance: FloatArray
    even_distance: float


def attention_facts(reading: ContextReading, input_size: tuple[int, int]) -> AttentionFacts:
    """Entropy and mean attention distance of a layer's heads, in blocks of queries.

    The queries are the positions; class and register tokens count only where no position is a
    query. For the entropy all keys count, for rows sum to 1 over them; for the distance only
    places do, with rows brought to sum 1 again (Dosovitskiy et al., ICLR 2021, arXiv 2010.11929;
    Zhai et al., ICML 2023, arXiv 2303.06296). What a query can see are the keys that any head gives
    a weight to: a window in Swin, all keys in a plain transformer.

    Parameters
    ----------
    reading
        Of one layer.
    input_size
        (height, width) of the network's input in pixels, `Trace.input_size`.

    Returns
    -------
    AttentionFacts
        Entropy and distance of each head.
    """
    grid, keys = reading.queries, reading.keys
    first = grid.prefix if grid.cells else 0
    asking = torch.arange(first, grid.tokens)
    centres = _centres(keys, input_size)
    own = _centres(grid, input_size)
    sums: list[Tensor] = []
    even_entropy = even_distance = 0.0
    for block in query_blocks(reading, asking):
        rows = reading.rows(block)
        entropy = -torch.xlogy(rows, rows).sum(-1)
        seen = (rows > _UNSEEN).any(1)
        even_entropy += float(seen.sum(-1).float().log().mean(0).sum())
        distance = torch.full_like(entropy, math.nan)
        if grid.cells and keys.cells:
            far = torch.cdist(own[block - first], centres).to(rows.device)
            on_places, visible = rows[..., keys.prefix :], seen[..., keys.prefix :].float()
            mass = on_places.sum(-1).clamp_min(1e-12)
            distance = torch.einsum("nhqk,qk->nhq", on_places, far) / mass
            even = (visible * far).sum(-1) / visible.sum(-1).clamp_min(1)
            even_distance += float(even.mean(0).sum())
        sums.append(torch.stack([entropy.sum(-1), distance.sum(-1)]))
    means = torch.stack(sums).sum(0).cpu().numpy() / len(asking)
    placed = bool(grid.cells and keys.cells)
    return AttentionFacts(
        layer=reading.layer,
        entropy=means[0].astype(np.float32),
        even_entropy=even_entropy / len(asking),
        distance=means[1].astype(np.float32),
        even_distance=even_distance / len(asking) if placed else math.nan,
    )


def _centres(grid: TokenGrid, size: tuple[int, int]) -> Tensor:
    """Centres of the cells in pixels, [cells, 2]."""
    y = (torch.arange(grid.rows) + 0.5) * size[0] / max(grid.rows, 1)
    x = (torch.arange(grid.columns) + 0.5) * size[1] / max(grid.columns, 1)
    return torch.cartesian_prod(y, x).reshape(-1, 2)


def spatial_spread(values: FloatArray, input_size: tuple[int, int]) -> FloatArray:
    """Standard deviation of a map's mass around its centre, in pixels of the input.

    The root of the mean squared distance from the centre of mass: 0 if all lies in one cell; even
    maps have the largest value that a blob in the middle can have. Negative values count as 0.

    Parameters
    ----------
    values
        float [..., h, w].
    input_size
        (height, width) of the network's input in pixels.

    Returns
    -------
    FloatArray
        float32 [...], in pixels; NaN for a map without mass.
    """
    mass = np.maximum(np.asarray(values, np.float64), 0)
    total = mass.sum((-2, -1), keepdims=True)
    share = np.divide(mass, total, out=np.full_like(mass, np.nan), where=total > 0)
    rows, columns = mass.shape[-2:]
    y = ((np.arange(rows) + 0.5) * input_size[0] / rows)[:, None]
    x = ((np.arange(columns) + 0.5) * input_size[1] / columns)[None, :]
    square = np.zeros(mass.shape[:-2])
    for axis in (y, x):
        middle = (share * axis).sum((-2, -1))
        square = square + (share * axis**2).sum((-2, -1)) - middle**2
    spread: FloatArray = np.sqrt(np.maximum(square, 0)).astype(np.float32)
    return spread


def mask_share(reading: SoftMaskReading) -> FloatArray:
    """The part that a soft mask has in what leaves its block, [N] in 0..1.

    |M T| / (|M T| + |B|), lengths over channels and places: what the mask lets through beside the
    base that it is added to. 0 for a mask that adds nothing, 0.5 where both are of one length. With
    naive gating nothing is added, and it is the part that the mask takes away,
    |T - M T| / (|T - M T| + |M T|).
    """
    passed = reading.mask * reading.trunk
    if reading.base is None:
        effect, rest = reading.trunk - passed, passed
    else:
        effect, rest = passed, reading.base
    lengths = [torch.linalg.vector_norm(one.flatten(1), dim=1) for one in (effect, rest)]
    share: FloatArray = (lengths[0] / (lengths[0] + lengths[1]).clamp_min(1e-12)).cpu().numpy()
    return share


@dataclass(frozen=True)
class GateBars:
    """The gates of one layer for one picture, highest first.

    channels: int64 [C]. values: float32 [C], absolute, falling. maps: float32 [top, h, w], the
    features before the gate of the first `top` channels, absolute.
    """

    layer: str
    channels: IntArray
    values: FloatArray
    maps: FloatArray


def gate_bars(reading: GateReading, picture: int = 0, top: int = 6) -> GateBars:
    """Sorted gates of picture number `picture` with the maps of the `top` highest features.

    Channels of equal gates keep their order. `maps` is empty where the gate weighs no feature map.
    """
    values, channels = reading.gate[picture].sort(descending=True, stable=True)
    features = reading.features[picture]
    if not reading.has_positions:
        features = features.new_zeros(0, 0, 0)
        top = 0
    return GateBars(
        layer=reading.layer,
        channels=channels.cpu().numpy(),
        values=values.cpu().numpy().astype(np.float32),
        maps=features[channels[:top].to(features.device)].cpu().numpy().astype(np.float32),
    )


@dataclass(frozen=True)
class QueryMaps:
    """What one point attends to in one layer: float32 [heads, h, w], absolute.

    `elsewhere`: [heads], what goes to class and register tokens; with the map it sums to 1.
    """

    layer: str
    values: FloatArray
    elsewhere: FloatArray


def query_maps(trace: Trace, y: float, x: float, picture: int = 0) -> tuple[QueryMaps, ...]:
    """What the point (y, x) of the input, both in 0..1, attends to, in every layer and head.

    From queries and keys of the trace, without a new pass. The query is the token whose cell holds
    the point on the layer's own grid; where the class token alone asks, it is that. Raises
    MethodError for a point outside.
    """
    found: list[QueryMaps] = []
    for reading in trace.context:
        if not reading.has_positions:
            continue
        query = query_weights(reading.queries, (y, x), reading.layer).nonzero()[:, 0]
        rows = reading.rows(query)[picture, :, 0]
        found.append(
            QueryMaps(
                layer=reading.layer,
                values=places(rows, reading.keys).cpu().numpy().astype(np.float32),
                elsewhere=rows[:, : reading.keys.prefix].sum(-1).cpu().numpy().astype(np.float32),
            )
        )
    return tuple(found)
