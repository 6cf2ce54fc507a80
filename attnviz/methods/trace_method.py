"""Methods that read a trace: one forward pass, and one backward pass where they need gradients."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.discovery.last_block import influential_blocks, last_influential
from attnviz.capture.logits import target_classes
from attnviz.capture.readings import FeatureReading, GateReading, Reading, SoftMaskReading
from attnviz.capture.run import capture, capture_scores
from attnviz.capture.site import Kind, Site
from attnviz.capture.trace import Trace
from attnviz.errors import MethodError
from attnviz.methods.base import METHODS, ChooseClasses, Method, Nature
from attnviz.methods.chosen_layers import asked_maps, needed
from attnviz.methods.fuse import FUSED
from attnviz.methods.inference import Cost, Inference, LayerMaps, MethodResult
from attnviz.progress import report_progress

R = TypeVar("R", bound=Reading)


@dataclass(frozen=True)
class TraceMethod(Method, Generic[R]):
    """Base of the methods for which the trace of one pass is enough: their work is `maps`."""

    kind: ClassVar[Kind]

    @abstractmethod
    def readings(self, trace: Trace) -> tuple[R, ...]:
        """Return the readings of the trace that this method takes, in forward order."""

    @abstractmethod
    def maps(self, readings: Sequence[R]) -> Sequence[Tensor]:
        """Return one map [N, h, w] for each reading.

        Parameters
        ----------
        readings
            All that `readings` returned, in forward order.

        Returns
        -------
        sequence of Tensor
            float [N, h, w] for each reading, on the layer's own grid.
        """

    def last_layer(self, trace: Trace, layer_maps: Sequence[LayerMaps]) -> str:
        """Return the name of the last layer whose map is informative."""
        del trace
        return layer_maps[-1].layer

    def sites_for(self, inference: Inference, layer: str | None) -> Sequence[Site]:
        """Return the sites that the map of `layer` needs; see `run_for_classes` for `layer`."""
        del layer
        return find_sites(inference.module, self.kind, inference.inputs)

    def __call__(self, trace: Trace) -> tuple[LayerMaps, ...]:
        """Return one map for each layer and input, without another pass.

        Parameters
        ----------
        trace
            Of a pass over sites of the method's kind, with gradients if the method needs them.

        Returns
        -------
        tuple of LayerMaps
            In the order of the trace.

        Raises
        ------
        MethodError
            The trace holds nothing that this method reads, or no gradients.
        """
        readings = self.readings(trace)
        if not readings:
            raise MethodError(
                f"{self.name} reads {self.kind} sites, and this network passed none. "
                "Choose another method for it."
            )
        return tuple(
            LayerMaps(reading.layer, values.cpu().numpy().astype(np.float32))
            for reading, values in zip(readings, self.maps(readings), strict=True)
        )

    def cost(self, inference: Inference) -> Cost:
        """See `Method`."""
        del inference
        return Cost(1, int(self.gradients))

    def run(self, inference: Inference) -> MethodResult:
        """See `Method`."""
        module, inputs = inference.module, inference.inputs
        sites = self.sites_for(inference, FUSED)
        trace = capture(module, inputs, sites, gradients=self.gradients, target=inference.target)
        report_progress(inference.progress, len(inputs), len(inputs))
        return self._result(trace)

    def run_for_classes(
        self, inference: Inference, choose: ChooseClasses, layer: str | None = None
    ) -> tuple[MethodResult, ...]:
        """See `Method`; with gradients, one forward pass and a short backward pass per class."""
        if not self.gradients:
            return super().run_for_classes(inference, choose, layer)
        return self.run_for_scores(
            inference, lambda logits: one_hot(logits, choose(logits.float().cpu())), layer
        )

    def run_for_scores(
        self,
        inference: Inference,
        weights: Callable[[Tensor], Tensor],
        layer: str | None = None,
    ) -> tuple[MethodResult, ...]:
        """Return the maps of several weighted sums of logits, from one forward pass.

        Parameters
        ----------
        inference
            Of one input [1, 3, H, W]; its `target` is not used.
        weights
            From the logits [1, classes] to weights [k, classes], a row for each score.
        layer
            See `run_for_classes`.

        Returns
        -------
        tuple of MethodResult
            One for each score; its target is the class with the largest weight.

        Raises
        ------
        MethodError
            As `run`.
        """
        sites = self.sites_for(inference, layer)
        return capture_scores(inference.module, inference.inputs, sites, weights, self._result)

    def _result(self, trace: Trace) -> MethodResult:
        layer_maps = self(trace)
        target = None if trace.target is None else trace.target.cpu()
        last = self.last_layer(trace, layer_maps)
        return MethodResult(layer_maps, trace.logits.cpu(), target, last)


@dataclass(frozen=True)
class LayerMethod(TraceMethod[R]):
    """Base of the methods that map each layer by itself."""

    def sites_for(self, inference: Inference, layer: str | None) -> Sequence[Site]:
        """See `TraceMethod`: of the layers that are needed alone."""
        return needed(super().sites_for(inference, layer), inference.layers)

    @abstractmethod
    def layer_map(self, reading: R) -> Tensor:
        """Return the map [N, h, w] of one reading."""

    def maps(self, readings: Sequence[R]) -> Sequence[Tensor]:
        """See `TraceMethod`."""
        return [self.layer_map(reading) for reading in readings]


@dataclass(frozen=True)
class MaskMethod(LayerMethod[SoftMaskReading]):
    """Base of the methods that read soft masks."""

    kind: ClassVar[Kind] = Kind.SPATIAL
    nature: ClassVar[Nature] = Nature.ATTENTION

    def readings(self, trace: Trace) -> tuple[SoftMaskReading, ...]:
        """See `TraceMethod`."""
        return trace.soft_masks


@dataclass(frozen=True)
class GateMethod(LayerMethod[GateReading]):
    """Base of the methods that read channel gates."""

    kind: ClassVar[Kind] = Kind.CHANNEL
    nature: ClassVar[Nature] = Nature.ATTENTION

    def readings(self, trace: Trace) -> tuple[GateReading, ...]:
        """See `TraceMethod`; gates whose features have no positions have no map."""
        return tuple(reading for reading in trace.gates if reading.has_positions)


@dataclass(frozen=True)
class FeatureMethod(LayerMethod[FeatureReading]):
    """Base of the methods that weigh a block's features by gradients."""

    kind: ClassVar[Kind] = Kind.FEATURES
    nature: ClassVar[Nature] = Nature.RELEVANCE
    gradients: ClassVar[bool] = True

    def readings(self, trace: Trace) -> tuple[FeatureReading, ...]:
        """See `TraceMethod`."""
        return trace.features

    def last_layer(self, trace: Trace, layer_maps: Sequence[LayerMaps]) -> str:
        """See `TraceMethod`: maps of blocks that the score does not depend on are flat."""
        return last_influential(trace.features) or layer_maps[-1].layer

    def sites_for(self, inference: Inference, layer: str | None) -> Sequence[Site]:
        """See `TraceMethod`; blocks are mapped one by one, so the site of one layer is enough.

        The graph begins at the first site, which makes each backward pass short. Layers that are
        asked for need not be blocks.
        """
        if inference.layers is not None:
            return asked_maps(inference.module, inference.inputs, inference.layers)
        sites = super().sites_for(inference, layer)
        if layer == FUSED:
            return sites
        shown = [site for site in sites if site.layer == layer]
        return shown or influential_blocks(inference.module, sites, inference.inputs)[-1:]


def one_hot(logits: Tensor, classes: Sequence[int]) -> Tensor:
    """Return the weights that pick single classes.

    Parameters
    ----------
    logits
        float [1, classes].
    classes
        Indices of k classes.

    Returns
    -------
    Tensor
        float32 [k, classes], one 1 in each row.

    Raises
    ------
    MethodError
        An index is not a class of the network.
    """
    for index in classes:
        target_classes(logits, index)  # raises for a class that does not exist
    return torch.eye(logits.shape[1])[list(classes)]


def require_gradient(gradient: Tensor | None, method: str, layer: str) -> Tensor:
    """Return `gradient`, or raise MethodError if the trace was taken without gradients."""
    if gradient is None:
        raise MethodError(
            f"{method} needs gradients, and the pass kept none at {layer}. "
            "Capture again with gradients=True."
        )
    return gradient


def trace_method(name: str) -> TraceMethod[Any]:
    """Return a method with its default options, for use on a trace that exists already.

    Parameters
    ----------
    name
        Name of a registered method.

    Returns
    -------
    TraceMethod
        The method.

    Raises
    ------
    UnknownNameError
        No method has that name.
    MethodError
        The method runs the network itself.
    """
    method = METHODS.get(name)()
    if isinstance(method, TraceMethod):
        return method
    raise MethodError(f"{name} needs more passes than one. Choose a method that reads a trace.")
