"""All attention of a network on one picture, from one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from attnviz.analysis.inference import check_logits, run_inference
from attnviz.analysis.layer_statistics import QueryMaps, query_maps
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.readings import FeatureReading
from attnviz.capture.run import capture
from attnviz.capture.site import Kind, Site
from attnviz.capture.trace import Trace
from attnviz.errors import NoSitesError
from attnviz.methods.artefacts import artefact_tokens, masked
from attnviz.methods.context import Query, places, query_blocks, query_weights
from attnviz.methods.inference import Inference
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.pictures.geometry import PictureGeometry
from attnviz.types import BoolArray

ATTENTION = (Kind.SPATIAL, Kind.CHANNEL, Kind.CONTEXT)


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """A trace of all attention in a network, for one picture.

    Parameters
    ----------
    trace
        Soft masks, gates and self-attention in the order of the pass; empty if the network has
        none.
    geometry
        How the network's input was taken from the picture.
    notes
        Sentences for the user, such as a retry on a smaller input.
    artefacts
        bool [h, w], the patches whose features are outliers after the last block, see
        `attnviz.methods.artefacts`; None for a network without self-attention, or whose last block
        returns no sequence of tokens.
    """

    trace: Trace
    geometry: PictureGeometry
    notes: tuple[str, ...] = ()
    artefacts: BoolArray | None = None

    def input_point(self, x: float, y: float) -> tuple[float, float] | None:
        """Return where a point of the picture lies in the network's input.

        Parameters
        ----------
        x, y
            The point, in 0..1 of the picture's width and height, from the left and from the top.

        Returns
        -------
        tuple of float, or None
            (y, x) in 0..1 of the input; None if the network did not see the point.
        """
        return self.geometry.input_point(x, y)

    @property
    def has_class_token(self) -> bool:
        """Whether a class token is a query in some layer of self-attention."""
        return any(
            reading.queries.class_token is not None or not reading.queries.cells
            for reading in self.trace.context
        )


def trace_layers(model: VisionModel, picture: Picture) -> LayerTrace:
    """Read all soft masks, gates and self-attention of a network in one forward pass.

    The first time a network is used, one or two more passes find its sites. Thread-safe: passes on
    one model wait for each other. If memory runs out, the pass is retried once, on a smaller input
    or on the CPU, and `notes` says so.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    picture
        From `open_picture`.

    Returns
    -------
    LayerTrace
        The trace of the pass, with its artefact tokens.

    Raises
    ------
    ModelError
        The network cannot be read, fails on the picture, or returns NaN.
    OutOfMemoryError
        The pass did not fit into memory, nor did the retry.
    """
    (trace, geometry), notes = run_inference(model, picture, _trace_attention)
    check_logits(model, trace.logits)
    artefacts = None
    if trace.features:
        artefacts = artefact_tokens(trace.features[-1].activation)[0].cpu().numpy()
        readings = (
            reading for reading in trace.readings if not isinstance(reading, FeatureReading)
        )
        trace = replace(trace, readings=tuple(readings))
    return LayerTrace(trace, geometry, notes, artefacts)


def without_artefacts(maps: Sequence[QueryMaps], artefacts: BoolArray) -> tuple[QueryMaps, ...]:
    """Return the maps with artefact tokens filled in from their neighbours.

    The attention that a head pays to artefacts is replaced in its map, while `elsewhere` is
    unchanged: the two no longer sum to 1.

    Parameters
    ----------
    maps
        From `head_maps` or `query_maps`.
    artefacts
        bool [h, w], `LayerTrace.artefacts`.

    Returns
    -------
    tuple of QueryMaps
        In the same order; maps on another grid than the artefacts' are unchanged.
    """

    def filled(one: QueryMaps) -> QueryMaps:
        if one.values.shape[1:] != artefacts.shape:
            return one
        mask = torch.from_numpy(artefacts).expand(one.values.shape)
        return replace(one, values=masked(torch.from_numpy(one.values), mask).numpy())

    return tuple(filled(layer_maps) for layer_maps in maps)


def _trace_attention(inference: Inference) -> tuple[Trace, PictureGeometry]:
    module, inputs = inference.module, inference.inputs
    sites: list[Site] = []
    for kind in ATTENTION:
        sites += find_sites(module, kind, inputs)
    if any(site.kind is Kind.CONTEXT for site in sites):
        sites += _last_tokens(inference)
    return capture(module, inputs, sites), inference.geometry


def _last_tokens(inference: Inference) -> list[Site]:
    """The last block, if it returns a sequence of tokens."""
    try:
        blocks = find_sites(inference.module, Kind.FEATURES, inference.inputs)
    except NoSitesError:
        return []
    return [site for site in blocks[-1:] if site.layout.is_sequence]


def head_maps(traced: LayerTrace, query: Query) -> tuple[QueryMaps, ...]:
    """Return what a query attends to in every layer and head, without another pass.

    Parameters
    ----------
    traced
        From `trace_layers`.
    query
        Whose attention, see `Query`: "class", "mean", or a point (y, x) of the network's input, in
        0..1.

    Returns
    -------
    tuple of QueryMaps
        One per layer of self-attention whose keys have positions, in forward order. Values are
        shares of the query's attention in 0..1; map and `elsewhere` sum to 1 in each head.

    Raises
    ------
    MethodError
        The query is unknown or lies outside the input.
    """
    if isinstance(query, tuple):
        return query_maps(traced.trace, *query)
    maps = []
    for reading in traced.trace.context:
        if not reading.has_positions:
            continue
        weights = query_weights(reading.queries, query, reading.layer)
        total = torch.zeros(reading.heads, reading.keys.tokens)
        for block in query_blocks(reading, weights.nonzero()[:, 0]):
            rows = reading.rows(block)[0].cpu()
            total += torch.einsum("q,hqk->hk", weights[block], rows)
        values = places(total, reading.keys).numpy()
        maps.append(
            QueryMaps(reading.layer, values, total[:, : reading.keys.prefix].sum(-1).numpy())
        )
    return tuple(maps)
