"""Self-attention, read while it is computed, whatever computes it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from attnviz.capture.hooks.calls import Call, FactorCall, FusedCall, SoftmaxCall
from attnviz.capture.hooks.inner_fused import inner_fused, start_graph
from attnviz.capture.hooks.multihead_attention import (
    ProjectedAttention,
    ProjectedCall,
    call_of_module,
    leading_shape,
    make_reading,
)
from attnviz.capture.hooks.windowed_attention import StoredWeights
from attnviz.capture.readings import ContextReading
from attnviz.capture.site import Site
from attnviz.capture.taps.base import Handles, TensorOrEdge, detached_float, in_graph, require
from attnviz.capture.taps.buffer import TensorBuffer
from attnviz.errors import ModelError

# Values of more bytes than this are let go: in 12 layers of ViT-S they are 75 MB at 1024 px. In
# those of ViT-B at 224 px they are 7 MB, and to copy queries and keys apart would cost more.
_LARGE = 2_000_000

AttentionCall = FusedCall | SoftmaxCall | ProjectedCall


class ContextTap:
    """Reads one attention call.

    Of fused attention it stores queries and keys, of a softmax the weights as they are, and of
    `nn.MultiheadAttention` its inputs or, with gradients, the fused attention inside. Queries and
    keys of large inputs are copied out of the projection that they are part of into the pass's
    `buffer`, so that the values can be freed.
    """

    def __init__(
        self, site: Site, *, gradients: bool, input_size: tuple[int, int], buffer: TensorBuffer
    ) -> None:
        if site.geometry is None or site.geometry.input_size != input_size:
            raise ModelError(
                f"The self-attention of {site.layer} was found for inputs of another size than "
                f"{input_size[0]} x {input_size[1]}. Find the sites for this size."
            )
        self.site = site
        self.captured: TensorOrEdge | None = None
        self._geometry = site.geometry
        self._gradients = gradients
        self._buffer = buffer
        self._call: AttentionCall | None = None
        self._norms: Tensor | None = None
        self._reading: ContextReading | None = None

    def receive(self, call: Call) -> Tensor | None:
        """See `CallTap`."""
        if isinstance(call, FactorCall) or self.captured is not None:
            return None
        inner = inner_fused(call) if isinstance(call, ProjectedCall) else None
        if inner is not None:
            fused, self.captured = inner
            self._call = _detached(fused)
            return None
        output = call.weights if isinstance(call, SoftmaxCall) else call.output
        self.captured = watched = in_graph(output, gradients=self._gradients)
        self._call = _detached(call)
        if not self._gradients and not isinstance(call, SoftmaxCall):
            self.captured, self._reading = output.new_empty(0), self._read(None)  # values go
            self._call = None
            return None
        if isinstance(call, ProjectedCall):
            return watched.transpose(0, 1)  # tokens come first in that call
        return watched

    def receive_values(self, weights: Tensor, values: Tensor) -> None:
        """Keep the lengths of the values [..., S, e] that a softmax's weights [..., T, S] weigh."""
        if weights is self.captured and values.shape[:-1] == (
            *weights.shape[:-2],
            weights.shape[-1],
        ):
            self._norms = torch.linalg.vector_norm(detached_float(values), dim=-1)

    def attach(self, module: nn.Module) -> Handles:
        """See `Tap`; for `nn.MultiheadAttention`, whose fast path makes no calls to hear."""
        handles = [module.register_forward_hook(self._see, with_kwargs=True)]
        if self._gradients:
            handles.append(module.register_forward_pre_hook(start_graph, with_kwargs=True))
        return Handles(handles)

    def _see(
        self, part: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any
    ) -> Any:
        call = None
        if isinstance(part, nn.MultiheadAttention):
            call = call_of_module(part, args, kwargs, output[0])
        if call is None or self.captured is not None:
            return output
        changed = self.receive(call)
        if changed is None:
            return output
        changed = changed.transpose(0, 1) if part.batch_first else changed
        return (changed, *output[1:])

    def reading(self, gradient: Tensor | None) -> ContextReading:
        """See `Tap`."""
        require(self.captured)
        return self._reading or self._read(None if gradient is None else detached_float(gradient))

    def _read(self, slope: Tensor | None) -> ContextReading:
        layer, place, call = self.site.layer, self._geometry, self._call
        if isinstance(call, FusedCall):
            count = math.prod(leading_shape(call.q, call.k)) // place.entries
            q, k, v = call.q, call.k, call.v
            if slope is not None:  # where nothing depends on the layer it is a single zero
                slope = slope.to(q.device).expand(*leading_shape(q, v), q.shape[-2], v.shape[-1])
            let_go = slope is None and v.numel() * v.element_size() > _LARGE
            if let_go:
                q, k = self._own(q), self._own(k)
            return make_reading(
                layer, place, count, q, k, v, call.scale, call.bias, slope, values=not let_go
            )
        grids = place.queries, place.keys, place.heads
        if isinstance(call, ProjectedCall):
            count = len(call.query) * call.heads // place.entries
            return ProjectedAttention(layer, *grids, place, call, count, slope)
        if call is None:
            raise RuntimeError("a tap of self-attention was read before its call was heard")
        shape = (-1, place.entries, *call.weights.shape[-2:])
        norms = None if self._norms is None else self._norms.reshape(-1, shape[1], shape[3])
        weights = call.weights.reshape(shape)
        slopes = None if slope is None else slope.reshape(shape)
        return StoredWeights(layer, *grids, place, norms, weights, slopes)

    def _own(self, value: Tensor) -> Tensor:
        """`value` apart from the rest, if it is a part of something larger."""
        whole = value.untyped_storage().nbytes()
        return self._buffer.store(value) if whole > value.numel() * value.element_size() else value


def _detached(call: AttentionCall) -> AttentionCall:
    """The call in float32 without a graph; what is not kept of it is let go."""
    if isinstance(call, SoftmaxCall):
        weights = detached_float(call.weights)
        if call.weights.dtype is not torch.float32:  # rounded, they do not sum to 1
            weights = weights / weights.sum(-1, keepdim=True)
        return SoftmaxCall(call.weights.new_empty(0), weights, None)
    if isinstance(call, FusedCall):
        bias = None if call.bias is None else detached_float(call.bias)
        q, k, v = detached_float(call.q), detached_float(call.k), detached_float(call.v)
        return FusedCall(q, k, v, bias, call.scale, call.output.new_empty(0))
    same = call.query is call.key  # so that it is held once
    query = call.query.detach()
    return replace(
        call,
        query=query,
        key=query if same else call.key.detach(),
        value=query if call.value is call.query else call.value.detach(),
        output=call.output.new_empty(0),
        out=call.out.detach(),
    )
