"""Cached results of the page "Layers", each cache with a size limit."""

from __future__ import annotations

from attnviz.analysis.layer_statistics import AttentionFacts, QueryMaps, attention_facts
from attnviz.analysis.layer_trace import LayerTrace, head_maps
from attnviz.methods.context import Query
from attnviz.ui.kit.layer_traces import Key
from attnviz.ui.kit.shared import CacheShelf, shared


@shared(CacheShelf.EXPLANATIONS)
def query_maps(key: Key, query: Query, _traced: LayerTrace) -> tuple[QueryMaps, ...]:
    """Compute a query's attention in every layer and head; `key` must determine the trace."""
    del key
    return head_maps(_traced, query)


@shared(CacheShelf.EXPLANATIONS)
def attention_numbers(key: Key, _traced: LayerTrace) -> tuple[AttentionFacts, ...]:
    """Compute entropy and distance of every layer; `key` must determine the trace."""
    del key
    trace = _traced.trace
    return tuple(attention_facts(one, trace.input_size) for one in trace.context)
