"""Self-attention, read while it is computed, whatever computes it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from attnviz.capture.hooks.calls import Call, FactorCall, FusedCall, SoftmaxCall, no_output
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

# Values of more bytes than this are freed. In 12 layers of ViT-S at 1024 px they are 75 MB; in
# those of ViT-B at 224 px only 7 MB, and copying queries and keys apart from them would cost more.
_LARGE_BYTES = 2_000_000

AttentionCall = FusedCall | SoftmaxCall | ProjectedCall


class ContextTap:
    """Reads one attention call.

    Of fused attention it stores queries and keys, of a softmax the weights as they are, and of
    `nn.MultiheadAttention` its inputs or, with gradients, the fused attention inside. Queries and
    keys of large inputs are copied out of the joint projection, so that the values can be freed.

    Parameters
    ----------
    site
        A site of kind `CONTEXT`, with its geometry.
    gradients
        Whether the reading needs a gradient.
    input_size
        (height, width) of the network's input in pixels.
    buffer
        Memory for the copies, shared by all taps of a pass.

    Raises
    ------
    ModelError
        The site's geometry is for inputs of another size.
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
        self._calls = 0

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
        self.captured = captured = in_graph(output, gradients=self._gradients)
        self._call = _detached(call)
        if not self._gradients and not isinstance(call, SoftmaxCall):
            # Make the reading at once, so that the values can be freed.
            self.captured, self._reading = output.new_empty(0), self._make_reading(None)
            self._call = None
            return None
        if isinstance(call, ProjectedCall):
            return captured.transpose(0, 1)  # this call returns tokens first
        return captured

    def receive_values(self, weights: Tensor, values: Tensor) -> None:
        """Store the norms of the values that a softmax's weights multiply.

        Parameters
        ----------
        weights
            [..., T, S]; ignored unless they are the tensor that this tap captured.
        values
            [..., S, e].
        """
        if weights is self.captured and values.shape[:-1] == (
            *weights.shape[:-2],
            weights.shape[-1],
        ):
            self._norms = torch.linalg.vector_norm(detached_float(values), dim=-1)

    def attach(self, module: nn.Module) -> Handles:
        """See `Tap`; for `nn.MultiheadAttention`, whose fast path makes no call to intercept."""
        handles = [module.register_forward_hook(self._on_output, with_kwargs=True)]
        if self._gradients:
            handles.append(module.register_forward_pre_hook(start_graph, with_kwargs=True))
        return Handles(handles)

    def _on_output(
        self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any
    ) -> Any:
        if not isinstance(module, nn.MultiheadAttention):
            return output
        call = call_of_module(module, args, kwargs, output[0])
        if call is None:
            return output
        index, self._calls = self._calls, self._calls + 1
        if index != self.site.call:
            return output
        replacement = self.receive(call)
        if replacement is None:
            return output
        replacement = replacement.transpose(0, 1) if module.batch_first else replacement
        return (replacement, *output[1:])

    def reading(self, gradient: Tensor | None) -> ContextReading:
        """See `Tap`."""
        require(self.captured)
        return self._reading or self._make_reading(
            None if gradient is None else detached_float(gradient)
        )

    def _make_reading(self, grad: Tensor | None) -> ContextReading:
        layer, geometry, call = self.site.layer, self._geometry, self._call
        if isinstance(call, FusedCall):
            count = math.prod(leading_shape(call.q, call.k)) // geometry.entries
            q, k, v = call.q, call.k, call.v
            if grad is not None:  # a single zero if the score does not depend on the layer
                grad = grad.to(q.device).expand(*leading_shape(q, v), q.shape[-2], v.shape[-1])
            free_values = grad is None and v.numel() * v.element_size() > _LARGE_BYTES
            if free_values:
                q, k = self._apart(q), self._apart(k)
            return make_reading(
                layer, geometry, count, q, k, v, call.scale, call.bias, grad,
                values=not free_values,
            )  # fmt: skip
        grids = geometry.queries, geometry.keys, geometry.heads
        if isinstance(call, ProjectedCall):
            count = len(call.query) * call.heads // geometry.entries
            return ProjectedAttention(layer, *grids, geometry, call, count, grad)
        if call is None:
            raise RuntimeError("a tap of self-attention was read before it received its call")
        shape = (-1, geometry.entries, *call.weights.shape[-2:])
        norms = None if self._norms is None else self._norms.reshape(-1, shape[1], shape[3])
        weights = call.weights.reshape(shape)
        weights_gradient = None if grad is None else grad.reshape(shape)
        return StoredWeights(layer, *grids, geometry, norms, weights, weights_gradient)

    def _apart(self, value: Tensor) -> Tensor:
        """Copy a tensor if it is a view of a larger one, which could not be freed otherwise."""
        storage = value.untyped_storage().nbytes()
        is_view = storage > value.numel() * value.element_size()
        return self._buffer.store(value) if is_view else value


def _detached(call: AttentionCall) -> AttentionCall:
    """The call in float32 without a graph, and without the tensors that no reading needs."""
    if isinstance(call, SoftmaxCall):
        weights = detached_float(call.weights)
        if call.weights.dtype is not torch.float32:  # half precision rounds; the sum is not 1
            weights = weights / weights.sum(-1, keepdim=True)
        return SoftmaxCall(call.weights.new_empty(0), weights, None)
    if isinstance(call, FusedCall):
        bias = None if call.bias is None else detached_float(call.bias)
        q, k, v = detached_float(call.q), detached_float(call.k), detached_float(call.v)
        return FusedCall(q, k, v, bias, call.scale, no_output)
    query = call.query.detach()  # often also key and value: then stored once
    return replace(
        call,
        query=query,
        key=query if call.key is call.query else call.key.detach(),
        value=query if call.value is call.query else call.value.detach(),
        output=call.output.new_empty(0),
        out=call.out.detach(),
    )
