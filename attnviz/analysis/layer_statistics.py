"""Statistics of single layers, from their readings and without another pass."""

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

# Swin masks keys by a bias of -100, which leaves them a weight of about e^-100 and not 0.
_UNSEEN = 1e-20


@dataclass(frozen=True, eq=False)
class AttentionFacts:
    """How widely the heads of one layer attend, with the values of uniform attention beside it.

    Parameters
    ----------
    layer
        Name of the layer.
    entropy
        float32 [N, heads], in nats, mean over queries; 0 if all attention goes to one key.
    even_entropy
        The entropy of uniform attention over all visible keys: log(keys) if all are visible.
    distance
        float32 [N, heads], mean attention distance: pixels of the input between the centres of a
        query and of the cells it attends to, weighted by attention, mean over queries. NaN if the
        class token is the only query.
    even_distance
        The distance of uniform attention over all visible cells; NaN as `distance`.
    """

    layer: str
    entropy: FloatArray
    even_entropy: float
    distance: FloatArray
    even_distance: float


def attention_facts(reading: ContextReading, input_size: tuple[int, int]) -> AttentionFacts:
    """Return the entropy and the mean attention distance of a layer's heads.

    The queries are the positions; class and register tokens count only where no position is a
    query. Weights are computed in blocks of queries, which bounds the memory.

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

    Notes
    -----
    The entropy is over all keys, because rows sum to 1 over them. The distance is over positions
    only, with each row normalised to sum 1 over them. A key is visible to a query if any head gives
    it a weight: the keys of a window in Swin, all keys in a plain transformer.

    References
    ----------
    Distance: Dosovitskiy et al., ICLR 2021, arXiv 2010.11929. Entropy: Zhai et al., ICML 2023,
    arXiv 2303.06296.
    """
    grid, keys = reading.queries, reading.keys
    first = grid.prefix if grid.cells else 0
    queries = torch.arange(first, grid.tokens)
    key_centres = _centres(keys, input_size)
    query_centres = _centres(grid, input_size)
    sums: list[Tensor] = []
    even_entropy = even_distance = 0.0
    for block in query_blocks(reading, queries):
        rows = reading.rows(block)
        entropy = -torch.xlogy(rows, rows).sum(-1)
        visible = (rows > _UNSEEN).any(1)
        even_entropy += float(visible.sum(-1).float().log().mean(0).sum())
        distance = torch.full_like(entropy, math.nan)
        if grid.cells and keys.cells:
            distances = torch.cdist(query_centres[block - first], key_centres).to(rows.device)
            on_positions, visible_cells = (
                rows[..., keys.prefix :],
                visible[..., keys.prefix :].float(),
            )
            mass = on_positions.sum(-1).clamp_min(1e-12)
            distance = torch.einsum("nhqk,qk->nhq", on_positions, distances) / mass
            even = (visible_cells * distances).sum(-1) / visible_cells.sum(-1).clamp_min(1)
            even_distance += float(even.mean(0).sum())
        sums.append(torch.stack([entropy.sum(-1), distance.sum(-1)]))
    means = torch.stack(sums).sum(0).cpu().numpy() / len(queries)
    placed = bool(grid.cells and keys.cells)
    return AttentionFacts(
        layer=reading.layer,
        entropy=means[0].astype(np.float32),
        even_entropy=even_entropy / len(queries),
        distance=means[1].astype(np.float32),
        even_distance=even_distance / len(queries) if placed else math.nan,
    )


def _centres(grid: TokenGrid, size: tuple[int, int]) -> Tensor:
    """Centres of the cells in pixels, [cells, 2]."""
    y = (torch.arange(grid.rows) + 0.5) * size[0] / max(grid.rows, 1)
    x = (torch.arange(grid.columns) + 0.5) * size[1] / max(grid.columns, 1)
    return torch.cartesian_prod(y, x).reshape(-1, 2)


def spatial_spread(values: FloatArray, input_size: tuple[int, int]) -> FloatArray:
    """Return the standard deviation of a map's mass around its centre, in pixels of the input.

    It is the root of the mean squared distance from the centre of mass: 0 if all mass lies in one
    cell. A uniform map has the largest value that a blob in the middle can have. Negative values
    count as 0.

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
    """Return the share of a soft mask in the output of its block.

    Parameters
    ----------
    reading
        With mask M, trunk T and base B, each [N, C, h, w].

    Returns
    -------
    FloatArray
        [N] in 0..1: |M T| / (|M T| + |B|), norms over channels and positions, which compares what
        the mask lets through with the base that it is added to. 0 if the mask adds nothing, 0.5 if
        both norms are equal. Naive gating adds to nothing; there it is the share that the mask
        removes, |T - M T| / (|T - M T| + |M T|).
    """
    passed = reading.mask * reading.trunk
    if reading.base is None:
        effect, rest = reading.trunk - passed, passed
    else:
        effect, rest = passed, reading.base
    lengths = [torch.linalg.vector_norm(term.flatten(1), dim=1) for term in (effect, rest)]
    share: FloatArray = (lengths[0] / (lengths[0] + lengths[1]).clamp_min(1e-12)).cpu().numpy()
    return share


@dataclass(frozen=True, eq=False)
class GateBars:
    """The gates of one layer for one picture, highest first.

    Parameters
    ----------
    layer
        Name of the layer.
    channels
        int64 [C], indices of the channels, by falling gate.
    values
        float32 [C], their gates, in absolute values.
    maps
        float32 [top, h, w], the features before the gate of the first `top` channels, in absolute
        values.
    """

    layer: str
    channels: IntArray
    values: FloatArray
    maps: FloatArray


def gate_bars(reading: GateReading, picture: int = 0, top: int = 6) -> GateBars:
    """Return the gates of one layer, sorted, with the feature maps of the highest ones.

    Parameters
    ----------
    reading
        Of one layer.
    picture
        Index in the batch.
    top
        How many feature maps to return.

    Returns
    -------
    GateBars
        Channels with equal gates keep their order; `maps` is empty if the features have no
        positions.
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


@dataclass(frozen=True, eq=False)
class QueryMaps:
    """What one query attends to in one layer.

    Parameters
    ----------
    layer
        Name of the layer.
    values
        float32 [heads, h, w], the attention to each position, in absolute values.
    elsewhere
        float32 [heads], the attention to tokens without a position; with the map it sums to 1.
    """

    layer: str
    values: FloatArray
    elsewhere: FloatArray

    @property
    def mean(self) -> FloatArray:
        """float32 [h, w]: the mean over the heads."""
        return np.asarray(self.values.mean(0))

    def __repr__(self) -> str:
        """Say of which layer, in a line."""
        heads, rows, columns = self.values.shape
        return f"<QueryMaps of {self.layer!r}: {heads} heads, {rows} x {columns}>"


def query_maps(trace: Trace, y: float, x: float, picture: int = 0) -> tuple[QueryMaps, ...]:
    """Return what a point of the input attends to, in every layer and head, without another pass.

    Parameters
    ----------
    trace
        With readings of self-attention.
    y, x
        The point, in 0..1 of the input's height and width. The query is the token whose cell
        contains it on the layer's own grid, or the class token where that is the only query.
    picture
        Index in the batch.

    Returns
    -------
    tuple of QueryMaps
        One per layer whose keys have positions, in forward order.

    Raises
    ------
    MethodError
        The point is outside the input.
    """
    maps: list[QueryMaps] = []
    for reading in trace.context:
        if not reading.has_positions:
            continue
        query = query_weights(reading.queries, (y, x), reading.layer).nonzero()[:, 0]
        rows = reading.rows(query)[picture, :, 0]
        maps.append(
            QueryMaps(
                layer=reading.layer,
                values=places(rows, reading.keys).cpu().numpy().astype(np.float32),
                elsewhere=rows[:, : reading.keys.prefix].sum(-1).cpu().numpy().astype(np.float32),
            )
        )
    return tuple(maps)
