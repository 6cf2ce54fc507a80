"""What each patch brings to a score directly, through the attention of the last layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from attnviz.capture.direct_paths import direct_paths, pooling_sites
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.gradients import require_normal_weights
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.readings import ContextReading
from attnviz.capture.site import Kind, Layout, Site
from attnviz.errors import GradientError, MethodError
from attnviz.methods.base import METHODS, Nature, NetworkTraits
from attnviz.methods.competition import shares
from attnviz.methods.context import ContextMethod, gradient_rows, places, query_blocks
from attnviz.methods.inference import Inference, LayerMaps, MethodResult
from attnviz.types import FloatArray

_TEMPERATURE = 0.5  # in standard deviations of all maps, as in `Competition`
_NO_WAY = (
    "direct-contributions follows what attention adds to a sum that only the last norm reads, and "
    "in this network no such way leads to the score. Choose another method, such as legrad."
)


@METHODS.add
@dataclass(frozen=True)
class DirectContributions(ContextMethod):
    """How much of the score each patch brings through what attention carries to the class token.

    Where blocks add to a sum that a norm and a linear layer read, as in vision transformers, the
    score is exactly the sum of what each layer's attention brings from each token, of what MLPs
    add, and of offsets; the scale of the norm, and the length of an embedding that is compared with
    words, are those of the pass. Values are in units of the score, and negative where a patch
    counts against it.

    The score is linear in all of this, so there is nothing to differentiate but a sum and two
    linear layers: a further class or prompt costs a small part of the pass.

    Parameters
    ----------
    layers
        How many layers count, from the last one backwards; all if there are fewer, and only those
        that pool where attention does that behind the blocks. What earlier layers bring directly is
        little. The map of a layer is the sum of what the first to this
        one of them bring, so that of the last one is that of all.

    Notes
    -----
    A_qi is the attention of query q to patch i in a head of a layer, v_i the value of the patch,
    and g_q the row of the score's linear function that reads the head at q; only the class token
    has one that is not 0 where the network classifies it. After Gandelsman et al., whose maps are
    these for CLIP's text directions.

    Examples
    --------
    >>> import torch
    >>> from attnviz.capture.readings import DenseAttention, TokenGrid
    >>> weights = torch.tensor([[0.2, 0.5, 0.3], [0.2, 0.6, 0.2], [0.2, 0.2, 0.6]])
    >>> reads = torch.tensor([[[[1.0], [0.0], [0.0]]]])  # the class token alone, [N, heads, q, d]
    >>> grid = TokenGrid(rows=1, columns=2, prefix=1, class_token=0)
    >>> zeros = torch.zeros(1, 1, 3, 1)
    >>> values = torch.tensor([[[[1.0], [4.0], [-2.0]]]])
    >>> reading = DenseAttention(
    ...     "block1", grid, grid, 1, zeros, zeros, values, 1.0, weights.log(), reads
    ... )
    >>> DirectContributions().maps([reading])[0]
    tensor([[[ 2.0000, -0.6000]]])
    """

    layers: int = 4

    name: ClassVar[str] = "direct-contributions"
    title: ClassVar[str] = "Direct contributions of patches"
    paper: ClassVar[str] = "Gandelsman et al., ICLR 2024, arXiv 2310.05916"
    formula: ClassVar[str] = "sum over layers, heads and queries of A_qi <v_i, g_q>"
    nature: ClassVar[Nature] = Nature.RELEVANCE
    gradients: ClassVar[bool] = True
    signed: ClassVar[bool] = True
    needs: ClassVar[str] = "self-attention in blocks that return tokens"

    def __post_init__(self) -> None:
        if self.layers < 1:
            raise MethodError(f"{self.name} sums one layer at least, not {self.layers}.")

    @classmethod
    def fits(cls, network: NetworkTraits) -> bool:
        """See `Method`: it reads self-attention, in blocks that return tokens."""
        tokens = any(network.layout == one for one in Layout if one.is_sequence)
        return tokens and {Kind.CONTEXT, Kind.FEATURES} <= set(network.kinds)

    def sites_for(self, inference: Inference, layer: str | None) -> Sequence[Site]:
        """See `TraceMethod`: the graph begins at the first layer that counts."""
        sites = super().sites_for(inference, layer)
        blocks = find_sites(inference.module, Kind.FEATURES, inference.inputs)
        return (pooling_sites(blocks, sites) or sites)[-self.layers :]

    def run(self, inference: Inference) -> MethodResult:
        """See `Method`."""
        with self._direct(inference):
            return super().run(inference)

    def run_for_scores(
        self,
        inference: Inference,
        weights: Callable[[Tensor], Tensor],
        layer: str | None = None,
    ) -> tuple[MethodResult, ...]:
        """See `TraceMethod`."""
        with self._direct(inference):
            return super().run_for_scores(inference, weights, layer)

    def maps(self, readings: Sequence[ContextReading]) -> Sequence[Tensor]:
        """See `TraceMethod`; raises MethodError if nothing is brought on a direct way."""
        grids = {(one.keys.rows, one.keys.columns) for one in readings}
        if len(grids) > 1:
            raise MethodError(
                f"{self.name} sums layers of one grid, and those here have {len(grids)}. Choose "
                "another method, such as legrad."
            )
        brought = [self.brought(reading) for reading in readings]
        if not any(bool(values.any()) for values in brought):
            raise MethodError(_NO_WAY)
        return list(accumulate(places(one, reading.keys) for one, reading in zip(
            brought, readings, strict=True
        )))  # fmt: skip

    def brought(self, reading: ContextReading) -> Tensor:
        """Return what each token brings through one layer, class token and registers included.

        Parameters
        ----------
        reading
            Of a pass within `direct_paths`.

        Returns
        -------
        Tensor
            float [N, keys.tokens], in units of the score.
        """
        parts: list[Tensor] = []
        for block in query_blocks(reading):
            slopes = gradient_rows(reading, block, self.name)
            reads = slopes.flatten(0, 1).abs().amax((0, 2)).nonzero()[:, 0]
            slopes, asking = slopes[:, :, reads], block[reads.cpu()]
            parts.append((slopes * reading.rows(asking)).sum((1, 2)))
        return torch.stack(parts).sum(0)

    def contested(self, results: tuple[MethodResult, ...]) -> tuple[MethodResult, ...]:
        """See `Method`: each patch belongs to a prompt by softmax, as in `Competition`.

        Directions of texts have much in common, so what is merely salient speaks for all of them.
        """
        layer_maps = [
            _contested(one.layer, [result.map_of(one.layer)[None] for result in results])
            for one in results[0].layer_maps
        ]
        return tuple(
            replace(result, layer_maps=tuple(maps[index] for maps in layer_maps))
            for index, result in enumerate(results)
        )

    @contextmanager
    def _direct(self, inference: Inference) -> Iterator[None]:
        module, inputs = prepare_for_hooks(inference.module, inference.inputs)
        require_normal_weights(module)
        blocks, attention = (
            find_sites(module, kind, inputs) for kind in (Kind.FEATURES, Kind.CONTEXT)
        )
        if not blocks[-1].layout.is_sequence:
            raise MethodError(
                f"{self.name} does not work on {type(module).__name__}, whose blocks return maps "
                "and not tokens. Choose another method, such as legrad."
            )
        with direct_paths(module, blocks, attention):
            try:
                yield
            except GradientError as error:
                raise MethodError(_NO_WAY) from error


def _contested(layer: str, maps: Sequence[FloatArray]) -> list[LayerMaps]:
    """The maps [1, h, w] of one layer, each times its share of every patch."""
    values = torch.from_numpy(np.stack(maps, 1))
    found = []
    for index in range(len(maps)):
        others = [other for other in range(len(maps)) if other != index]
        share = shares(values[:, [index, *others]], torch.ones(1, len(others)), _TEMPERATURE)
        found.append(LayerMaps(layer, (values[:, index].relu() * share).numpy()))
    return found
